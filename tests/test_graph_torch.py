"""Value graphs of torch modules: exact against rational loops, and the module itself never changed."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_modules import Of, agree, batch_norm_of, convolution_of, linear_of, trained
from relutope.loading.graph import torch_check
from relutope.loading.graph.torch_export import graph_from_torch
from relutope.loading.graph.value_graph import ValueGraph


def test_a_multilayer_perceptron_keeps_its_weights() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3), nn.ReLU(inplace=True), nn.Linear(3, 2)
    )
    graph = graph_from_torch(module)
    layers, notes = graph.layers()
    assert [layer.kind for layer in layers] == ["relu", "relu", "linear"]
    assert notes == []
    assert graph.dtype == "float32"
    first = 0
    for layer, linear in zip(layers, (module[0], module[2], module[4]), strict=True):
        weight = linear.weight.detach().double().numpy()
        assert (layer.values.reshape(weight.shape) == weight).all()
        assert (layer.bias == linear.bias.detach().double().numpy()).all()
        assert (layer.indices.reshape(weight.shape) == first + np.arange(weight.shape[1])).all()
        assert not layer.rational
        first += weight.shape[1]
    assert layers[0].origin == "linear at '0' (1, 4) + relu at '1' (1, 4)"


def test_convolutions_batch_norm_and_pooling() -> None:
    torch.manual_seed(0)
    module = trained(
        nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1),
            nn.BatchNorm2d(2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.AvgPool2d(3, 1, 1),
            nn.Dropout2d(),
            nn.Flatten(),
            nn.Linear(8, 2),
        )
    )

    def slow(x: Any) -> Any:
        x = reference.relu(batch_norm_of(module[1], convolution_of(module[0], x)))
        x = reference.pooled(x, [2, 2], [2, 2], [0, 0], [1, 1], False, lambda values, _: max(values))
        x = reference.pooled(x, [3, 3], [1, 1], [1, 1], [1, 1], False, reference.average)
        return linear_of(module[7], x.reshape(1, -1))

    layers = agree(module, slow, (1, 1, 4, 4))
    assert [layer.kind for layer in layers] == ["relu", "max", "linear"]
    assert len(layers[0].rational) == layers[0].n_rows == 32


def test_residual_block() -> None:
    torch.manual_seed(0)
    module = Of(
        lambda m, x: F.relu(m.second(F.relu(m.norm(m.first(x)))) + x, inplace=True),
        first=nn.Linear(3, 4),
        norm=nn.BatchNorm1d(4),
        second=nn.Linear(4, 3),
    )
    trained(module)

    def slow(x: Any) -> Any:
        inner = reference.relu(batch_norm_of(module.norm, linear_of(module.first, x)))
        return reference.relu(linear_of(module.second, inner) + x)

    layers = agree(module, slow, (1, 3))
    assert [layer.kind for layer in layers] == ["relu", "relu", "linear"]
    assert layers[1].indices.tolist() == [
        0,
        3,
        4,
        5,
        6,
        1,
        3,
        4,
        5,
        6,
        2,
        3,
        4,
        5,
        6,
    ]  # inputs and first layer


@pytest.mark.parametrize(
    "last",
    [
        nn.Softmax(1),
        nn.LogSoftmax(-1),
        nn.Sigmoid(),
        Of(lambda _, x: torch.sigmoid(x).squeeze(-1), name="sigmoid"),
        Of(lambda _, x: {"logits": F.softmax(x, dim=1)}, name="softmax"),
    ],
)
def test_a_final_activation_is_dropped_with_a_note(last: nn.Module) -> None:
    graph = graph_from_torch(nn.Sequential(nn.Linear(2, 1), last))
    layers, notes = graph.layers()
    assert [layer.n_rows for layer in layers] == [1]
    kind = type(last).__name__ if not isinstance(last, Of) else f"{last.name} of Of"
    assert notes == [f"dropped the final {kind} at '1': the outputs are what enters it"]


def test_parts_in_training_mode_are_noted() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Dropout(), nn.Linear(3, 1))
    _, notes = graph_from_torch(module).layers()
    assert notes == [
        "Dropout at '3' is in training mode and was taken in eval mode, where it does nothing",
        "batch norm at '1' in training mode: taken in eval mode, with running statistics",
    ]
    assert graph_from_torch(module.eval()).layers()[1] == []


def test_unread_neurons_are_dropped_with_a_note() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        module[2].weight[:, 1] = 0
    layers, notes = graph_from_torch(module).layers()
    assert [layer.n_rows for layer in layers] == [2, 1]
    assert notes == ["dropped 1 ReLU neurons that no output depends on"]


def test_the_module_is_not_changed() -> None:
    module = trained(
        nn.Sequential(
            nn.Conv1d(1, 2, 3),
            nn.BatchNorm1d(2),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(4, 2),
        )
    )
    module.train()
    module(torch.ones(2, 1, 4)).sum().backward()
    before = copy.deepcopy(module)
    gradients = [parameter.grad.clone() for parameter in module.parameters()]
    example = torch.full((3, 1, 4), 2.0, requires_grad=True)
    graph_from_torch(module, example)
    assert all(part.training for part in module.modules())
    assert all(parameter.requires_grad for parameter in module.parameters())
    for ours, theirs in zip(module.state_dict().values(), before.state_dict().values(), strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    for parameter, gradient in zip(module.parameters(), gradients, strict=True):
        assert torch.equal(parameter.grad, gradient)
    assert torch.equal(example, torch.full((3, 1, 4), 2.0))
    assert not module._forward_hooks


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_types_of_weights(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).to(dtype)
    graph = graph_from_torch(module)
    assert graph.dtype == str(dtype).removeprefix("torch.")
    assert (graph.layers()[0][0].values == module[0].weight.detach().double().numpy().ravel()).all()


def test_the_check_finds_a_wrong_coefficient(monkeypatch: pytest.MonkeyPatch) -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    check = torch_check.check_against_module

    def damaged(graph: ValueGraph, *rest: Any) -> None:
        graph.raw_layers[0].rows.values[1] *= 1 + 2.0**-40
        check(graph, *rest)

    monkeypatch.setattr(torch_check, "check_against_module", damaged)
    with pytest.raises(ValueError, match="the operation linear is not what was imported"):
        graph_from_torch(module)


def test_the_check_finds_a_module_that_changes() -> None:
    class Counter(nn.Module):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            Counter.calls += 1
            return x * Counter.calls

    with pytest.raises(ValueError, match="depends on its input only"):
        graph_from_torch(Counter(), torch.zeros(1, 2))
