"""The dual graph of a complex: which regions share a facet."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import category

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.files import replacing
from relutope.labels import checked_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from networkx import Graph
    from scipy.sparse import csr_array

    from relutope.complex import PolyhedralComplex

#: Sources whose distances `diameter` advances at once, in bits.
SOURCES = 512
#: Categories of characters that XML cannot hold, or not in every place: control characters, lone surrogates.
NOT_IN_XML = {"Cc", "Cs"}


@dataclass(frozen=True, eq=False, repr=False)
class DualGraph:
    """The graph of the regions of a complex, two joined where they share a facet; made by `dual_graph`.

    Of R^d the facets at infinity join nothing. Two regions share at most one facet, since closed cells
    meet in a common face. The graph of a generic network is bipartite, since crossing a facet flips one
    neuron; that of a degenerate one may have odd cycles.

    Attributes
    ----------
    complex : PolyhedralComplex
    adjacency : scipy.sparse.csr_array of shape (n_nodes, n_nodes), bool
        Symmetric, with sorted indices.
    nodes : structured ndarray of shape (n_nodes,)
        ``region``: its id, equal to the place. On request ``volume``; with data ``count``, the number of
        points in its interior, and with labels ``class_counts``, one column per entry of `classes`.
    edges : structured ndarray of shape (n_edges,)
        ``region_0 < region_1`` and the id of their common ``facet``, by which edges are sorted. On request
        ``volume``, of dimension d - 1, and ``angle``.
    classes : ndarray or None
        The distinct labels, ascending.
    n_not_counted : int
        Points of the data that lie in the interior of no region: on a facet, or outside the domain.
    flip_indptr, flip_indices : ndarray of int32, or None
        On request: ``flip_indices[flip_indptr[i]:flip_indptr[i + 1]]`` are the neurons, numbered layer by
        layer, whose signs on the two regions of edge i differ.
    """

    complex: PolyhedralComplex
    adjacency: csr_array
    nodes: NDArray[np.void]
    edges: NDArray[np.void]
    classes: NDArray[Any] | None = None
    n_not_counted: int = 0
    flip_indptr: NDArray[np.int32] | None = None
    flip_indices: NDArray[np.int32] | None = None

    @property
    def n_nodes(self) -> int:
        """Number of regions."""
        return len(self.nodes)

    @property
    def n_edges(self) -> int:
        """Number of facets between two regions."""
        return len(self.edges)

    @property
    def degrees(self) -> NDArray[np.int32]:
        """Number of neighbours of each region, int32 of shape (n_nodes,)."""
        degrees: NDArray[np.int32] = np.diff(self.adjacency.indptr).astype(np.int32, copy=False)
        return degrees

    def connected_components(self) -> tuple[int, NDArray[np.int32]]:
        """Their number, which is 1 since domains are convex, and the component of each node."""
        from scipy.sparse.csgraph import connected_components

        count, labels = connected_components(self.adjacency, directed=False)
        return int(count), labels

    def is_bipartite(self) -> bool:
        """Whether there is no cycle of odd length.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, -1]], [[1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).dual_graph().is_bipartite()
        False
        """
        from scipy.sparse import block_array
        from scipy.sparse.csgraph import connected_components

        # The double cover has two components over each bipartite one, and one over each other.
        cover = block_array([[None, self.adjacency], [self.adjacency, None]])
        double: int = connected_components(cover, directed=False, return_labels=False)
        return double == 2 * self.connected_components()[0]

    def diameter(self) -> int:
        """The largest distance of two regions, in facets crossed.

        All distances are computed, so this is meant for up to some ten thousand regions.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).dual_graph().diameter()
        2
        """
        if self.n_edges == 0:
            return 0
        # Bit s of row v says that source s reaches v in as many steps as were made. The graph is connected,
        # so no list of neighbours is empty.
        indptr, indices = self.adjacency.indptr, self.adjacency.indices
        largest = 0
        for first in range(0, self.n_nodes, SOURCES):
            sources = np.arange(first, min(first + SOURCES, self.n_nodes))
            reached = np.zeros((self.n_nodes, SOURCES // 64), dtype=np.uint64)
            places = sources - first
            reached[sources, places // 64] = np.uint64(1) << (places % 64).astype(np.uint64)
            steps = -1
            grown = True
            while grown:
                steps += 1
                further = reached | np.bitwise_or.reduceat(reached[indices], indptr[:-1], axis=0)
                grown = not np.array_equal(further, reached)
                reached = further
            largest = max(largest, steps)
        return largest

    def to_networkx(self) -> Graph[int]:
        """A networkx graph with the same as attributes, all plain int, float and str.

        Class counts become ``count_LABEL``, flips a string of numbers with blanks between them; the graph
        has the attribute ``n_not_counted``.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> graph = relutope.polyhedral_complex(network, (-1, 1)).dual_graph(flips=True).to_networkx()
        >>> sorted(graph.edges[edge]["flips"] for edge in graph.edges)
        ['0', '0', '1', '1']
        """
        from networkx import Graph

        graph: Graph[int] = Graph(n_not_counted=self.n_not_counted)
        nodes = _columns(self.nodes, skip=("class_counts",))
        if self.classes is not None:
            for label, counts in zip(self.classes.tolist(), self.nodes["class_counts"].T, strict=True):
                nodes[f"count_{label}"] = counts.tolist()
        graph.add_nodes_from(
            (i, dict(zip(nodes, row, strict=True))) for i, row in enumerate(zip(*nodes.values(), strict=True))
        )
        edges = _columns(self.edges, skip=("region_0", "region_1"))
        if self.flip_indptr is not None and self.flip_indices is not None:
            lists = np.split(self.flip_indices, self.flip_indptr[1:-1]) if self.n_edges else []
            edges["flips"] = [" ".join(map(str, neurons.tolist())) for neurons in lists]
        ends = self.edges["region_0"].tolist(), self.edges["region_1"].tolist()
        rows = zip(*edges.values(), strict=True)
        graph.add_edges_from(
            (a, b, dict(zip(edges, row, strict=True))) for a, b, row in zip(*ends, rows, strict=True)
        )
        return graph

    def write_graphml(self, path: str | PathLike[str]) -> None:
        """Write the graph of `to_networkx` as GraphML, which Gephi, Cytoscape and igraph read.

        Parameters
        ----------
        path : path
            Replaced, if it exists, once the new file is whole. No suffix is added; nothing is compressed.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError
            If a label holds a control character, which XML cannot, or `path` is empty.
        TypeError
            If `path` is no path.
        """
        from networkx import write_graphml

        for label in [] if self.classes is None else self.classes.tolist():
            if any(c in "\ufffe\uffff" or category(c) in NOT_IN_XML for c in str(label)):
                raise ValueError(f"a label is {label!r}; legal in GraphML: no control characters")
        with replacing(path) as stream:
            write_graphml(self.to_networkx(), stream)

    def save_npz(self, path: str | PathLike[str]) -> None:
        """Write all arrays to an ``.npz`` file without pickle; no suffix is added.

        The adjacency is stored under the names that `scipy.sparse.load_npz` reads, the others under those
        of the attributes.

        Parameters
        ----------
        path : path
            Replaced, if it exists, once the new file is whole.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError, TypeError
            If `path` is empty or no path.

        Examples
        --------
        >>> import relutope, scipy
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).dual_graph().save_npz("dual_graph.npz")
        >>> scipy.sparse.load_npz("dual_graph.npz").shape
        (4, 4)
        """
        arrays = {
            "format": np.array(b"csr"),
            "_is_array": np.array(True),
            "shape": np.array(self.adjacency.shape),
            **{name: getattr(self.adjacency, name) for name in ("data", "indices", "indptr")},
            **{name: getattr(self, name) for name in ("nodes", "edges")},
            "n_not_counted": np.array(self.n_not_counted),
        }
        for name in ("classes", "flip_indptr", "flip_indices"):
            if getattr(self, name) is not None:
                arrays[name] = getattr(self, name)
        with replacing(path) as stream:
            np.savez(stream, allow_pickle=False, **arrays)

    def plot(
        self, ax: Axes | None = None, layout: Literal["interior", "spectral"] = "interior", **options: Any
    ) -> Axes:
        """Draw nodes and edges; options and errors as of `relutope.dual_graph_plot.plot_dual_graph`."""
        from relutope.dual_graph_plot import plot_dual_graph

        return plot_dual_graph(self, ax, layout, **options)

    def __repr__(self) -> str:
        return f"DualGraph({self.n_nodes} regions, {self.n_edges} edges)"


def dual_graph(
    complex_: PolyhedralComplex,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    volumes: bool = False,
    flips: bool = False,
    angles: bool = False,
    metric: bool = False,
) -> DualGraph:
    """See `PolyhedralComplex.dual_graph`."""
    if y is not None and X is None:
        raise ValueError("y is given without X; legal: both, X alone, or none")
    if angles and complex_.network.output_dim != 1:
        raise ValueError(f"angles is True; legal: False for {complex_.network.output_dim} outputs")
    facets, first, second = _sides(complex_)
    edges: dict[str, NDArray[Any]] = {"region_0": first, "region_1": second, "facet": facets}
    nodes: dict[str, NDArray[Any]] = {"region": np.arange(complex_.n_regions, dtype=np.int32)}
    if volumes:
        from relutope.regions import cell_volumes

        edges["volume"] = cell_volumes(complex_, complex_.dim - 1, facets, metric=metric)
        nodes["volume"] = cell_volumes(complex_, complex_.dim, nodes["region"], metric=metric)
    if angles:
        from relutope.bending_angles import bending_angles

        edges["angle"] = bending_angles(complex_, first, second)
    classes, n_not_counted = None, 0
    if X is not None:
        classes, n_not_counted = _add_counts(complex_, X, y, nodes)
    flip_lists = _core.flips(complex_.core, first, second) if flips else (None, None)
    return DualGraph(
        complex_,
        _adjacency(complex_.n_regions, first, second),
        _structured(nodes),
        _structured(edges),
        classes,
        n_not_counted,
        *flip_lists,
    )


def _sides(complex_: PolyhedralComplex) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """The (d-1)-cells with two cofacets, and these, the smaller id first."""
    indptr, indices = complex_.cofacets(complex_.dim - 1)
    facets = np.flatnonzero(np.diff(indptr) == 2).astype(np.int32)
    begins = indptr[facets]
    return facets, indices[begins], indices[begins + 1]


def _adjacency(n: int, first: NDArray[np.int32], second: NDArray[np.int32]) -> csr_array:
    from scipy.sparse import coo_array

    ends = np.concatenate([first, second]), np.concatenate([second, first])
    matrix = coo_array((np.ones(len(ends[0]), dtype=np.bool_), ends), shape=(n, n)).tocsr()
    matrix.sort_indices()
    return matrix


def _add_counts(
    complex_: PolyhedralComplex, X: ArrayLike, y: ArrayLike | None, nodes: dict[str, NDArray[Any]]
) -> tuple[NDArray[Any] | None, int]:
    """Adds the columns of data to `nodes`; returns the labels and the number of points not counted."""
    found, dimensions = complex_.locate(X)
    counted = dimensions == complex_.dim
    n = complex_.n_regions
    nodes["count"] = np.bincount(found[counted], minlength=n)
    if y is None:
        return None, int(np.count_nonzero(~counted))
    classes, codes = checked_labels(y, len(found))
    places = found[counted] * len(classes) + codes[counted]
    nodes["class_counts"] = np.bincount(places, minlength=n * len(classes)).reshape(n, len(classes))
    return classes, int(np.count_nonzero(~counted))


def _structured(columns: dict[str, NDArray[Any]]) -> NDArray[np.void]:
    """One array with a field per column."""
    dtype = np.dtype([(name, column.dtype, column.shape[1:]) for name, column in columns.items()])
    table = np.empty(len(next(iter(columns.values()))), dtype=dtype)
    for name, column in columns.items():
        table[name] = column
    table.flags.writeable = False
    return table


def _columns(table: NDArray[np.void], skip: tuple[str, ...]) -> dict[str, list[Any]]:
    return {name: table[name].tolist() for name in table.dtype.names or () if name not in skip}
