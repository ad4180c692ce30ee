"""Values of a graph at points: exactly, and in float64 with a bound on the error."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.value_graph import GraphLayer, RawLayer


def exact_values(
    layers: Sequence[GraphLayer | RawLayer], point: Sequence[Fraction | float]
) -> list[Fraction]:
    """All values at one point, inputs first.

    Examples
    --------
    >>> from relutope.loading.graph.evaluation import exact_values
    >>> from relutope.loading.graph.linear_ops import mean
    >>> from relutope.loading.graph.value_graph import ValueGraph
    >>> graph = ValueGraph((1, 3))
    >>> graph.set_output(mean(graph, graph.input, [1], False))
    >>> exact_values(graph.layers()[0], [1, 1, 2])[-1]
    Fraction(4, 3)
    """
    values = [Fraction(value) for value in point]
    for layer in layers:
        rows, added = layer.rows, []
        for row in range(len(rows)):
            ids = rows.indices[rows.indptr[row] : rows.indptr[row + 1]].tolist()
            if layer.kind == "max":
                added.append(max(values[value] for value in ids))
                continue
            numerators, denominator = rows.exact_row(row)
            total = sum(
                (top * values[value] for top, value in zip(numerators, ids, strict=False)),
                Fraction(numerators[-1]),
            )
            added.append(total / denominator)
        values.extend([max(value, Fraction(0)) for value in added] if layer.kind == "relu" else added)
    return values


def bounded_values(
    layers: Sequence[GraphLayer | RawLayer], points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All values at points, shape (n_values, n_points), and bounds on their errors."""
    n_inputs, n_points = points.shape[1], len(points)
    n_values = n_inputs + sum(len(layer.rows) for layer in layers)
    values, errors = np.empty((n_values, n_points)), np.zeros((n_values, n_points))
    values[:n_inputs] = points.T
    start = n_inputs
    for layer in layers:
        span = slice(start, start + len(layer.rows))
        values[span], errors[span] = layer_values(layer, values[:start], errors[:start])
        start = span.stop
    return values, errors


def layer_values(
    layer: GraphLayer | RawLayer, values: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values of one layer from all earlier ones, shape (n_rows, n_points), and bounds on their errors.

    The bound holds for any order of the sums, and for each way in which torch and onnxruntime compute the
    operation of a raw layer. Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.1: a
    dot product of n terms and a constant errs by at most gamma_{n+1} times the sum of magnitudes plus n + 1
    times the underflow unit. Every coefficient is a rounded one itself, or the result of a few roundings
    (scale and shift of a batch norm: fewer than 8), so n + 10 stands for n + 1; errors of what is read are
    carried along, and the factor 4 covers the rounding of the bound itself and that gamma_n > n u.
    """
    from scipy.sparse import csr_matrix

    unit, tiny = 2.0**-53, 2.0**-1073
    rows = layer.rows
    if layer.kind == "max":
        starts = rows.indptr[:-1]
        return (
            np.maximum.reduceat(values[rows.indices], starts, axis=0),
            np.maximum.reduceat(errors[rows.indices], starts, axis=0),
        )
    shape = (len(rows), len(values))
    matrix = csr_matrix((rows.values, rows.indices, rows.indptr), shape=shape)
    sizes = csr_matrix((np.abs(rows.values), rows.indices, rows.indptr), shape=shape)
    constant = layer.magnitude if isinstance(layer, RawLayer) else np.abs(rows.bias)
    inherited = sizes @ errors
    magnitude = sizes @ np.abs(values) + inherited + constant[:, None]
    terms = 4 * (np.diff(rows.indptr)[:, None] + 10)
    result = matrix @ values + rows.bias[:, None]
    if layer.kind == "relu":
        result = np.maximum(result, 0)
    return result, inherited * (1 + 2 * unit * terms) + terms * (unit * magnitude + tiny)
