"""A network printed layer by layer."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relutope.network import Network

COLUMNS = ("layer", "kind", "rows", "reads", "coefficients", "rational", "from")


def summary_rows(network: Network) -> list[tuple[str, ...]]:
    """One row per layer, in the order of `COLUMNS`, all as text."""
    first_values = [network.input_dim]
    for layer in network.layers:
        first_values.append(first_values[-1] + layer.n_rows)
    rows: list[tuple[str, ...]] = []
    for place, layer in enumerate(network.layers):
        sources = {
            next(source for source, end in enumerate(first_values) if value < end)
            for value in layer.indices[:: max(1, layer.n_coefficients // 4096)].tolist()
        }
        reads = ", ".join("input" if source == 0 else str(source - 1) for source in sorted(sources))
        rows.append(
            (
                str(place),
                layer.kind,
                f"{layer.n_rows:,}",
                reads,
                f"{layer.n_coefficients:,}",
                f"{len(layer.rational):,}",
                layer.origin,
            )
        )
    return rows


def summary_totals(network: Network) -> str:
    """What all layers have together, in one sentence."""
    shape = "" if network.input_shape is None else f" of shape {network.input_shape}"
    coefficients = sum(layer.n_coefficients + layer.n_rows for layer in network.layers)
    maxima = sum(layer.n_rows for layer in network.layers if layer.kind == "max")
    parts = f"{network.n_neurons:,} ReLU neurons"
    if maxima:
        parts += f", {maxima:,} maxima over {network.n_signs - network.n_neurons:,} entries"
    return (
        f"{network.input_dim:,} inputs{shape}, {network.output_dim:,} outputs, {parts}, "
        f"{coefficients:,} coefficients and biases, {network.dtype}"
    )


def summary_text(network: Network) -> str:
    """See `relutope.Network.summary`."""
    rows = [COLUMNS, *summary_rows(network)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = []
    for row in rows:
        cells = [
            text.ljust(width) if column in (1, 3, 6) else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    notes = [f"note: {note}" for note in network.notes]
    return "\n".join([*lines, summary_totals(network), f"semantics: {network.semantics}", *notes])


def summary_html(network: Network) -> str:
    """The same as a table."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>"
        for row in summary_rows(network)
    )
    notes = "".join(f"<p>note: {escape(note)}</p>" for note in network.notes)
    return f"<table><tr>{head}</tr>{body}</table><p>{escape(summary_totals(network))}</p>{notes}"
