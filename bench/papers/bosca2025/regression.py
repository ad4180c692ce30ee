"""Loss spikes and the Betti maxima of random orderings along the training of a regression.

Per checkpoint: loss, f-vector, height and place of the largest Betti numbers along every random ordering.
Loss and statistics are compared after differencing, with circular shifts as null, alone and given the
f-vector: peaks and places are mostly a function of it, so what they say beyond it is the residual. A spike is
a step whose loss exceeds twice the median of the 50 before (the rule of `relutope.training.Recorder`); it was
fixed before any run.

    python bench/papers/bosca2025/regression.py [--seeds 10] [--full] [--out FOLDER]
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from common import Trained, arguments, halves, holm, interval, pooled_shift_p, rate, shown, train
from common import write_json as write
from matplotlib.figure import Figure
from scipy.stats import rankdata

import relutope
from relutope.training import Recorder

HIDDEN, POINTS, LEARNING_RATE, EVERY, ORDERINGS = (16, 16), 200, 0.03, 10, 10
RANDOM = ("by_dimension", "lower_star", "upper_star", "cell_max", "random_queue")
#: Degree 2 has no peak in the plane; "index" is the number of cells that are in when the peak is reached,
#: "place" the share of them.
STATISTICS = [
    (name, k, what) for name in RANDOM for k in (0, 1) for what in ("peak", "index", "place", "per_cell")
]
#: Sets of shifted events.
N_SHIFTS = 2000
#: Checkpoints around a spike, in the event-triggered averages.
AROUND = np.arange(-4, 5)


def key_of(statistic: tuple[str, int, str]) -> str:
    name, k, what = statistic
    return f"{name} b{k} {what}"


def target(X: np.ndarray) -> np.ndarray:
    return np.sin(3 * X[..., 0]) * np.cos(3 * X[..., 1])


def measure(network: relutope.Network) -> dict[str, Any]:
    complex_ = relutope.polyhedral_complex(network, (-1, 1), n_threads=1)
    record: dict[str, Any] = {"f_vector": complex_.f_vector}
    for name in RANDOM:
        curves = relutope.betti_curves(complex_, name, n_orderings=ORDERINGS, grid=2, n_threads=1)
        for k in (0, 1):
            values = {
                "peak": curves.peak,
                "index": curves.first_cells,
                "place": curves.first_place,
                "per_cell": curves.normalized_peak,
            }
            for what, value in values.items():
                record[key_of((name, k, what))] = float(value[:, k].mean())
    return record


def spikes_of(losses: np.ndarray) -> list[int]:
    """The first step of each spike; steps within five checkpoints of the last one belong to it."""
    recorder = Recorder(dict, factor=2.0, window=50)
    for loss in losses:
        recorder.step(float(loss))
    first: list[int] = []
    for step in recorder.spikes:
        if not first or step - first[-1] >= 5 * EVERY:
            first.append(step)
    return first


def run(seeds: list[int], steps: int) -> list[dict[str, Any]]:
    X = np.stack([np.random.default_rng([21, seed]).uniform(-1, 1, (POINTS, 2)) for seed in seeds])
    places = range(0, steps, EVERY)
    trained: Trained = train(
        X, target(X), HIDDEN, seeds, steps=steps, lr=LEARNING_RATE, regression=True, snapshots=places
    )
    records = []
    for i, seed in enumerate(seeds):
        rows = [measure(trained.network(step, i)) for step in places]
        columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        losses = trained.losses[:, i]
        # Snapshot s is what step s starts from, and losses[s] is its loss.
        records.append({"seed": seed, "losses": losses, "spikes": spikes_of(losses), **columns,
                        "log_loss": np.log(losses[list(places)])})  # fmt: skip
    return records


def column_of(record: dict[str, Any], name: str) -> np.ndarray:
    if name == "loss":
        return np.exp(record["log_loss"])
    return record["f_vector"].sum(axis=1).astype(float) if name == "cells" else record[name]


def controls(record: dict[str, Any]) -> np.ndarray:
    """Of the f-vector what makes every statistic of by_dimension a linear function of these in the plane."""
    f = record["f_vector"].astype(float)
    cells = f.sum(axis=1)
    return np.column_stack([f[:, 0], f[:, 1], f[:, 0] / cells, 1 / cells])


def residual(values: np.ndarray, given: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(values)), given])
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Of ranks, given the further columns of x; 0 where these explain everything."""
    if x.shape[1] > 1:
        own = x[:, 0]
        rest = residual(own, x[:, 1:])
        if np.abs(rest).max() <= 1e-9 * max(np.abs(own).max(), 1e-300):
            return 0.0
        first, second = rankdata(rest), rankdata(residual(y, x[:, 1:]))
    else:
        first, second = rankdata(x[:, 0]), rankdata(y)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def correlations(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Pooled correlations of differences with those of the log loss, alone and given the f-vector."""
    found: dict[str, Any] = {}
    names = ["cells", *map(key_of, STATISTICS)]
    for name in names:
        plain, partial = [], []
        for record in records:
            own = np.diff(column_of(record, name))
            given = np.diff(controls(record), axis=0)
            loss = np.diff(record["log_loss"])
            plain.append((own[:, None], loss))
            partial.append((np.column_stack([own, given]), loss))
        found[name] = {}
        for kind, curves in (("plain", plain), ("given_f_vector", partial)):
            value, p = pooled_shift_p(curves, correlation)
            each = interval([correlation(*pair) for pair in curves])
            found[name][kind] = {"mean": value, "interval": each[1:], "p": p}
    for kind in ("plain", "given_f_vector"):
        for name, p in zip(names, holm(found[name][kind]["p"] for name in names), strict=True):
            found[name][kind]["holm"] = float(p)
    return found


def confirmations(result: dict[str, Any], kind: str) -> dict[str, Any]:
    """Of the statistics with p < 0.05 on the first half: the second, corrected for their number only."""
    chosen, second = (result[half]["correlations"] for half in ("choose", "confirm"))
    names = [name for name, row in chosen.items() if row[kind]["holm"] < 0.05]
    adjusted = holm(second[name][kind]["p"] for name in names)
    return {name: second[name][kind] | {"holm": p} for name, p in zip(names, adjusted, strict=True)}


def triggered(record: dict[str, Any], values: np.ndarray, shift: int = 0) -> list[np.ndarray]:
    """Logarithms around each spike, moved around by a shift, over the mean of the checkpoints before it."""
    n, found = len(values), []
    for spike in record["spikes"]:
        centre = (-(-spike // EVERY) + shift) % n
        around = centre + AROUND
        if around[0] >= 0 and around[-1] < n:
            window = np.log(np.maximum(values[around], 1e-12))
            found.append(window - window[AROUND < 0].mean())
    return found


def shifted_changes(record: dict[str, Any], values: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The mean change at the spikes of a run, all moved around by each number of checkpoints but 0."""
    found = [triggered(record, values, shift) for shift in range(1, len(values))]
    return np.array([np.mean(windows, axis=0)[after].mean() if windows else np.nan for windows in found])


def events(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Relative change at a spike (the checkpoint after it and the next), by seed; shifted events as null."""
    rng = np.random.default_rng(3)
    result: dict[str, Any] = {"spikes": int(sum(len(record["spikes"]) for record in records))}
    names = ["loss", "cells", *map(key_of, STATISTICS)]
    after = (AROUND >= 0) & (AROUND <= 1)
    for name in names:
        by_seed = [np.array(triggered(r, column_of(r, name))) for r in records]
        by_seed = [windows for windows in by_seed if len(windows)]
        if not by_seed:
            result[name] = None
            continue
        shifted = [shifted_changes(r, column_of(r, name), after) for r in records if r["spikes"]]
        legal = [values[np.isfinite(values)] for values in shifted]
        null = np.mean([rng.choice(values, N_SHIFTS) for values in legal if len(values)], axis=0)
        observed = interval([windows.mean(axis=0)[after].mean() for windows in by_seed])
        beyond = np.abs(null - null.mean()) >= abs(observed[0] - null.mean())
        result[name] = {
            "change": observed,
            "null": [float(null.mean()), *map(float, np.quantile(null, [0.025, 0.975]))],
            "p": float((1 + beyond.sum()) / (1 + len(null))),
            "average": np.mean([windows.mean(axis=0) for windows in by_seed], axis=0),
        }
    tested = [name for name in names if name != "loss" and result[name]]
    for name, p in zip(tested, holm(result[name]["p"] for name in tested), strict=True):
        result[name]["holm"] = float(p)
    return result


def collapse(records: list[dict[str, Any]]) -> dict[str, Any]:
    """How nearly constant peak over cells and place are; the identities of by_dimension."""
    result: dict[str, Any] = {}
    cells = np.concatenate([record["f_vector"].sum(axis=1) for record in records])
    for statistic in STATISTICS:
        what = statistic[2]
        if what in ("place", "per_cell"):
            values = np.concatenate([record[key_of(statistic)] for record in records])
            result[key_of(statistic)] = {
                "mean": float(values.mean()),
                "cv": float(values.std() / values.mean()),
            }
        else:
            explained = []
            for record in records:
                size = np.log(record["f_vector"].sum(axis=1))
                values = np.log(np.maximum(record[key_of(statistic)], 1e-12))
                explained.append(np.corrcoef(size, values)[0, 1] ** 2 if np.ptp(values) > 0 else np.nan)
            result[key_of(statistic)] = {"r2_with_cells_in_logs": interval(explained, np.median)}
    result["cells"] = {"mean": float(cells.mean()), "cv": float(cells.std() / cells.mean())}
    f = np.concatenate([record["f_vector"] for record in records])
    peaks = [np.concatenate([r[key_of(("by_dimension", k, "peak"))] for r in records]) for k in (0, 1)]
    index = np.concatenate([r[key_of(("by_dimension", 1, "index"))] for r in records])
    right = (peaks[0] == f[:, 0]) & (peaks[1] == f[:, 1] - f[:, 0] + 1) & (index == f[:, 0] + f[:, 1])
    result["by_dimension_identities"] = rate(right)
    result["checkpoints"] = len(f)
    last = np.array([r["f_vector"][-1].sum() / r["f_vector"][0].sum() for r in records])
    result["cells_last_over_first"] = interval(last, np.median)
    return result


def draw(path: Path, records: list[dict[str, Any]], found: dict[str, Any]) -> None:
    figure = Figure(figsize=(14, 8), layout="constrained")
    loss, scatter, triggers, correlations_ax = figure.subplots(2, 2).flat
    record = max(records, key=lambda r: len(r["spikes"]))
    loss.semilogy(record["losses"], lw=0.7)
    for step in record["spikes"]:
        loss.axvline(step, color="C3", lw=0.6)
    twin = loss.twinx()
    twin.plot(np.arange(len(record["f_vector"])) * EVERY, record["f_vector"].sum(axis=1), "C2")
    twin.set_ylabel("cells", color="C2")
    loss.set(title=f"seed {record['seed']}: loss, spikes (red), cells", xlabel="step")
    for place, name in enumerate(RANDOM):
        x = np.concatenate([r["f_vector"].sum(axis=1) for r in records])
        y = np.concatenate([r[key_of((name, 1, "peak"))] for r in records])
        scatter.plot(x, y, ".", ms=1, color=f"C{place}", label=name)
    scatter.set(
        title="largest b1 against cells, all checkpoints and seeds", xlabel="cells", ylabel="peak of b1"
    )
    scatter.legend(markerscale=8, fontsize=8)
    for name in ("cells", "cell_max b1 index", "cell_max b1 place", "lower_star b1 place"):
        if found["events"][name]:
            triggers.plot(AROUND * EVERY, found["events"][name]["average"], marker=".", label=name)
    triggers.set(title="event-triggered averages around spikes: log change", xlabel="steps from the spike")
    triggers.legend(fontsize=8)
    names = list(found["correlations"])
    for kind, shift in (("plain", -0.2), ("given_f_vector", 0.2)):
        rows = [found["correlations"][name][kind] for name in names]
        spans = np.array([row["interval"] for row in rows])
        correlations_ax.hlines(np.arange(len(names)) + shift, *spans.T, color="C0" if shift < 0 else "C1")
        correlations_ax.plot([r["mean"] for r in rows], np.arange(len(names)) + shift, ".", label=kind)
    correlations_ax.set_yticks(np.arange(len(names)), names, fontsize=5)
    correlations_ax.axvline(0, color="k", lw=0.5)
    correlations_ax.set_title("rank correlation of differences with those of the log loss")
    correlations_ax.legend(fontsize=8)
    figure.savefig(path, dpi=90)


def main(options: Namespace) -> None:
    options.steps = max(options.steps, 15 * EVERY)
    result, records = {}, {}
    for half, seeds in halves(options.seeds).items():
        records[half] = run(seeds, options.steps)
        result[half] = {
            "collapse": collapse(records[half]),
            "correlations": correlations(records[half]),
            "events": events(records[half]),
        }
    result["confirmed"] = {kind: confirmations(result, kind) for kind in ("plain", "given_f_vector")}
    confirmed = result["confirm"]
    print(f"{confirmed['events']['spikes']} spikes in {options.seeds} runs")
    print(f"identities {shown(confirmed['collapse']['by_dimension_identities'])}")
    for name, row in confirmed["correlations"].items():
        plain, given = row["plain"], row["given_f_vector"]
        change = confirmed["events"][name]
        print(
            f"{name:24} plain {plain['mean']:6.3f} holm {plain['holm']:.3f}   given f {given['mean']:6.3f} "
            f"holm {given['holm']:.3f}   at spikes {change['change'] if change else None}"
        )
    write(options, "regression", result)
    draw(options.out / "regression.png", records["confirm"], confirmed)


if __name__ == "__main__":
    main(arguments(__doc__, steps=600, seeds=10))
