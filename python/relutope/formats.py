"""Complexes as objects of numpy, networkx, TopoNetX and meshio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_word
from relutope.complex import PolyhedralComplex
from relutope.errors import MissingExtraError
from relutope.mesh_files import data_of_regions, points_in_space, require_plane_or_space
from relutope.polygons import Rows, bounded_cells, cell_vertices, polygon_cycles, polyhedron_faces

if TYPE_CHECKING:
    import meshio
    import networkx
    import toponetx

GRAPHS = ("dual_graph", "face_poset")


def complex_to_arrays(complex_: PolyhedralComplex, *, sign_vectors: bool = False) -> dict[str, NDArray[Any]]:
    """The complex as plain arrays; see `PolyhedralComplex.to_arrays`."""
    arrays: dict[str, NDArray[Any]] = {
        "f_vector": np.array(complex_.f_vector, dtype=np.int64),
        "counts": np.array(complex_.counts, dtype=np.int64),
        "vertices": complex_.vertices,
        "vertex_error": complex_.vertex_error,
        "rays": complex_.rays,
    }
    for k in range(1, complex_.dim + 1):
        arrays[f"indptr_{k}"], arrays[f"indices_{k}"] = complex_.facets(k)
    for k in range(complex_.dim + 1):
        arrays[f"walls_{k}"], arrays[f"bounded_{k}"] = complex_.walls(k), complex_.bounded(k)
        if sign_vectors:
            arrays[f"sign_vectors_{k}"] = complex_.sign_vectors(k)
    return arrays


def complex_to_networkx(complex_: Any, kind: str) -> networkx.Graph:
    """A graph of the complex; see `PolyhedralComplex.to_networkx`."""
    chosen = checked_word(kind, "kind", GRAPHS)
    return complex_.face_poset() if chosen == "face_poset" else complex_.dual_graph().to_networkx()


def complex_to_toponetx(complex_: PolyhedralComplex) -> toponetx.CellComplex:
    """The bounded cells as a TopoNetX complex; see `PolyhedralComplex.to_toponetx`."""
    if complex_.dim != 2:
        raise ValueError(
            f"the complex has dimension {complex_.dim}; legal: 2, toponetx.CellComplex has no other"
        )
    try:
        import toponetx
    except ImportError:
        raise MissingExtraError("toponetx", "exchange", "to convert to toponetx.CellComplex") from None
    ends = complex_.facets(1)[1].reshape(-1, 2)[bounded_cells(complex_, 1)]
    target = toponetx.CellComplex()
    # TopoNetX takes one cell at a time.
    for node in range(complex_.f_vector[0]):
        target.add_node(node)
    for tail, head in ends.tolist():
        target.add_edge(tail, head)
    for cycle in _lists(polygon_cycles(complex_, bounded_cells(complex_, 2))):
        target.add_cell(cycle, rank=2)
    return target


def complex_to_meshio(
    complex_: PolyhedralComplex, cell_data: Mapping[str, ArrayLike] | None = None
) -> meshio.Mesh:
    """The bounded regions as a meshio mesh; see `PolyhedralComplex.to_meshio`."""
    require_plane_or_space(complex_)
    try:
        import meshio
    except ImportError:
        raise MissingExtraError("meshio", "exchange", "to convert to meshio.Mesh") from None
    regions = bounded_cells(complex_, complex_.dim)
    data = data_of_regions(complex_, regions, cell_data)
    sizes = np.diff(cell_vertices(complex_, complex_.dim, regions).indptr)
    blocks: list[tuple[str, Any]] = []
    places = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    for place in places:
        chosen, size = regions[place], sizes[place[0]]
        if complex_.dim == 2:
            blocks.append(("polygon", polygon_cycles(complex_, chosen).values.reshape(-1, size)))
        else:
            faces = polyhedron_faces(complex_, chosen)
            blocks.append((f"polyhedron{size}", [_parted(row) for row in _lists(faces)]))
    blockwise = {name: [array[place] for place in places] for name, array in data.items()}
    return meshio.Mesh(points_in_space(complex_), blocks, cell_data=blockwise)


def _lists(rows: Rows) -> list[list[int]]:
    return [row.tolist() for row in np.split(rows.values, rows.indptr[1:-1])] if len(rows.indptr) > 1 else []


def _parted(faces: list[int]) -> list[list[int]]:
    """Faces from one list in which the number of vertices precedes those of each face."""
    parts, start = [], 0
    while start < len(faces):
        end = start + 1 + faces[start]
        parts.append(faces[start + 1 : end])
        start = end
    return parts
