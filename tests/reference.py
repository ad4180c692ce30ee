"""Slow exact oracle for canonical polyhedral complexes, in Python integers only.

It shares no code and no method with the library, which refines cells of all dimensions through their
facets. Here only the regions are split, each on its own, one neuron after the other; their faces are read
off at the end.

Why the answer is right:

1. The points (x, t), t >= 0, with x / t in a closed region form a polyhedral cone. It is held by generators:
   lines, that span its lineality space, and extreme rays modulo those lines, all integer vectors. A ray with
   t > 0 is a vertex of the region, one with t = 0 a direction at infinity. So R^d needs no large box: it is
   the cone with the lines e_1, ..., e_d and the one ray t, and a box is R^d cut by its 2 d walls.
2. A neuron is affine on a closed region of the neurons before it. One step of the double description method
   (Motzkin, Raiffa, Thompson and Thrall 1953) gives the generators of both sides: old rays by their sign, and
   one new ray between each positive and each negative ray that span a two-dimensional face. They do so when
   no third ray lies on every constraint that both lie on, in degenerate cones too.
3. Every cell is the relative interior of a face of some closed region: near all points of a cell the network
   looks alike, so the same regions touch all of them. There every neuron is zero everywhere or nowhere.
4. The faces of a cone are the sets of rays that lie on a chosen set of constraints, and the dimension of a
   face is one more than the largest dimension among its proper faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from typing import Any, NamedTuple

Vector = tuple[int, ...]
Layer = tuple[Sequence[Sequence[Fraction]], Sequence[Fraction]]
IntegerLayer = tuple[list[Vector], Vector, int]  # weights, biases, the denominator of them all
Key = tuple[int, Vector, Vector]  # dimension, walls, signs

INFINITY = 1  # the bit of the constraint t >= 0 in an incidence mask; then come the walls, then the neurons


class Cell(NamedTuple):
    """A relatively open cell: a point in it (numerators, denominator) and whether it is bounded."""

    point: tuple[Vector, int]
    bounded: bool


class Region(NamedTuple):
    """The cone over a region, and on it the signs of the walls and neurons treated so far."""

    lines: list[Vector]
    rays: list[Vector]
    incidence: list[int]  # per ray, the mask of the constraints that vanish on it
    signs: Vector


def exact_layers(layers: Sequence[tuple[Any, Any]]) -> list[Layer]:
    """The layers (W, b), given as floats, with every float as the fraction that it is."""
    return [
        ([[Fraction(float(w)) for w in row] for row in weights], [Fraction(float(b)) for b in biases])
        for weights, biases in layers
    ]


def reference_signs(layers: Sequence[Layer], x: Sequence[Fraction]) -> Vector:
    """The exact sign of every hidden pre-activation at the point `x`; `layers` are the hidden layers only."""
    signs: list[int] = []
    for weights, biases in layers:
        z = [sum(map(mul, row, x), b) for row, b in zip(weights, biases, strict=True)]
        signs += [_sign(value) for value in z]
        x = [max(value, Fraction(0)) for value in z]
    return tuple(signs)


def reference_complex(
    layers: Sequence[Layer], lo: Sequence[Any] | None, hi: Sequence[Any] | None, dim: int | None = None
) -> set[Key]:
    """All cells of the canonical polyhedral complex as a set of (dimension, walls, signs).

    Parameters
    ----------
    layers : sequence of (W, b)
        The hidden layers, of Fractions, as made by `exact_layers`.
    lo, hi : sequence of float or Fraction, or None
        The box, lo < hi on every axis; None for both: all of R^d.
    dim : int, optional
        The input dimension; needed only where there is neither a hidden layer nor a box.

    Returns
    -------
    set of (int, tuple, tuple)
        Dimension; per axis -1, 0 or +1 for the lower, no or the upper wall; the sign of every neuron.
    """
    return set(reference_cells(layers, lo, hi, dim))


def reference_cells(
    layers: Sequence[Layer],
    lo: Sequence[Any] | None,
    hi: Sequence[Any] | None,
    dim: int | None = None,
    rows: Sequence[tuple[Sequence[Any], Any]] | None = None,
) -> dict[Key, Cell]:
    """As `reference_complex`, with a point of every cell.

    With `rows`, pairs (g, h), on the polytope where all g x <= h instead of a box; walls then have one entry
    per row, 1 where g x = h, but 0 if g = 0.
    """
    if lo is not None:
        dim = len(lo)
    elif dim is None:
        dim = len(layers[0][0][0])
    identity = [tuple(int(i == j) for j in range(dim + 1)) for i in range(dim)]
    cells: dict[Key, Cell] = {}
    domain = _domain(dim, lo, hi) if rows is None else _polytope(dim, rows)
    for region in _regions(domain, [_integer_layer(layer) for layer in layers], identity, 1, dim):
        _add_faces(cells, region, dim, n_walls=len(domain.signs), paired=rows is None)
    if rows is not None:
        bounding = [any(normal) for normal, _ in rows]
        cells = {(k, tuple(map(mul, on, bounding)), signs): cell for (k, on, signs), cell in cells.items()}
    return cells


def f_vector(cells: set[Key] | dict[Key, Cell], dim: int, *, open_only: bool = False) -> list[int]:
    """The number of cells of each dimension; with `open_only`, of those on no wall."""
    counts = [0] * (dim + 1)
    for k, walls, _ in cells:
        counts[k] += not (open_only and any(walls))
    return counts


def _sign(value: int | Fraction) -> int:
    return (value > 0) - (value < 0)


def _integer_layer(layer: Layer) -> IntegerLayer:
    weights, biases = layer
    denominator = lcm(*(v.denominator for row in weights for v in row), *(b.denominator for b in biases))
    rows = [tuple(int(v * denominator) for v in row) for row in weights]
    return rows, tuple(int(b * denominator) for b in biases), denominator


def _domain(dim: int, lo: Sequence[Any] | None, hi: Sequence[Any] | None) -> Region:
    """The cone over the box or over R^d; each wall of a box counts as one constraint of sign +1."""
    units = [tuple(int(i == j) for j in range(dim + 1)) for i in range(dim + 1)]
    region = Region(units[:dim], [units[dim]], [0], ())
    if lo is None or hi is None:
        return region
    for axis in range(dim):
        for side, bound in ((1, Fraction(lo[axis])), (-1, Fraction(hi[axis]))):
            wall = [0] * (dim + 1)
            wall[axis], wall[dim] = side * bound.denominator, -side * bound.numerator
            region = next(part for part in _split(region, tuple(wall)) if part.signs[-1] == 1)
    return region


def _polytope(dim: int, rows: Sequence[tuple[Sequence[Any], Any]]) -> Region:
    """The cone over the polytope where all g x <= h; every row counts as one constraint."""
    units = [tuple(int(i == j) for j in range(dim + 1)) for i in range(dim + 1)]
    region = Region(units[:dim], [units[dim]], [0], ())
    for normal, bound in rows:
        values = [*(-Fraction(v) for v in normal), Fraction(bound)]
        scale = lcm(*(v.denominator for v in values))
        form = tuple(int(v * scale) for v in values)
        region = next(part for part in _split(region, form) if part.signs[-1] == 1 or not any(form))
    return region


def _regions(
    region: Region, layers: list[IntegerLayer], inputs: list[Vector], denominator: int, dim: int
) -> Iterator[Region]:
    """Split `region` by all layers; `inputs` / `denominator` are the forms that enter layers[0] on it."""
    if not layers:
        yield region
        return
    rows, biases, own_denominator = layers[0]
    columns = [*zip(*inputs, strict=True)] if inputs else [()] * (dim + 1)
    forms = []
    for row, b in zip(rows, biases, strict=True):
        form = [sum(map(mul, row, column)) for column in columns]
        form[dim] += b * denominator
        forms.append(tuple(form))
    zero = (0,) * (dim + 1)
    first = len(region.signs)
    for piece in _split_by_all(region, forms):
        outputs = [f if s > 0 else zero for f, s in zip(forms, piece.signs[first:], strict=True)]
        yield from _regions(piece, layers[1:], outputs, denominator * own_denominator, dim)


def _split_by_all(region: Region, forms: list[Vector]) -> Iterator[Region]:
    if not forms:
        yield region
        return
    for part in _split(region, forms[0]):
        yield from _split_by_all(part, forms[1:])


def _split(region: Region, form: Vector) -> list[Region]:
    """The one or two full-dimensional parts of `region` on which `form`, a new constraint, has one sign."""
    lines, rays, incidence, signs = region
    bit = INFINITY << (1 + len(signs))
    for i, line in enumerate(lines):
        if sum(map(mul, form, line)):
            return _split_lineality(region, form, bit, i)
    values = [sum(map(mul, form, ray)) for ray in rays]
    incidence = [mask if value else mask | bit for mask, value in zip(incidence, values, strict=True)]
    above = [i for i, value in enumerate(values) if value > 0]
    below = [i for i, value in enumerate(values) if value < 0]
    if not above or not below:
        return [Region(lines, rays, incidence, (*signs, bool(above) - bool(below)))]
    new_rays, new_incidence = [], []
    # Two rays span a face only where constraints of this rank, so at least so many of them, vanish on both.
    fewest = len(form) - 2 - len(lines)
    for i in above:
        for j in below:
            common = incidence[i] & incidence[j]
            if common.bit_count() >= fewest and len([m for m in incidence if m & common == common]) == 2:
                new_rays.append(_combine(values[i], rays[j], -values[j], rays[i]))
                new_incidence.append(common | bit)
    parts = []
    for sign in (1, -1):
        kept = [i for i, value in enumerate(values) if value * sign >= 0]
        part_rays = [rays[i] for i in kept] + new_rays
        part_incidence = [incidence[i] for i in kept] + new_incidence
        parts.append(Region(lines, part_rays, part_incidence, (*signs, sign)))
    return parts


def _split_lineality(region: Region, form: Vector, bit: int, index: int) -> list[Region]:
    """As `_split`, where `form` is not constant along one of the lines.

    All other generators slide along that line onto form = 0, which changes no earlier constraint. The line
    becomes a ray, in opposite directions on the two sides, on which t and all earlier constraints vanish.
    """
    line = region.lines[index]
    slope = sum(map(mul, form, line))
    if slope < 0:
        line, slope = tuple(-v for v in line), -slope

    def slide(v: Vector) -> Vector:
        return _combine(slope, v, -sum(map(mul, form, v)), line)

    lines = [slide(v) for i, v in enumerate(region.lines) if i != index]
    rays = [slide(v) for v in region.rays]
    incidence = [*(mask | bit for mask in region.incidence), bit - 1]
    return [
        Region(lines, [*rays, tuple(sign * v for v in line)], incidence, (*region.signs, sign))
        for sign in (1, -1)
    ]


def _combine(a: int, v: Vector, b: int, w: Vector) -> Vector:
    """The shortest integer vector along a v + b w."""
    total = [a * x + b * y for x, y in zip(v, w, strict=True)]
    divisor = gcd(*total)
    return tuple([x // divisor for x in total])


def _add_faces(cells: dict[Key, Cell], region: Region, dim: int, n_walls: int, paired: bool) -> None:
    """Add the faces of one region that are not at infinity; its first `n_walls` signs are those of walls.

    Walls are `paired` on a box: lower and upper ones of each axis in turn.
    """
    lines, rays, incidence, signs = region
    on = [sum(1 << i for i, mask in enumerate(incidence) if mask >> c & 1) for c in range(1 + len(signs))]
    for face, dimension in _face_dimensions((1 << len(rays)) - 1, set(on), len(lines)).items():
        if not face & ~on[0]:
            continue
        zero = [not face & ~mask for mask in on[1:]]
        walls = tuple(map(int, zero[:n_walls]))
        if paired:
            walls = tuple(zero[2 * i + 1] - zero[2 * i] for i in range(dim)) if n_walls else (0,) * dim
        cell_signs = [0 if z else sign for z, sign in zip(zero[n_walls:], signs[n_walls:], strict=True)]
        key = (dimension, walls, tuple(cell_signs))
        if key not in cells:
            spanning = [ray for i, ray in enumerate(rays) if face >> i & 1]
            *point, scale = map(sum, zip(*spanning, strict=True))
            cells[key] = Cell((tuple(point), scale), not lines and all(ray[dim] for ray in spanning))


def _face_dimensions(cone: int, facets: set[int], lineality: int) -> dict[int, int]:
    """The dimension of the polyhedron under every face; a face is the mask of its rays.

    `facets` are the masks of the rays on each constraint, the true facets of the cone among them.
    """
    dimensions: dict[int, int] = {}

    def dimension(face: int) -> int:
        if face not in dimensions:
            proper = {face & facet for facet in facets} - {face, 0}
            dimensions[face] = 1 + max(map(dimension, proper), default=lineality - 1)
        return dimensions[face]

    dimension(cone)
    return dimensions
