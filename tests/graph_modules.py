"""Torch modules as value graphs, compared exactly with functions on arrays of fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch
from torch import nn

import graph_reference as reference
from graph_checks import check_layers, points_of
from relutope.loading.graph.evaluation import exact_values
from relutope.loading.graph.torch_export import graph_from_torch
from relutope.loading.graph.value_graph import GraphLayer, ValueGraph


class Of(nn.Module):
    """A function as a module, with named parts."""

    def __init__(self, function: Callable[..., Any], name: str = "", **parts: Any) -> None:
        super().__init__()
        self.function, self.name = function, name
        for name, part in parts.items():
            if isinstance(part, torch.Tensor):
                self.register_buffer(name, part)
            else:
                self.add_module(name, part)

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, x)


def outputs_of(graph: ValueGraph, point: Any) -> list[Fraction]:
    layers, _ = graph.layers()
    return exact_values(layers, point.ravel().tolist())[-layers[-1].n_rows :]


def agree(module: nn.Module, slow: Callable[[Any], Any], shape: tuple[int, ...]) -> list[GraphLayer]:
    graph = graph_from_torch(module.eval(), torch.zeros(shape))
    layers, _ = graph.layers()
    for point in points_of(shape):
        expected = slow(reference.exact(point)).ravel().tolist()
        check_layers(layers, graph.input_dim, len(expected))
        assert outputs_of(graph, point) == expected
    return layers


def batch_norm_of(norm: Any, x: Any) -> Any:
    tensors = norm.running_mean, norm.running_var, norm.weight.detach(), norm.bias.detach()
    return reference.batch_norm(x, *(tensor.double().numpy() for tensor in tensors), norm.eps)


def convolution_of(conv: nn.Conv2d, x: Any) -> Any:
    bias = None if conv.bias is None else conv.bias.detach().double().numpy()
    pads = [(p, p) for p in conv.padding]  # type: ignore[misc]
    weight = conv.weight.detach().double().numpy()
    return reference.convolve(x, weight, bias, conv.stride, pads, conv.dilation, conv.groups)


def linear_of(linear: nn.Linear, x: Any) -> Any:
    return x @ reference.exact(linear.weight.detach().double()).T + reference.exact(
        linear.bias.detach().double()
    )


def trained(module: Any) -> Any:
    """A module whose batch norms have statistics."""
    torch.manual_seed(1)
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
    return module
