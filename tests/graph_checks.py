"""Checks of value graphs that several test files share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import graph_reference as reference
from relutope.loading.graph.evaluation import bounded_values, exact_values
from relutope.loading.graph.value_graph import GraphLayer, Tensor, ValueGraph

Build = Callable[[ValueGraph, Tensor], Tensor]


def random(*shape: int, seed: int = 0) -> NDArray[np.float64]:
    """float32 numbers, as weights are."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32).astype(np.float64)


def points_of(shape: Sequence[int]) -> list[NDArray[np.float64]]:
    """A random point, and one with many ties and zeros."""
    rng = np.random.default_rng(3)
    return [rng.standard_normal(shape), rng.integers(-2, 3, shape).astype(np.float64)]


def check_layers(layers: Sequence[GraphLayer], input_dim: int, n_outputs: int) -> None:
    """The contract of `ValueGraph.layers`."""
    n_values = input_dim
    for layer in layers:
        assert layer.kind in ("linear", "relu", "max")
        assert layer.indptr.dtype == layer.indices.dtype == np.int64
        assert layer.values.dtype == layer.bias.dtype == np.float64
        assert layer.n_rows == len(layer.indptr) - 1 > 0
        assert layer.indptr[0] == 0
        assert layer.indptr[-1] == len(layer.indices) == len(layer.values)
        for row in range(layer.n_rows):
            span = slice(layer.indptr[row], layer.indptr[row + 1])
            ids = layer.indices[span].tolist()
            assert ids == sorted(set(ids))
            assert all(0 <= value < n_values for value in ids)
            if row in layer.rational:
                numerators, denominator = layer.rational[row]
                assert denominator > 0
                images = [top / denominator for top in numerators]
                assert images == [*layer.values[span].tolist(), layer.bias[row].item()]
                assert any(Fraction(top, denominator) != top / denominator for top in numerators)
        if layer.kind == "max":
            assert (layer.values == 1).all()
            assert (layer.bias == 0).all()
            assert not layer.rational
        n_values += layer.n_rows
    assert layers[-1].kind == "linear"
    assert layers[-1].n_rows == n_outputs


def agree(
    build: Build,
    slow: Callable[[Any], Any],
    fast: Callable[[torch.Tensor], torch.Tensor] | None,
    shape: Sequence[int],
) -> ValueGraph:
    graph = ValueGraph(shape)
    output = build(graph, graph.input)
    graph.set_output(output)
    layers, _ = graph.layers()
    check_layers(layers, graph.input_dim, output.ids.size)
    for point in points_of(shape):
        expected = slow(reference.exact(point))
        assert expected.shape == output.shape
        wanted = expected.ravel().tolist()
        raw = exact_values(graph.raw_layers, point.ravel().tolist())
        assert [raw[value] if value >= 0 else 0 for value in output.ids.ravel()] == wanted
        assert exact_values(layers, point.ravel().tolist())[-len(wanted) :] == wanted
        values, errors = (table[-len(wanted) :, 0] for table in bounded_values(layers, point.reshape(1, -1)))
        assert all(
            abs(Fraction(value) - want) <= Fraction(error)
            for value, error, want in zip(values.tolist(), errors.tolist(), wanted, strict=True)
        )
        if fast is not None:
            ours, bounds = bounded_values(graph.raw_layers, point.reshape(1, -1))
            theirs = fast(torch.from_numpy(point)).numpy().ravel()
            known = output.ids.ravel() >= 0
            places = output.ids.ravel()[known]
            assert (np.abs(ours[places, 0] - theirs[known]) <= bounds[places, 0]).all()
            assert (theirs[~known] == 0).all()
            assert (bounds < 1e-9).all()
    return graph
