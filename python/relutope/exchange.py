"""Complexes in the formats of other programs, and in files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import meshio
    import networkx
    import toponetx

    from relutope.complex import PolyhedralComplex


class Exchange:
    """The part of `PolyhedralComplex` that writes and converts."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the complex and its network to one file, an uncompressed ``.npz`` without pickle.

        Its arrays are aligned, so that they can be mapped; ``numpy.load`` reads them too. Equal complexes
        give equal bytes. docs/formats.md says what is where.

        Parameters
        ----------
        path : path
            Replaced, if it exists, once the new file is whole. No suffix is added.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError, TypeError
            If `path` is empty or no path.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).save("complex.npz")
        >>> relutope.PolyhedralComplex.load("complex.npz").f_vector
        (9, 12, 4)
        """
        from relutope.storage import save_complex

        save_complex(cast("PolyhedralComplex", self), path)

    @staticmethod
    def load(path: str | PathLike[str]) -> PolyhedralComplex:
        """Read what `save` wrote; see there for an example.

        Check sums, sizes, ids and the hash of the network are checked, geometry is not: see `validate`. Of
        the `statistics` those that differ between runs, such as times, are not in the file.

        Parameters
        ----------
        path : path

        Raises
        ------
        OSError
            If it cannot be opened.
        ValueError
            If the file is damaged, of another kind, or of another schema version, or `path` is empty.
        TypeError
            If `path` is no path; bytes and file descriptors are none.
        """
        from relutope.storage import load_complex

        return load_complex(path)

    def to_arrays(self, *, sign_vectors: bool = False) -> dict[str, NDArray[Any]]:
        """The complex as plain numpy arrays by name; they are read-only where they are views.

        Parameters
        ----------
        sign_vectors : bool, default False
            Also the sign vectors of all cells, one byte per cell and neuron.

        Returns
        -------
        dict of str to ndarray
            For k = 0..d, those at infinity last in each dimension:

            ``f_vector`` : int64 (d + 1,), cells of each dimension; on R^d those not at infinity
            ``counts`` : int64 (d + 1,), stored cells of each dimension
            ``vertices`` : float64 (counts[0], d), coordinates; nan at infinity
            ``vertex_error`` : float32 (counts[0],), bound on their error in the max norm
            ``rays`` : float64 (counts[0] - f_vector[0], d), directions of the vertices at infinity
            ``indptr_k`` : int32 (counts[k] + 1,), for k >= 1
            ``indices_k`` : int32; ``indices_k[indptr_k[i]:indptr_k[i + 1]]`` are the facets of k-cell i
            ``walls_k`` : int8 (counts[k], n_walls), as `walls` gives them
            ``bounded_k`` : bool (counts[k],), which cells are bounded
            ``sign_vectors_k`` : int8 (counts[k], n_signs), on request

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> arrays = relutope.polyhedral_complex(network, (-1, 1)).to_arrays()
        >>> arrays["f_vector"].tolist(), arrays["vertices"].shape, arrays["indptr_2"].tolist()
        ([9, 12, 4], (9, 2), [0, 4, 8, 12, 16])
        """
        from relutope.formats import complex_to_arrays

        return complex_to_arrays(cast("PolyhedralComplex", self), sign_vectors=sign_vectors)

    def to_networkx(self, kind: str = "dual_graph") -> networkx.Graph:
        """A graph of the complex as an object of networkx.

        Parameters
        ----------
        kind : {"dual_graph", "face_poset"}, default "dual_graph"
            ``"dual_graph"``: that of `dual_graph`, regions that share a facet; ``"face_poset"``: that of
            `face_poset`, cells and their facets.

        Raises
        ------
        ValueError, TypeError
            If `kind` is another one.
        """
        from relutope.formats import complex_to_networkx

        return complex_to_networkx(self, kind)

    def to_toponetx(self) -> toponetx.CellComplex:
        """The vertices, bounded edges and bounded regions of a complex in the plane as a TopoNetX complex.

        Nodes are the ids of the vertices; unbounded edges and regions are left out.

        Raises
        ------
        ValueError
            If the dimension is not 2; ``toponetx.CellComplex`` has no other.
        MissingExtraError
            If TopoNetX is not installed.
        """
        from relutope.formats import complex_to_toponetx

        return complex_to_toponetx(cast("PolyhedralComplex", self))

    def to_meshio(self, cell_data: Mapping[str, ArrayLike] | None = None) -> meshio.Mesh:
        """The bounded regions as a meshio mesh of polygons or polyhedra, for dimensions 2 and 3.

        Cells are in blocks of equal numbers of vertices; ``cell_data["region"]`` holds their ids. Points,
        names of data and what is left out are as in `write_vtu`.

        Parameters
        ----------
        cell_data : mapping of str to array_like of shape (n_regions,) or (n_regions, m), optional

        Raises
        ------
        ValueError, TypeError
            If the dimension or the data are not legal.
        MissingExtraError
            If meshio is not installed.
        """
        from relutope.formats import complex_to_meshio

        return complex_to_meshio(cast("PolyhedralComplex", self), cell_data)

    def write_vtu(self, path: str | PathLike[str], cell_data: Mapping[str, ArrayLike] | None = None) -> int:
        """Write the bounded regions for ParaView, as polygons (d = 2) or polyhedra (d = 3).

        The points are the vertices, those at infinity excepted, by id. Their order around a polygon is
        found from the incidence of edges and vertices, without computing angles; its sense is arbitrary.

        Parameters
        ----------
        path : path
            A ``.vtu`` file, replaced, if it exists, once the new one is whole.
        cell_data : mapping of str to array_like of shape (n_regions,) or (n_regions, m), optional
            Numbers per region to draw, beside ``region`` (the id), ``dimension`` and ``n_facets``.

        Returns
        -------
        int
            Number of unbounded regions, which are left out.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError, TypeError
            If the dimension, the path or the data are not legal.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
        >>> relutope.polyhedral_complex(network, relutope.AllSpace()).write_vtu("complex.vtu")
        6
        """
        from relutope.mesh_files import write_vtu

        return write_vtu(cast("PolyhedralComplex", self), path, cell_data)

    def write_ply(self, path: str | PathLike[str]) -> int:
        """Write the bounded polygons, the cells of dimension 2, as a binary ``.ply``, for d = 2 and 3.

        Points and order are as in `write_vtu`; the polygons are in the order of their ids.

        Parameters
        ----------
        path : path
            Replaced, if it exists, once the new file is whole.

        Returns
        -------
        int
            Number of unbounded cells of dimension 2, which are left out.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError, TypeError
            If the dimension is not 2 or 3, or `path` is empty or no path.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).write_ply("complex.ply")
        0
        """
        from relutope.mesh_files import write_ply

        return write_ply(cast("PolyhedralComplex", self), path)
