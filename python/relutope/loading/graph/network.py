"""Networks from value graphs."""

from __future__ import annotations

import numpy as np

from relutope import _core
from relutope.loading.graph.value_graph import GraphLayer, ValueGraph
from relutope.loading.stages import stage
from relutope.network import Network


def network_from_graph(graph: ValueGraph) -> Network:
    """The network of a graph.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.loading.graph import piecewise_ops
    >>> from relutope.loading.graph.network import network_from_graph
    >>> from relutope.loading.graph.value_graph import ValueGraph
    >>> graph = ValueGraph((1, 2))
    >>> graph.set_output(piecewise_ops.relu(graph, graph.input))
    >>> network_from_graph(graph).exact_evaluate([3, -1])
    [Fraction(3, 1), Fraction(0, 1)]
    """
    with stage("simplify"):
        layers, notes = graph.layers()
    with stage("network"):
        layers = _without_maxima_of_inputs(graph.input_dim, layers)
        core = _core.Network.from_layers(graph.input_dim, [layer.to_core() for layer in layers])
    return Network(
        core,
        dtype=graph.dtype,
        notes=tuple(notes),
        origins=tuple(layer.origin for layer in layers),
        input_shape=graph.input_shape[1:],
    )


def _without_maxima_of_inputs(input_dim: int, layers: list[GraphLayer]) -> list[GraphLayer]:
    """Maxima read copies of inputs: a linear layer stays one on a slice, a choice of inputs does not."""
    read = [layer.indices[layer.indices < input_dim] for layer in layers if layer.kind == "max"]
    inputs = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *read]))
    if not len(inputs):
        return layers
    copies = GraphLayer(
        "linear",
        np.arange(len(inputs) + 1, dtype=np.int64),
        inputs,
        np.ones(len(inputs)),
        np.zeros(len(inputs)),
        {},
        "inputs",
    )
    copy_of = np.arange(input_dim, dtype=np.int64)
    copy_of[inputs] = input_dim + np.arange(len(inputs))
    shifted = []
    for layer in layers:
        is_input = layer.indices < input_dim
        indices = layer.indices + np.where(is_input, 0, len(inputs))
        if layer.kind == "max":
            indices[is_input] = copy_of[layer.indices[is_input]]
        order = np.lexsort([indices, np.repeat(np.arange(layer.n_rows), np.diff(layer.indptr))])
        shifted.append(
            GraphLayer(
                layer.kind,
                layer.indptr,
                indices[order],
                layer.values[order],
                layer.bias,
                layer.rational,
                layer.origin,
            )
        )
    return [copies, *shifted]
