"""Blocks under no_grad, set_grad_enabled and autocast: the same function as without them, or refused."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from onnx_checks import assert_same_function
from pt2_checks import changed, refusal, saved
from relutope.loading.graph.pt2_file import graph_from_pt2
from relutope.loading.graph.torch_export import graph_from_torch

MODEL = "model/models/model.json"


class Blocks(nn.Module):
    """Nested blocks, one that makes nothing, and one that changes in place what is outside of it."""

    def __init__(self, grad: Any, autocast: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 4)
        self.grad, self.autocast = grad, autocast

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with self.grad(False):
            y = torch.relu(self.first(x))
            part = y[:, 1:3]
            with self.grad(True):
                z = self.second(y)
            with self.grad(False), self.autocast():
                z = z - torch.relu(self.second(z))
        with self.grad(False):
            part += 0.5
            part.relu_()
        with self.grad(False):
            pass
        return torch.cat([y, z, part], 1)


def no_block(*_: Any) -> AbstractContextManager[None]:
    return nullcontext()


def without_autocast() -> AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=False)


@pytest.mark.parametrize("autocast", [no_block, without_autocast])
@pytest.mark.parametrize("decomposed", [False, True])
def test_blocks_that_change_nothing(autocast: Any, decomposed: bool, tmp_path: Path) -> None:
    module = Blocks(torch.set_grad_enabled, autocast)
    wanted = graph_from_torch(Blocks(no_block, no_block), torch.zeros(1, 3))
    graph = graph_from_torch(module, torch.zeros(1, 3))
    assert_same_function(wanted, graph)
    assert [layer.origin for layer in graph.layers()[0]] == [layer.origin for layer in wanted.layers()[0]]
    path = saved(tmp_path, module, (1, 3), decomposed=decomposed)
    assert_same_function(wanted, graph_from_pt2(path))


def test_a_frozen_part_as_it_is_usual(tmp_path: Path) -> None:
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), nn.Linear(3, 2)

        @torch.no_grad()
        def features(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.features(x))

    module = Frozen()
    wanted = graph_from_torch(nn.Sequential(*module.body, module.head))
    assert_same_function(wanted, graph_from_torch(module))
    assert_same_function(wanted, graph_from_pt2(saved(tmp_path, module, (1, 2))))


class Lower(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return (x @ torch.ones(2, 2)).float()


def test_autocast_to_a_lower_precision_is_refused_by_its_place(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(2, 2), Lower())
    message = "autocast on cpu at '1' cannot be represented exactly: it rounds what it computes to bfloat16"
    with pytest.raises(ValueError, match=f"^{message}; legal: enabled=False"):
        graph_from_torch(module)
    assert refusal(saved(tmp_path, module, (1, 2))).startswith(message)


def test_other_blocks_are_refused_by_their_name() -> None:
    class Branch(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))

    with pytest.raises(ValueError, match=r"gt of Branch .* cannot be represented exactly: it selects"):
        graph_from_torch(Branch(), torch.zeros(1, 2))


def test_damaged_blocks(tmp_path: Path) -> None:
    path = saved(tmp_path, Blocks(torch.set_grad_enabled, no_block), (1, 3))

    def first_block(content: Any) -> Any:
        nodes = content["graph_module"]["graph"]["nodes"]
        return next(node for node in nodes if node["outputs"])

    def without_input(content: Any) -> None:
        first_block(content)["inputs"].pop()

    def without_body(content: Any) -> None:
        first_block(content)["inputs"][1]["arg"] = {"as_int": 3}

    def reads_outside(content: Any) -> None:
        body = first_block(content)["inputs"][1]["arg"]["as_graph"]["graph"]
        body["nodes"][0]["inputs"][0]["arg"]["as_tensor"]["name"] = "p_second_weight_"

    assert "has a block that does not fit it (damaged?)" in refusal(changed(path, {MODEL: without_input}))
    assert "has not the form it should (damaged?)" in refusal(changed(path, {MODEL: without_body}))
    assert "before it is made (damaged?)" in refusal(changed(path, {MODEL: reads_outside}))
