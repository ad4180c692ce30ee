"""What a series of checkpoints measured, by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.domains import Domain
from relutope.errors import MissingExtraError
from relutope.slices import Slice
from relutope.training.patterns import PATTERN_KEYS
from relutope.training.records import Folder, Header, Record, any_domain_from_json, any_domain_to_json

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

    from relutope.training.lifetimes import Lifetimes


@dataclass(frozen=True, eq=False, repr=False)
class Series:
    """Metrics along training; made by `relutope.track` or `Series.load`.

    Attributes
    ----------
    steps : ndarray of shape (n,), int64
        Steps of the checkpoints that were measured, ascending.
    columns : dict of str to ndarray
        Values by key. Numbers make an array of shape (n,), arrays of one shape one more axis; where shapes
        differ the column holds numbers and arrays as objects. Missing ones are nan, or None among objects.
    domain : Box, AllSpace, Polytope or Slice
    metrics : dict of str to str
        Names of the metrics and what they stand for.
    failed : dict of int to str
        Steps of the checkpoints at which nothing was measured, and why.
    failed_metrics : dict of int to dict of str to str
        Steps at which some metrics failed, and by their names why. They are among `steps`.
    data : dict or None
        Number of points, and hashes of X and y.
    model_hashes : tuple of str
        Per step the hash of the network.
    notes : tuple of str
        What was assumed when the networks were read, each once.

    Examples
    --------
    >>> import relutope
    >>> networks = [relutope.Network.from_arrays([[[1.0]], [[1]]], [[bias], [0]]) for bias in (0, 5)]
    >>> series = relutope.track(networks, "regions", domain=(-1, 1))
    >>> series
    Series(2 steps on Box([-1.0], [1.0]): regions)
    >>> series["regions"]
    array([2, 1])
    """

    steps: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    domain: Domain | Slice
    metrics: dict[str, str]
    failed: dict[int, str]
    failed_metrics: dict[int, dict[str, str]]
    data: dict[str, Any] | None
    model_hashes: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def from_records(cls, header: Header, records: Sequence[Record]) -> Series:
        """The series of some records, ascending by step."""
        good = [record for record in records if not record.failure]
        keys = dict.fromkeys(key for record in good for key in record.values)
        return cls(
            np.array([record.step for record in good], dtype=np.int64),
            {key: _column(key, [record.values.get(key) for record in good]) for key in keys},
            any_domain_from_json(header.domain),
            dict(header.metrics),
            {record.step: record.failure for record in records if record.failure},
            {record.step: dict(record.metric_failures) for record in good if record.metric_failures},
            header.data,
            tuple(record.model_hash for record in good),
            tuple(dict.fromkeys(note for record in good for note in record.notes)),
        )

    @classmethod
    def load(cls, out: Any) -> Series:
        """The series in a folder that `track` wrote, finished or not.

        Raises
        ------
        ValueError
            If there is none, or a file is damaged.
        TypeError
            If `out` is no path.
        """
        folder = Folder(out)
        header = folder.read_header()
        if header is None:
            raise ValueError(f"{folder.path} holds no series; legal: a folder that track wrote")
        return cls.from_records(header, folder.records())

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, key: str) -> NDArray[Any]:
        if key not in self.columns:
            raise KeyError(f"{key!r}; legal: {', '.join(self.columns)}")
        return self.columns[key]

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} failed" if self.failed else ""
        failed += f", {len(self.failed_metrics)} in part" if self.failed_metrics else ""
        return f"Series({len(self)} steps{failed} on {self.domain!r}: {', '.join(self.metrics)})"

    def require_same_domain(self, other: Series) -> None:
        """Refuse to compare series on different domains: a count depends on the domain.

        Raises
        ------
        ValueError
            If the domains differ.
        TypeError
            If `other` is no series.
        """
        if not isinstance(other, Series):
            raise TypeError(f"other is a {type(other).__name__}; legal: a Series")
        if self.domain != other.domain:
            raise ValueError(
                f"the series are on {self.domain!r} and on {other.domain!r}; legal: series on one domain, "
                "since every count depends on it"
            )

    def difference(self, other: Series) -> dict[str, NDArray[Any]]:
        """This series minus another one, at the steps that both have.

        Returns
        -------
        dict of str to ndarray
            ``steps``, and the differences of the keys that both have as numbers or arrays of one shape.

        Raises
        ------
        ValueError
            If the domains differ.
        """
        self.require_same_domain(other)
        steps, mine, theirs = np.intersect1d(self.steps, other.steps, return_indices=True)
        result: dict[str, NDArray[Any]] = {"steps": steps}
        for key in self.shown_keys():
            column, beside = self.columns[key], other.columns.get(key)
            if beside is not None and beside.shape[1:] == column.shape[1:] and beside.dtype != object:
                one, two = (part.astype(np.float64) for part in (column[mine], beside[theirs]))
                result[key] = one - two
        return result

    def shown_keys(self) -> list[str]:
        """The keys of numbers and of arrays of one shape, those of the metric ``patterns`` left out."""
        return [
            key
            for key, column in self.columns.items()
            if column.dtype != object and column.ndim <= 2 and key not in PATTERN_KEYS
        ]

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers, lists and dicts, ready for JSON: nan is None, inf a str.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1.0]], [[1]]])
        >>> relutope.track([network], "regions", domain=(-1, 1)).to_dict()["columns"]
        {'regions': [2]}
        """
        return {
            "steps": self.steps.tolist(),
            "columns": {key: [_plain(value) for value in column] for key, column in self.columns.items()},
            "domain": any_domain_to_json(self.domain),
            "metrics": dict(self.metrics),
            "failed": {str(step): reason for step, reason in self.failed.items()},
            "failed_metrics": {str(step): dict(failed) for step, failed in self.failed_metrics.items()},
            "data": self.data,
            "model_hashes": list(self.model_hashes),
            "notes": list(self.notes),
        }

    def to_pandas(self) -> DataFrame:
        """A data frame with one row per step; the entries of arrays have columns ``key[0], key[1], ...``.

        The domain is in its ``attrs``.

        Raises
        ------
        relutope.MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtraError("pandas", "pandas", "to make a data frame") from None
        table: dict[str, Any] = {}
        for key, column in self.columns.items():
            if column.dtype != object and column.ndim == 2:
                table |= {f"{key}[{place}]": column[:, place] for place in range(column.shape[1])}
            else:
                table[key] = column if column.ndim == 1 else list(column)
        frame = pd.DataFrame(table, index=pd.Index(self.steps, name="step"))
        frame.attrs["domain"] = repr(self.domain)
        return frame

    def lifetimes(self) -> Lifetimes:
        """Regions matched by activation pattern between successive checkpoints, as bars of birth and death.

        Raises
        ------
        ValueError
            If the patterns were not measured (metric ``patterns``, or ``track(lifetimes=True)``), no
            checkpoint was, or the networks have different numbers of neurons.
        """
        from relutope.training.lifetimes import lifetimes_of

        return lifetimes_of(self)

    def plot(
        self,
        keys: str | Iterable[str] | None = None,
        *,
        others: Iterable[Series] = (),
        labels: Sequence[str] | None = None,
        axes: Any = None,
        scale: str = "linear",
    ) -> NDArray[Any]:
        """Draw one key per row over a shared step axis.

        Parameters
        ----------
        keys : str or iterable of str, optional
            Default: all that can be drawn.
        others : iterable of Series, optional
            Drawn on the same axes; they must be on the same domain.
        labels : sequence of str, optional
            Names of this series and the others.
        axes : Axes or array of them, optional
            One per key. Default: those of a new figure.
        scale : str, default "linear"
            Of the step axis: ``"linear"``, ``"log"`` or ``"symlog"``.

        Returns
        -------
        ndarray of matplotlib.axes.Axes

        Raises
        ------
        ValueError, TypeError
            If a key is unknown or cannot be drawn, the domains differ, or numbers of axes or labels do not
            fit.
        relutope.MissingExtraError
            If matplotlib is not installed.
        """
        from relutope.training.plots import plot_series

        return plot_series([self, *others], keys, labels, axes, scale)

    def plot_counts_near_data(self, ax: Axes | None = None) -> Axes:
        """Draw region counts against the half-width of boxes around the data, one line per step.

        Raises
        ------
        ValueError
            If the metric ``counts_near_data`` was not measured.
        TypeError
            If `ax` is none.
        relutope.MissingExtraError
            If matplotlib is not installed.
        """
        from relutope.training.plots import plot_counts_near_data

        return plot_counts_near_data(self, ax)


def _column(key: str, values: list[NDArray[Any] | None]) -> NDArray[Any]:
    there = [value for value in values if value is not None]
    shapes = {value.shape for value in there}
    if len(shapes) == 1:
        if len(there) == len(values):
            return np.stack(there)
        if key not in PATTERN_KEYS:  # bits and places are no floats
            missing = np.full(shapes.pop(), np.nan)
            return np.stack([missing if value is None else value.astype(np.float64) for value in values])
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        column[place] = None if value is None else value[()]  # of shape () a number, no array
    return column


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return value
