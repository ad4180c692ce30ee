"""How far the parts of a Fiedler partition are the classes of labelled points."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_count, checked_rng
from relutope.labels import checked_labels
from relutope.progress import Poll, counting, interruptible
from relutope.spectral.baselines import Baseline, Null, Stability, data_baseline, null, stability
from relutope.spectral.boundary import Agreement, agreement, output_cut, volume_misclassification
from relutope.spectral.matching import contingency, misclassified, oracle_cut, purity_floor
from relutope.spectral.weighted_graph import regions_of_points

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.spectral.boundary import OutputCut
    from relutope.spectral.partition import FiedlerPartition


@dataclass(frozen=True, eq=False, repr=False)
class FiedlerReport:
    """A misclassification beside what it is to be compared with; made by `FiedlerPartition.report`.

    Attributes
    ----------
    partition : FiedlerPartition
    classes : ndarray
        The distinct labels, ascending.
    n_points, n_outside : int
        Points given, and those outside of the domain, which all numbers leave out.
    misclassification : float
        Share of the points outside of the best matching of parts and classes.
    volume_misclassification : float or None
        The same by volume, against the network's own classes (the sign of its output, or the largest one).
        None where a volume is infinite.
    purity_floor : float
        The least that any partition of these regions can reach.
    purity_floor_hidden, purity_floor_output : float
        The same of the regions of the hidden neurons, and of those cut by the output too.
    oracle_cut : float or None
        The least along v_2, by a cut that knows the labels; None of more than two parts.
    baseline : float or None
        That of the points alone, by the spectral partition of their nearest-neighbour graph; None of fewer
        points than parts.
    baseline_graph : Baseline
        More about that.
    null : Null or None
        Random balanced connected partitions of the regions.
    stability : Stability or None
        Of the partition when the points that it was made from are resampled; these need not be those of the
        report. None if it was not made from points, or these cannot be parted after resampling.
    stability_note : str
        Why there is no `stability`; empty if there is one.
    confusion : ndarray of int64, shape (n_parts, n_classes)
    boundary : Agreement
        The cut against the decision boundary.
    """

    partition: FiedlerPartition
    classes: NDArray[Any]
    n_points: int
    n_outside: int
    misclassification: float
    volume_misclassification: float | None
    purity_floor: float
    purity_floor_hidden: float
    purity_floor_output: float
    oracle_cut: float | None
    baseline: float | None
    baseline_graph: Baseline
    null: Null | None
    stability: Stability | None
    stability_note: str
    confusion: NDArray[np.int64]
    boundary: Agreement

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        result = self.partition.to_dict()
        for name, value in vars(self).items():
            if name == "partition":
                continue
            if isinstance(value, tuple):
                result[name] = value._asdict()  # type: ignore[attr-defined]
            else:
                result[name] = value.tolist() if isinstance(value, np.ndarray) else value
        return result

    def __str__(self) -> str:
        rows = [
            ("misclassification", self.misclassification, f"{self.n_points - self.n_outside:,} points"),
            ("purity floor", self.purity_floor, "least for any partition of these regions"),
            ("  hidden neurons", self.purity_floor_hidden, ""),
            ("  with the output", self.purity_floor_output, ""),
            ("baseline", self.baseline, self._baseline_note()),
            ("oracle cut", self.oracle_cut, "best cut of v_2, knows the labels"),
            ("by volume", self.volume_misclassification, "against the network's own classes"),
        ]
        if self.null is not None:
            rows.append(
                ("random partitions", self.null.mean, f"sd {self.null.sd:.4f}, p = {self.null.p_value:.3g}")
            )
        if self.stability is not None:
            rows.append(("resampled agreement", self.stability.mean, f"{self.stability.n} times"))
        else:
            rows.append(("resampled agreement", None, self.stability_note))
        rows.append(("boundary on the cut", self.boundary.boundary_followed, "share of its volume"))
        rows.append(("cut on the boundary", self.boundary.cut_on_boundary, "share of its volume"))
        if self.boundary.hausdorff is not None:
            error = f"+- {self.boundary.hausdorff_error:.2g}"
            rows.append(("Hausdorff distance", self.boundary.hausdorff, f"of cut and boundary, {error}"))
        lines = [repr(self.partition)]
        for name, value, note in rows:
            lines.append(f"{name:20} {'-' if value is None else format(value, '.4f'):>8}  {note}".rstrip())
        if self.n_outside:
            lines.append(
                f"outside of the domain: {self.n_outside:,} of {self.n_points:,} points, not counted"
            )
        return "\n".join(lines)

    def _baseline_note(self) -> str:
        graph = self.baseline_graph
        components = f", {graph.n_components} components" if graph.n_components > 1 else ""
        return f"points alone, {graph.n_neighbours} nearest neighbours{components}"

    def __repr__(self) -> str:
        return str(self)


def report(
    partition: FiedlerPartition,
    X: ArrayLike,
    y: ArrayLike,
    rng: Any = 0,
    *,
    n_neighbours: int = 10,
    n_null: int = 100,
    n_bootstrap: int = 20,
    progress: bool | Poll | None = None,
) -> FiedlerReport:
    """Compare the parts of a partition of a complex with the classes of points.

    Parameters
    ----------
    partition : FiedlerPartition
    X : array_like of shape (m, d)
    y : array_like of shape (m,)
        Labels, numbers or strs, of two classes at least among the points in the domain.
    rng : numpy.random.Generator or seed, default 0
        For the random partitions, the resampling, and a sample of very many points for the baseline. The
        three get generators of their own.
    n_neighbours : int, default 10
        Of the baseline's graph.
    n_null, n_bootstrap : int
        How many random partitions, and how often to resample; 0 for none.
    progress : bool or callable, optional
        A callable gets the keys ``samples, n_samples, seconds``: random partitions and resamplings.

    Returns
    -------
    FiedlerReport

    Raises
    ------
    ValueError
        If the partition is not one of a complex, `X` or `y` has another shape or holds a value that is not
        finite, the points in the domain are of one class, or there are none.
    TypeError
        If an argument has the wrong type.
    relutope.IncompleteError
        At Ctrl-C (reason ``"interrupt"``); `progress` says how many samples are done.
    """
    complex_ = partition.complex
    if complex_ is None:
        raise ValueError("the partition is one of a matrix; legal: of a complex or its dual graph")
    points = complex_.network.checked_points(X)
    classes, codes = checked_labels(y, len(points))
    if len(classes) < 2:
        raise ValueError(f"y has {len(classes)} class, {classes.tolist()}; legal: two classes at least")
    checked_count(n_neighbours, "n_neighbours")
    checked_count(n_null, "n_null", 0)
    checked_count(n_bootstrap, "n_bootstrap", 0)
    rng = checked_rng(rng)
    regions = regions_of_points(complex_, points)
    inside = regions >= 0
    if not inside.any():
        raise ValueError(
            f"all {len(points)} points of X lie outside of the domain; legal: one inside at least"
        )
    if len(found := np.unique(codes[inside])) < 2:
        only = classes[found[0]].item()
        raise ValueError(f"the points in the domain are all of class {only!r}; legal: two classes there")
    sizes = (n_neighbours, n_null, n_bootstrap)
    state: dict[str, Any] = {"samples": 0, "n_samples": n_null + n_bootstrap}
    with (
        interruptible("the report of a Fiedler partition", state),
        counting(progress, "samples", "n_samples") as poll,
    ):
        tick = _ticker(state, poll)
        return _compare(partition, complex_, (points, regions, codes), classes, sizes, rng, tick)


def _ticker(state: dict[str, Any], poll: Poll | None) -> Callable[[], None]:
    begin = time.monotonic()

    def tick() -> None:
        state["samples"] += 1
        if poll is not None:
            poll({**state, "seconds": time.monotonic() - begin})

    return tick


def _compare(
    partition: FiedlerPartition,
    complex_: PolyhedralComplex,
    data: tuple[Any, Any, Any],
    classes: NDArray[Any],
    sizes: tuple[int, int, int],
    rng: np.random.Generator,
    tick: Callable[[], None],
) -> FiedlerReport:
    points, regions, codes = data
    n_classes, inside = len(classes), regions >= 0
    found, known = regions[inside], codes[inside]
    table = contingency(partition.labels[found], known, (partition.n_parts, n_classes))
    error = misclassified(table) or 0.0
    cut = output_cut(partition, complex_)
    hidden, refined = _floors(complex_, cut, points[inside], found, known, n_classes)
    of_baseline, of_null, of_stability = rng.spawn(3)
    graph = data_baseline(partition, points[inside], known, n_classes, sizes[0], of_baseline)
    return FiedlerReport(
        partition,
        classes,
        len(points),
        int(np.count_nonzero(~inside)),
        error,
        volume_misclassification(cut, partition.n_parts),
        purity_floor(found, known, n_classes),
        hidden,
        refined,
        oracle_cut(partition.vectors[found, 0], known, n_classes) if partition.n_parts == 2 else None,
        graph.misclassification,
        graph,
        null(partition, found, known, n_classes, sizes[1], error, of_null, tick),
        *stability(partition, sizes[2], of_stability, tick),
        table,
        agreement(cut),
    )


def _floors(
    complex_: PolyhedralComplex, cut: OutputCut, points: Any, found: Any, codes: Any, n_classes: int
) -> tuple[float, float]:
    """Purity floors of the regions of the hidden neurons, and of those cut by the output too."""
    from relutope.level_sets import base_of

    floors = [
        purity_floor(found if other is complex_ else regions_of_points(other, points), codes, n_classes)
        for other in (base_of(complex_), cut.refined)
    ]
    return floors[0], floors[1]
