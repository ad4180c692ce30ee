"""Comparison of an imported graph with the exported program, whose operations torch runs in float64."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from relutope.loading.graph.torch_check import (
    CHECK_POINTS,
    CHECK_PRODUCTS,
    Columns,
    Record,
    check_layers,
    check_operations,
    doubled,
    doubled_type,
)
from relutope.loading.graph.torch_layout import mapped
from relutope.loading.graph.value_graph import ValueGraph


def check_against_program(graph: ValueGraph, record: Record, program: Any) -> None:
    """A ValueError if graph and program are not the same function.

    Parameters
    ----------
    graph : ValueGraph
    record : dict
    program : SimpleNamespace
        As `relutope.loading.graph.pt2_program.Reader` makes it.
    """
    coefficients = sum(len(layer.rows.values) for layer in graph.raw_layers)
    n_points = max(2, min(CHECK_POINTS, CHECK_PRODUCTS // max(coefficients, 1)))
    points = np.random.default_rng(0).standard_normal((n_points, graph.input_dim))
    with np.errstate(all="ignore"):
        runs = [_program_values(program, record, point, graph.input_shape) for point in points]
        theirs = {name: np.stack([run[name] for run in runs], axis=1) for name in record}
        check_layers(graph, check_operations(graph, record, theirs, points))


def _program_values(
    program: Any, record: Record, point: Columns, shape: tuple[int, ...]
) -> dict[str, Columns]:
    """What torch computes in float64 at each recorded node."""
    import torch

    values: dict[Any, Any] = {}
    for node, spec in zip(program.graph.nodes, program.graph_signature.input_specs, strict=False):
        is_input = spec.target is None
        values[node] = (
            torch.from_numpy(point.reshape(shape).copy())
            if is_input
            else doubled(program.state_dict[spec.target].clone())
        )
    seen: dict[str, Columns] = {}
    for node in program.graph.nodes:
        if node.op != "call_function":
            continue
        args, kwargs = (
            mapped(lambda leaf: doubled_type(values.get(leaf, leaf)), tree)
            for tree in (node.args, node.kwargs)
        )
        if node.target is operator.getitem:
            result = args[0][args[1]]
        else:
            with torch.no_grad():
                result = mapped(doubled, node.target(*args, **kwargs))
        values[node] = result
        if node.name in record:
            seen[node.name] = result.detach().double().flatten().clone().numpy()
    return seen
