"""What is measured at every checkpoint: metrics by name, and any callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.complex import PolyhedralComplex
from relutope.domains import Domain
from relutope.errors import IncompleteError
from relutope.homology import betti_curves
from relutope.slices import Slice
from relutope.training.fiedler_agreement import FiedlerAgreement
from relutope.training.near_data import NearData
from relutope.training.patterns import pattern_record

#: What a metric returns: numbers and arrays by key.
Values = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Context:
    """What a metric may look at beside the complex.

    Attributes
    ----------
    step : int
    domain : Box, AllSpace, Polytope or Slice
    X : ndarray of shape (n, d), float64, or None
        The data; on a slice in its coordinates.
    y : ndarray of shape (n,) or None
    limits : dict
        `n_threads`, `max_cells`, `max_seconds`, `max_bytes` and `allow_high_dimension`, as `track` got them;
        keywords of `polyhedral_complex`.
    """

    step: int
    domain: Domain | Slice
    X: NDArray[np.float64] | None = None
    y: NDArray[Any] | None = None
    limits: dict[str, Any] = field(default_factory=dict)

    def limits_of(self, *names: str) -> dict[str, Any]:
        """Some of the limits."""
        return {name: self.limits[name] for name in names if name in self.limits}


#: What makes a checkpoint or a metric fail and lets the others go on; all else is a bug and ends the run.
FAILURES = (ValueError, ArithmeticError, OSError, IncompleteError)

Function = Callable[[PolyhedralComplex, Context], Values]


@dataclass(frozen=True)
class Metric:
    """A metric under the name by which a series knows it."""

    name: str
    function: Function
    identity: str
    needs: str = ""  # "": the complex only; "X" or "y"


@dataclass(frozen=True)
class BettiStatistics:
    """The metric ``betti_statistics`` with other options: peaks of Betti numbers along random orderings.

    Keys ``betti_peak``, ``betti_peak_sd``, ``betti_peak_per_cell``, ``betti_place``, ``betti_place_sd``; one
    entry per dimension. The place is the share of all cells that are in when the peak is first attained.
    Means and deviations are over the orderings.

    Attributes
    ----------
    filtration : str
    n_orderings : int
    seed : int

    Examples
    --------
    >>> import relutope
    >>> from relutope.training import BettiStatistics
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> metric = {"orders": BettiStatistics("by_dimension", n_orderings=5)}
    >>> relutope.track([network], metric, domain=(-1, 1)).columns["betti_peak"]
    array([[9., 4., 0.]])
    """

    filtration: str = "cell_max"
    n_orderings: int = 100
    seed: int = 0

    def __call__(self, complex_: PolyhedralComplex, context: Context) -> Values:
        """The values of the metric."""
        limits = context.limits_of("n_threads", "max_seconds", "max_bytes")
        curves = betti_curves(
            complex_, self.filtration, n_orderings=self.n_orderings, rng=self.seed, grid=2, **limits
        )
        found = curves.statistics
        return {
            "betti_peak": _floats(found["peak"]["mean"]),
            "betti_peak_sd": _floats(found["peak"]["sd"]),
            "betti_peak_per_cell": _floats(found["normalized_peak"]["mean"]),
            "betti_place": _floats(found["first_place"]["mean"]),
            "betti_place_sd": _floats(found["first_place"]["sd"]),
        }


def _floats(values: list[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values])


def _f_vector(complex_: PolyhedralComplex, context: Context) -> Values:
    return {"f_vector": np.array(complex_.f_vector, dtype=np.int64)}


def _regions(complex_: PolyhedralComplex, context: Context) -> Values:
    return {"regions": complex_.n_regions}


def _bounded_regions(complex_: PolyhedralComplex, context: Context) -> Values:
    return {"bounded_regions": complex_.n_bounded_regions}


def _regions_with_data(complex_: PolyhedralComplex, context: Context) -> Values:
    assert context.X is not None
    counted = complex_.count_points(context.X, **context.limits_of("n_threads"))
    return {
        "regions_with_data": int(np.count_nonzero(counted.counts)),
        "points_outside": counted.n_outside,
    }


def _effective_regions(complex_: PolyhedralComplex, context: Context) -> Values:
    count = complex_.count_regions("proper_activation", context.X)
    return {
        f"effective_regions_by_{weight}_{order}": np.nan if numbers is None else numbers[order - 1]
        for weight, numbers in (("volume", count.by_volume), ("data", count.by_data))
        for order in (1, 2)
    }


def _boundary_betti(complex_: PolyhedralComplex, context: Context) -> Values:
    names = ("n_threads", "max_cells", "max_seconds", "max_bytes")
    boundary = complex_.decision_boundary(**context.limits_of(*names))
    return {"boundary_betti": np.array(boundary.betti(), dtype=np.int64)}


def _patterns(complex_: PolyhedralComplex, context: Context) -> Values:
    return pattern_record(complex_)


#: The metrics that have names, and what they need.
BUILT_IN: dict[str, tuple[Function, str]] = {
    "f_vector": (_f_vector, ""),
    "regions": (_regions, ""),
    "regions_with_data": (_regions_with_data, "X"),
    "bounded_regions": (_bounded_regions, ""),
    "effective_regions": (_effective_regions, ""),
    "betti_statistics": (BettiStatistics(), ""),
    "boundary_betti": (_boundary_betti, ""),
    "counts_near_data": (NearData(), "X"),
    "fiedler": (FiedlerAgreement(), "X"),
    "patterns": (_patterns, ""),
}


def resolve_metrics(metrics: Any) -> list[Metric]:
    """The metrics that an argument means.

    Parameters
    ----------
    metrics : str, callable, mapping of str to callable or str, or iterable of str and callables

    Raises
    ------
    TypeError
        If one is neither a name nor a callable, or a callable has no name of its own.
    ValueError
        If a name is unknown or occurs twice, or there is no metric.

    Examples
    --------
    >>> from relutope.training.metrics import resolve_metrics
    >>> [metric.name for metric in resolve_metrics("regions")]
    ['regions']
    """
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    if isinstance(metrics, Mapping):
        found = [_metric(function, name) for name, function in metrics.items()]
    elif isinstance(metrics, Iterable):
        found = [_metric(item) for item in metrics]
    else:
        raise TypeError(f"metrics is {metrics!r}; legal: names, callables, or a mapping of names to these")
    names = [metric.name for metric in found]
    if not names:
        raise ValueError("metrics is empty; legal: at least one")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"metrics has {name!r} twice; legal: every name once")
    return found


def _metric(item: Any, name: Any = None) -> Metric:
    if name is not None and (not isinstance(name, str) or not name):
        raise TypeError(f"metrics has the name {name!r}; legal: a str that is not empty")
    if isinstance(item, str):
        if item not in BUILT_IN:
            raise ValueError(f"metrics has {item!r}; legal: {', '.join(BUILT_IN)}, or a callable")
        function, needs = BUILT_IN[item]
        identity = repr(function) if isinstance(function, FiedlerAgreement) else item
        return Metric(name or item, function, identity, needs)
    if not callable(item):
        raise TypeError(f"metrics has {item!r}; legal: a name or a callable metric(complex, context)")
    if isinstance(item, FiedlerAgreement):
        own: str | None = item.name
        identity, needs = repr(item), item.needs
    elif isinstance(item, (BettiStatistics, NearData)):
        own, identity = type(item).__name__, repr(item)
        needs = "X" if isinstance(item, NearData) else ""
    else:
        own, needs = getattr(item, "__name__", None), ""
        identity = f"{getattr(item, '__module__', '')}.{getattr(item, '__qualname__', type(item).__name__)}"
    if name is None and own in (None, "<lambda>"):
        raise TypeError(f"metrics has {item!r}, which has no name; legal: a mapping {{name: callable}}")
    return Metric(name or str(own), item, identity, needs)


def measure(
    metrics: Iterable[Metric], complex_: PolyhedralComplex, context: Context
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The values of all metrics as arrays, a number having shape (), and by name why some have none.

    Raises
    ------
    TypeError
        If a metric returns other things than numbers and arrays of numbers by key, or two return one key.
    """
    result: dict[str, NDArray[Any]] = {}
    failures: dict[str, str] = {}
    origin: dict[str, str] = {}
    for metric in metrics:
        try:
            values = metric.function(complex_, context)
        except FAILURES as error:
            if isinstance(error, IncompleteError) and error.reason == "interrupt":
                raise
            failures[metric.name] = str(error) or type(error).__name__
            continue
        if not isinstance(values, Mapping):
            raise TypeError(
                f"metric {metric.name!r} returned a {type(values).__name__}; legal: a dict of numbers and "
                "arrays"
            )
        for key, value in values.items():
            if key in origin:
                raise TypeError(
                    f"metrics {origin[key]!r} and {metric.name!r} both return {key!r}; legal: each key once"
                )
            origin[key] = metric.name
            result[key] = _array(value, key, metric.name)
    return result, failures


def _array(value: Any, key: Any, name: str) -> NDArray[Any]:
    if not isinstance(key, str) or not key:
        raise TypeError(f"metric {name!r} has the key {key!r}; legal: a str that is not empty")
    array = np.array(np.nan if value is None else value)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"metric {name!r} has {key!r} of type {type(value).__name__} and dtype {array.dtype}; legal: "
            "real numbers and arrays of them"
        )
    return array
