"""Fiedler partitions of dual graphs and of other graphs."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_count, checked_flag, checked_word
from relutope.complex import PolyhedralComplex
from relutope.dual_graph import DualGraph
from relutope.progress import interruptible
from relutope.spectral.blas import one_blas_thread
from relutope.spectral.operators import OPERATORS, Floats, Pencil, harmonic_extension, pencil
from relutope.spectral.solver import Pairs, component_values, smallest_pairs
from relutope.spectral.thresholds import SIGN_RULE, THRESHOLDS, clusters, cut_value, with_signs
from relutope.spectral.weighted_graph import WeightedGraph, checked_size, weighted_graph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from scipy.sparse import csr_array

    from relutope.spectral.report import FiedlerReport

#: A relative gap up to the first makes lambda_2 a multiple eigenvalue up to rounding; up to the second it is
#: nearly multiple.
MULTIPLE, NEARLY_MULTIPLE = 2.0**-30, 0.01


@dataclass(frozen=True, eq=False, repr=False)
class FiedlerPartition:
    """Parts of the nodes of a graph by its Fiedler vector; made by `fiedler_partition`.

    Attributes
    ----------
    labels : ndarray of int64, shape (n,)
        Part of each region. Two parts: 1 where v_2 is at least `cut`, 0 elsewhere.
    vectors : ndarray of float64, shape (n, k)
        v_2, v_3, ..., at most as many as there are; normalised by v' M v = 1 (see `docs/fiedler.md`).
        Regions that the operator leaves out have the mean over their neighbours.
    eigenvalues : ndarray of float64, shape (k,)
        lambda_2, lambda_3, ...
    residuals : ndarray of float64, shape (k,)
        2-norm of K v - lambda M v over that of v, over the 1-norm of K.
    cut : float or None
        None for more than two parts, which k-means finds.
    n_components : int
        Components, with weight, of the operator's graph. If there are several, lambda_2 = 0 and v_2 parts
        the heaviest of them from all others; `component_lambda_2` has a number of each.
    components : ndarray of int64, shape (n,)
        Component of each region, heaviest first; -1 for regions that the operator leaves out.
    operator, epsilon, threshold, n_parts, include_output
        As given.
    weights : ndarray of float64, shape (n,)
        As given, or the number of points in each region; all 1 if there are no data.
    weight_source : {"points", "weights", "nothing"}
        Whether the weights count points, were given as such, or there are none.
    graph : DualGraph or csr_array
    point_regions : ndarray of int64, or None
        Region of each point of X; -1 outside of the domain.
    names : tuple or None
        The nodes of a networkx graph in its order, that of `labels` and the rows of `vectors`.
    sign_rule : str
        What fixes the signs of the vectors.
    """

    labels: NDArray[np.int64]
    vectors: Floats
    eigenvalues: Floats
    residuals: Floats
    cut: float | None
    n_components: int
    components: NDArray[np.int64]
    operator: str
    epsilon: float
    threshold: str
    n_parts: int
    include_output: bool
    weights: Floats
    weight_source: str
    graph: DualGraph | csr_array
    point_regions: NDArray[np.int64] | None = None
    names: tuple[Hashable, ...] | None = None
    sign_rule: str = field(default=SIGN_RULE)

    @property
    def has_weights(self) -> bool:
        """False if there are no data."""
        return self.weight_source != "nothing"

    @property
    def n_regions(self) -> int:
        """Number of regions, the nodes of the graph."""
        return len(self.labels)

    @property
    def complex(self) -> PolyhedralComplex | None:
        """That whose regions are the nodes; with `include_output` the refined one. None of a matrix."""
        return self.graph.complex if isinstance(self.graph, DualGraph) else None

    @property
    def adjacency(self) -> csr_array:
        """Edge weights of the graph, float64."""
        return self.graph.adjacency.astype(np.float64) if isinstance(self.graph, DualGraph) else self.graph

    @cached_property
    def component_lambda_2(self) -> Floats:
        """The second smallest eigenvalue of each component by itself, heaviest first; nan of single regions.

        Of a connected graph that is lambda_2. Components are those with weight, `n_components` of them.
        """
        if self.n_components == 1:
            return self.eigenvalues[:1]
        form = pencil(self.adjacency, self.weights, self.operator, self.epsilon)
        with one_blas_thread():
            return component_values(form)

    @property
    def lambda_2(self) -> float:
        """The eigenvalue of v_2."""
        return float(self.eigenvalues[0])

    @property
    def lambda_3(self) -> float:
        """The next eigenvalue; inf if there is none, since two regions only have weight."""
        return float(self.eigenvalues[1]) if len(self.eigenvalues) > 1 else np.inf

    @property
    def relative_gap(self) -> float:
        """(lambda_3 - lambda_2) / lambda_3, from 0 to 1; 0 if both are 0."""
        if np.isinf(self.lambda_3):
            return 1.0
        return 1 - self.lambda_2 / self.lambda_3 if self.lambda_3 > 0 else 0.0

    @property
    def residual(self) -> float:
        """That of v_2."""
        return float(self.residuals[0])

    @property
    def multiple(self) -> bool:
        """Whether lambda_2 = lambda_3 up to rounding (relative gap at most 2^-30): then v_2 is arbitrary."""
        return self.relative_gap <= MULTIPLE

    @property
    def nearly_multiple(self) -> bool:
        """Whether the relative gap is at most 0.01, but not `multiple`: small changes may turn v_2 much."""
        return MULTIPLE < self.relative_gap <= NEARLY_MULTIPLE

    @property
    def flags(self) -> tuple[str, ...]:
        """Of "disconnected", "multiple" and "nearly_multiple" those that hold."""
        found = {
            "disconnected": self.n_components > 1,
            "multiple": self.multiple,
            "nearly_multiple": self.nearly_multiple,
        }
        return tuple(name for name, holds in found.items() if holds)

    @property
    def n_points(self) -> int | None:
        """Number of points of X."""
        return None if self.point_regions is None else len(self.point_regions)

    @property
    def n_outside(self) -> int | None:
        """Number of points of X outside of the domain, which no weight counts."""
        return None if self.point_regions is None else int(np.count_nonzero(self.point_regions < 0))

    def report(self, X: ArrayLike, y: ArrayLike, rng: Any = 0, **options: Any) -> FiedlerReport:
        """How far the parts are the classes; options as of `relutope.spectral.report.report`.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [-0.5]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> X = [[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5], [-0.5, -0.5], [0.7, 0.2]]
        >>> report = relutope.fiedler_partition(complex_, X).report(X, [1, 0, 0, 0, 1])
        >>> report.purity_floor
        0.0
        """
        from relutope.spectral.report import report

        return report(self, X, y, rng, **options)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the regions by part or by v_2; options as of `relutope.spectral.plots.plot_partition`."""
        from relutope.spectral.plots import plot_partition

        return plot_partition(self, ax, **options)

    def plot_embedding(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw (v_2, v_3) of each region; options as of `relutope.spectral.plots.plot_embedding`."""
        from relutope.spectral.plots import plot_embedding

        return plot_embedding(self, ax, **options)

    def to_dict(self) -> dict[str, Any]:
        """The numbers, ready for JSON: None where one is not finite; no labels and no vectors."""
        return {
            "operator": self.operator,
            "epsilon": self.epsilon,
            "threshold": self.threshold,
            "cut": self.cut,
            "n_parts": self.n_parts,
            "include_output": self.include_output,
            "regions": self.n_regions,
            "lambda_2": self.lambda_2,
            "lambda_3": self.lambda_3 if np.isfinite(self.lambda_3) else None,
            "relative_gap": self.relative_gap,
            "residual": self.residual,
            "n_components": self.n_components,
            "component_lambda_2": [
                None if np.isnan(value) else value for value in self.component_lambda_2.tolist()
            ],
            "flags": list(self.flags),
            "sign_rule": self.sign_rule,
            "part_sizes": np.bincount(self.labels, minlength=self.n_parts).tolist(),
        }

    def __repr__(self) -> str:
        sizes = " + ".join(map(str, np.bincount(self.labels, minlength=self.n_parts)))
        flags = f", {', '.join(self.flags)}" if self.flags else ""
        return (
            f"FiedlerPartition({sizes} regions, {self.operator}, epsilon {self.epsilon:g}, {self.threshold}: "
            f"lambda_2 {self.lambda_2:.6g}, relative gap {self.relative_gap:.3g}{flags})"
        )


def fiedler_partition(
    complex_or_graph: Any,
    X: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    operator: str = "mass",
    epsilon: float = 0.0,
    threshold: str = "sign",
    n_parts: int = 2,
    include_output: bool = False,
) -> FiedlerPartition:
    """Part the regions of a complex by the eigenvector of the second smallest eigenvalue of a Laplacian.

    The literature does not say which weighted Laplacian it means, so several are offered by name.

    Parameters
    ----------
    complex_or_graph : PolyhedralComplex, DualGraph, networkx.Graph, or symmetric matrix
        A matrix, of scipy.sparse or numpy, holds edge weights >= 0. Of a networkx graph they are the edge
        attribute ``weight``, 1 where there is none.
    X : array_like of shape (m, d), optional
        Points; the weight w_i of a region is their number in it, a point on a boundary counting for the
        region of lowest id around it. Default: the counts that a `DualGraph` has.
    weights : array_like of shape (n,), optional
        Weights >= 0 instead; of a networkx graph in its order, or a mapping of nodes to weights.
    operator : {"unweighted", "mass", "edge_product", "edge_mean", "edge_inverse", "product_mass", \
"conjugated", "occupied"}
        See `docs/fiedler.md`. All but the first need weights.
    epsilon : float, default 0
        Added to the weights. 0 is for "mass" and "edge_inverse" the limit from above; all others are taken
        on the regions that keep a weight or an edge.
    threshold : {"sign", "median", "sweep"}
        Where v_2 is cut: at 0; where both sides hold most nearly the same weight; where the conductance is
        least, the weight of the edges cut over the mass of the lighter side.
    n_parts : int, default 2
        More: weighted k-means of v_2, ..., v_n_parts; `threshold` must be "sign".
    include_output : bool, default False
        Cut the complex where the output is 0 (or the largest outputs tie) first.

    Returns
    -------
    FiedlerPartition

    Raises
    ------
    ValueError
        If weights are missing, not legal or all in one region; the graph has one region; all points lie
        outside of the domain; an option is not legal.
    TypeError
        If an argument has the wrong type.
    relutope.IncompleteError
        At Ctrl-C (reason ``"interrupt"``), after the factorisation if one is under way.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1], [1], [1]], [[1, 1, 1]]], [[-1, -2, -3], [0]])
    >>> line = relutope.polyhedral_complex(network, (0, 4))  # four regions in a row
    >>> partition = relutope.fiedler_partition(line, operator="unweighted")
    >>> round(partition.lambda_2, 6), partition.labels.tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    (0.585786, True)
    >>> import networkx as nx
    >>> found = relutope.fiedler_partition(nx.path_graph("abcd"), operator="unweighted")
    >>> dict(zip(found.names, found.labels.tolist()))
    {'a': 1, 'b': 1, 'c': 0, 'd': 0}
    """
    checked_word(operator, "operator", OPERATORS)
    checked_word(threshold, "threshold", THRESHOLDS)
    epsilon = checked_epsilon(epsilon)
    n_parts = checked_count(n_parts, "n_parts", 2)
    if n_parts > 2 and threshold != "sign":
        raise ValueError(f"threshold is {threshold!r} for {n_parts} parts; legal: 'sign', they are clusters")
    include_output = checked_flag(include_output, "include_output")
    state: dict[str, Any] = {}
    with interruptible("the Fiedler partition", state):
        source = weighted_graph(complex_or_graph, X, weights, include_output)
        state["regions"] = source.adjacency.shape[0]
        return partition_of(source, operator, epsilon, threshold, n_parts, include_output)


def partition_of(
    source: WeightedGraph, operator: str, epsilon: float, threshold: str, n_parts: int, include_output: bool
) -> FiedlerPartition:
    """The same of checked arguments."""
    if source.weights is None and operator != "unweighted":
        raise ValueError(
            f"operator is {operator!r} without data; legal: X or weights with it, or 'unweighted'"
        )
    n = source.adjacency.shape[0]
    if n < 2:
        raise ValueError(f"the graph has {n} region{'s' * (n != 1)}; legal: two at least")
    weights = np.ones(n) if source.weights is None else source.weights
    form = pencil(source.adjacency, weights, operator, epsilon)
    with one_blas_thread():
        pairs = smallest_pairs(form, max(2, n_parts - 1))
        _check_pairs(form, pairs, operator, epsilon, n_parts)
        scaled = pairs.vectors if form.scale is None else form.scale[:, None] * pairs.vectors
        vectors = with_signs(harmonic_extension(source.adjacency, form.to_nodes(scaled)))
    cut = None
    if n_parts == 2:
        cut = cut_value(vectors[:, 0], threshold, weights, form)
        labels = (vectors[:, 0] >= cut).astype(np.int64)
    else:
        mass = np.where(form.place >= 0, form.mass[form.place], 0)
        labels = clusters(vectors[:, : n_parts - 1], mass, n_parts)
    return FiedlerPartition(
        labels,
        vectors,
        pairs.values,
        pairs.residuals,
        cut,
        int(pairs.component.max()) + 1,
        np.where(form.place >= 0, pairs.component[form.place], -1),
        operator,
        epsilon,
        threshold,
        int(n_parts),
        include_output,
        weights,
        source.weight_source,
        source.graph,
        source.point_regions,
        source.names,
    )


def _check_pairs(form: Pencil, pairs: Pairs, operator: str, epsilon: float, n_parts: int) -> None:
    heavy = np.flatnonzero(form.mass)
    if len(heavy) == 1:
        region = int(np.flatnonzero(form.place == heavy[0])[0])
        raise ValueError(
            f"all weight lies in region {region}; legal for operator {operator!r} with epsilon {epsilon:g}: "
            "weight in two regions at least"
        )
    if len(pairs.values) < n_parts - 1:
        raise ValueError(f"n_parts is {n_parts}; legal: at most {len(heavy)}, the regions with weight")


def checked_epsilon(epsilon: Any) -> float:
    """What is added to weights, or a TypeError or ValueError."""
    if isinstance(epsilon, (bool, np.bool_)) or not isinstance(epsilon, Real):
        raise TypeError(f"epsilon is {epsilon!r}; legal: a finite number >= 0")
    if not 0 <= float(epsilon) < np.inf:
        raise ValueError(f"epsilon is {epsilon}; legal: a finite number >= 0")
    checked_size(np.array([float(epsilon)]), "epsilon")
    return float(epsilon)
