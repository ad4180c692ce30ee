"""Slow oracle for region counts: definitions word by word, in fractions, on the cells of `reference`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from fractions import Fraction
from itertools import combinations
from typing import TypeVar

from networks import Layers
from reference import Cell, Key, exact_layers, reference_cells

Row = tuple[Fraction, ...]
Point = tuple[Fraction, ...]
T = TypeVar("T", bound=Hashable)


class Oracle:
    """Cells of a network on a box or R^d, and what the definitions speak of."""

    def __init__(self, layers: Layers, lo: list[float] | None, hi: list[float] | None) -> None:
        self.layers = exact_layers(layers)
        self.dim = len(self.layers[0][0][0])
        self.cells: dict[Key, Cell] = reference_cells(self.layers[:-1], lo, hi, self.dim)
        self.regions = sorted(key for key in self.cells if key[0] == self.dim)
        self.maps = {region: self.affine_map(region[2]) for region in self.regions}
        self.closures = {
            region: {cell for cell in self.cells if is_face(cell, region)} for region in self.regions
        }

    def affine_map(self, signs: tuple[int, ...]) -> tuple[Row, ...]:
        """Rows (coefficients, constant) of the outputs where the hidden neurons have these signs."""
        d = self.dim
        rows = [tuple(Fraction(int(i == j)) for j in range(d + 1)) for i in range(d)]
        used = 0
        for weights, biases in self.layers:
            forms = [
                tuple(
                    sum((w * row[j] for w, row in zip(weight, rows, strict=True)), Fraction(0))
                    + (b if j == d else 0)
                    for j in range(d + 1)
                )
                for weight, b in zip(weights, biases, strict=True)
            ]
            on = signs[used : used + len(forms)] if used < len(signs) else ()
            used += len(forms)
            zero = (Fraction(0),) * (d + 1)
            rows = [form if sign > 0 else zero for form, sign in zip(forms, on, strict=True)] if on else forms
        return tuple(forms)

    def joined(self, dimension: int | None) -> list[set[Key]]:
        """Regions of one map, joined where they share a cell, of this dimension if one is given."""
        pairs = []
        for one, other in combinations(self.regions, 2):
            if self.maps[one] == self.maps[other]:
                shared = self.closures[one] & self.closures[other]
                if any(dimension is None or cell[0] == dimension for cell in shared):
                    pairs.append((one, other))
        return classes(self.regions, pairs)

    def counts(self) -> dict[str, int]:
        """All counts but the convex one."""
        return {
            "activation": len({pattern(cell) for cell in self.cells}),
            "proper_activation": len({pattern(cell) for cell in self.regions}),
            "open_connected": len(self.joined(self.dim - 1)),
            "closed_connected": len(self.joined(None)),
            "affine": len(set(self.maps.values())),
        }


class Polyhedron:
    """The union of some closed regions on a box: all vertices in it, half-spaces of its boundary."""

    def __init__(self, oracle: Oracle, regions: Iterable[Key]) -> None:
        regions = list(regions)
        cells = [cell for region in regions for cell in oracle.closures[region]]
        self.vertices = {point(oracle.cells[cell]) for cell in cells if cell[0] == 0}
        facets = [cell for cell in cells if cell[0] == oracle.dim - 1]
        self.half_spaces = []
        for facet in [facet for facet, count in Counter(facets).items() if count == 1]:
            on = [point(oracle.cells[cell]) for cell in oracle.cells if cell[0] == 0 and is_face(cell, facet)]
            row = hyperplane(on, oracle.dim)
            region = next(region for region in regions if facet in oracle.closures[region])
            inside = value(row, point(oracle.cells[region]))
            self.half_spaces.append(tuple(c if inside > 0 else -c for c in row))

    @property
    def is_convex(self) -> bool:
        """Whether all of it is on the inner side of all its facets."""
        return all(value(row, v) >= 0 for row in self.half_spaces for v in self.vertices)

    def meets_in_a_face(self, other: Polyhedron) -> bool:
        """Whether the common vertices are all those of the smallest face of either that holds them."""
        shared = self.vertices & other.vertices
        return not shared or self._smallest_face(shared) == shared == other._smallest_face(shared)

    def _smallest_face(self, points: set[Point]) -> set[Point]:
        rows = [row for row in self.half_spaces if all(value(row, v) == 0 for v in points)]
        return {v for v in self.vertices if all(value(row, v) == 0 for row in rows)}


def is_partition_legal(oracle: Oracle, groups: Iterable[Iterable[Key]]) -> bool:
    """Whether the unions of the groups are convex, meet face to face, and have one map each."""
    listed = [list(group) for group in groups]
    polyhedra = [Polyhedron(oracle, group) for group in listed]
    return (
        all(len({oracle.maps[region] for region in group}) == 1 for group in listed)
        and all(polyhedron.is_convex for polyhedron in polyhedra)
        and all(one.meets_in_a_face(other) for one, other in combinations(polyhedra, 2))
    )


def fewest_by_coarsening(oracle: Oracle) -> int:
    """The fewest polyhedra of a legal partition into unions of regions, by trying all sets of facets."""
    pairs = [
        (one, other)
        for one, other in combinations(oracle.regions, 2)
        if oracle.maps[one] == oracle.maps[other]
        and any(cell[0] == oracle.dim - 1 for cell in oracle.closures[one] & oracle.closures[other])
    ]
    best = len(oracle.regions)
    for size in range(1, len(pairs) + 1):
        for chosen in combinations(pairs, size):
            groups = classes(oracle.regions, chosen)
            if len(groups) < best and is_partition_legal(oracle, groups):
                best = len(groups)
    return best


def pattern(cell: Key) -> tuple[bool, ...]:
    return tuple(sign > 0 for sign in cell[2])


def is_face(face: Key, cell: Key) -> bool:
    """By names alone: signs of the cell or 0, walls of the cell and perhaps more."""
    signs = all(low in (0, up) for low, up in zip(face[2], cell[2], strict=True))
    return signs and all(up in (0, low) for low, up in zip(face[1], cell[1], strict=True))


def point(cell: Cell) -> Point:
    numerators, denominator = cell.point
    return tuple(Fraction(x, denominator) for x in numerators)


def value(row: Row, x: Point) -> Fraction:
    return sum((a * b for a, b in zip(row, x, strict=False)), row[-1])


def hyperplane(points: list[Point], dim: int) -> Row:
    """(a, b) with a . x + b = 0 at all points, which span a hyperplane: one non-zero solution."""
    rows = [[*x, Fraction(1)] for x in points]
    pivots: list[int] = []
    for column in range(dim + 1):
        pivot = next((i for i in range(len(pivots), len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        k = len(pivots)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][column] for x in rows[k]]
        for i in range(len(rows)):
            if i != k:
                rows[i] = [x - rows[i][column] * y for x, y in zip(rows[i], rows[k], strict=True)]
        pivots.append(column)
    (free,) = [column for column in range(dim + 1) if column not in pivots]
    solution = [Fraction(0)] * (dim + 1)
    solution[free] = Fraction(1)
    for i, column in enumerate(pivots):
        solution[column] = -rows[i][free]
    return tuple(solution)


def classes(nodes: Iterable[T], pairs: Iterable[tuple[T, T]]) -> list[set[T]]:
    """Connected components."""
    component = {node: {node} for node in nodes}
    for one, other in pairs:
        if component[one] is not component[other]:
            component[one] |= component[other]
            for node in component[other]:
                component[node] = component[one]
    return list({id(group): group for group in component.values()}.values())
