"""Outputs of networks in fractions, layer by layer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from relutope import PolyhedralComplex, Subcomplex

Point = tuple[Fraction, ...]


def outputs_at(layers: list[Any], point: Point) -> list[Fraction]:
    """By fractions alone."""
    x = list(point)
    for place, (weights, biases) in enumerate(layers):
        if place:
            x = [max(value, Fraction(0)) for value in x]
        x = [
            sum((w * y for w, y in zip(row, x, strict=True)), b)
            for row, b in zip(weights, biases, strict=True)
        ]
    return x


def values_of_cells(complex_: PolyhedralComplex, exact: list[Any]) -> list[dict[int, list[Fraction]]]:
    """Per dimension and id the exact outputs at the vertices of each closed cell of a box."""
    values = [outputs_at(exact, point)[0] for point in complex_.exact_vertices()]
    return [
        {
            cell: [values[v] for v in Subcomplex.from_cells(complex_, {k: [cell]}).ids[0]]
            for cell in range(complex_.counts[k])
        }
        for k in range(complex_.dim + 1)
    ]
