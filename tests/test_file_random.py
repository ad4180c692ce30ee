"""Random compositions of operations in files: exact against rational loops, near torch in float64."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import graph_reference as reference
from graph_checks import check_layers, points_of
from graph_steps import ADAPTIVE, Step, composed, simple_steps, steps
from onnx_checks import exported, outputs_of
from pt2_checks import saved
from relutope.loading.graph.evaluation import bounded_values
from relutope.loading.graph.onnx_file import graph_from_onnx
from relutope.loading.graph.pt2_file import graph_from_pt2
from relutope.loading.graph.value_graph import ValueGraph

SHAPE = (1, 2, 2, 3)

#: Multiples of 1/8 are numbers of ONNX, whose attributes are float32, as they are of torch.
OF_FILES = st.lists(steps(simple_steps(0.125), 0.125), min_size=1, max_size=6)
OF_PROGRAMS = st.lists(steps([*simple_steps(0.1), ADAPTIVE], 0.1), min_size=1, max_size=6)


def module_of(chosen: list[Step]) -> nn.Module:
    return nn.Sequential(*(module for module, _ in chosen)).eval()


def check(graph: ValueGraph, chosen: list[Step]) -> None:
    twin = copy.deepcopy(module_of(chosen)).double()
    layers, _ = graph.layers()
    for point in points_of(SHAPE):
        expected = composed(chosen, reference.exact(point))
        check_layers(layers, graph.input_dim, expected.size)
        assert outputs_of(graph, point) == expected.ravel().tolist()
        values, bounds = bounded_values(graph.raw_layers, point.reshape(1, -1))
        with torch.no_grad():
            theirs = twin(torch.from_numpy(point)).numpy()
        assert graph.output is not None
        ids = graph.output.ids.ravel()
        ours, allowed = (np.where(ids >= 0, table[ids.clip(0), 0], 0.0) for table in (values, bounds))
        assert theirs.shape == expected.shape
        assert (np.abs(ours - theirs.ravel()) <= 2 * allowed).all()
        assert (allowed < 1e-6).all()


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(OF_PROGRAMS, st.booleans())
def test_exported_programs(chosen: list[Step], decomposed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(graph_from_pt2(saved(Path(folder), module_of(chosen), SHAPE, decomposed)), chosen)


def check_onnx(chosen: list[Step], dynamo: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = exported(Path(folder), module_of(chosen), SHAPE, 18, dynamo, as_written=True)
        check(graph_from_onnx(path), chosen)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(OF_FILES)
def test_onnx_of_the_legacy_exporter(chosen: list[Step]) -> None:
    check_onnx(chosen, dynamo=False)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(OF_FILES)
def test_onnx_of_the_dynamo_exporter(chosen: list[Step]) -> None:
    check_onnx(chosen, dynamo=True)
