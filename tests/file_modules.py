"""Modules that the tests of file formats export."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from relutope.loading.graph.torch_export import graph_from_torch
from relutope.loading.graph.value_graph import ValueGraph


class Of(nn.Module):
    """A module of a function of its parts and the input."""

    def __init__(self, function: Callable[..., Any], *parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x, *self.parts)


def with_statistics(module: nn.Module) -> nn.Module:
    """Give batch norms numbers of their own; eps is a float32 already, as ONNX has it."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.eps = 2.0**-10
            for tensor in (part.running_mean, part.running_var, part.weight, part.bias):
                nn.init.uniform_(tensor, 0.25, 2.0)
    return module


def mlp() -> nn.Module:
    activations = [nn.ReLU(), nn.LeakyReLU(0.25), nn.PReLU(4), nn.Hardtanh(-0.5, 0.75), nn.ReLU6()]
    layers: list[nn.Module] = [nn.Linear(3, 4)]
    for activation in activations:
        layers += [activation, nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 4, bias=len(layers) > 1)]
    return nn.Sequential(*layers)


def pooling() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 4, (3, 2), stride=(1, 2), padding=1, dilation=(2, 1), groups=2),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1, padding=1),
        nn.BatchNorm2d(4),
        nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=False),
        nn.Conv2d(4, 2, 2, padding="same"),
        nn.MaxPool2d(2, stride=2, ceil_mode=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2, 2),
    )


def residual() -> nn.Module:
    def forward(x: Any, first: nn.Module, second: nn.Module, third: nn.Module) -> Any:
        y = F.relu(second(F.relu(first(x))) + x)
        return third(torch.cat([y, 2 - x / 4, -y], dim=1))

    return Of(forward, nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(6, 1, 4))


def moves(x: Any, part: nn.Module) -> Any:
    a, b = x.transpose(1, 2).chunk(2, dim=1)  # (1, 2, 3) each
    c = F.pad(a, (1, 0), value=0.5).permute(0, 2, 1).flatten(1)  # 8
    d = torch.stack([b, a * 3], dim=1)[:, :, ::2, -2:].reshape(x.shape[0], -1)  # 4
    e = x[:, [2, 0]].unsqueeze(0).expand(1, 1, 2, 4)[:, 0].reshape(1, -1)  # 8
    return part(torch.cat([c, d, e], dim=1)).view(1, 2, 2)


def extremes(x: Any) -> Any:
    a = torch.maximum(x, x.flip(1)) - torch.minimum(x, torch.tensor(0.5)).abs()
    b = torch.amax(x, 2) + x.mean(2) - x.sum(2) * 0.5
    c = x.clamp(min=-0.25).amax((1, 2), keepdim=True)
    return torch.cat([a.flatten(1), b, c.flatten(1), x.clamp(-1, 2).mean((1, 2)).reshape(1, 1)], dim=1)


MODULES: dict[str, tuple[Callable[[], nn.Module], Sequence[int]]] = {
    "mlp": (mlp, (1, 3)),
    "pooling": (pooling, (1, 2, 5, 6)),
    "residual": (residual, (1, 2, 4, 4)),
    "moves": (lambda: Of(moves, nn.Linear(20, 4)), (1, 3, 4)),
    "extremes": (lambda: Of(extremes), (1, 3, 2)),
}


@functools.cache
def made(name: str) -> tuple[nn.Module, Sequence[int], ValueGraph]:
    torch.manual_seed(1)
    make, shape = MODULES[name]
    module = with_statistics(make()).eval()
    return module, shape, graph_from_torch(module, torch.zeros(*shape))
