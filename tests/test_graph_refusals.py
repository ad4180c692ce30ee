"""What cannot be represented exactly is refused by name and place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import prune

from graph_modules import Of
from relutope.loading.graph.torch_export import graph_from_torch


def refused(module: Any, message: str, example: Any = None) -> None:
    with pytest.raises(ValueError, match=message):
        graph_from_torch(module, torch.zeros(1, 4) if example is None else example)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (nn.GELU(), r"gelu of GELU at '1' cannot be represented exactly: it is not piecewise linear"),
        (nn.Tanh(), r"tanh of Tanh at '1' .* not piecewise linear"),
        (nn.SiLU(), r"silu of SiLU at '1' .* not piecewise linear"),
        (nn.SiLU(inplace=True), r"silu_ of SiLU at '1' .* not piecewise linear"),
        (nn.ELU(), r"elu of ELU at '1' .* not piecewise linear"),
        (nn.Softplus(), r"softplus of Softplus at '1' .* not piecewise linear"),
        (nn.Hardswish(), r"hardswish of Hardswish at '1' .* not piecewise linear"),
        (nn.LayerNorm(4), r"layer_norm of LayerNorm at '1' .* spread of its own input"),
        (nn.GroupNorm(2, 4), r"group_norm of GroupNorm at '1' .* spread of its own input"),
        (
            nn.Sequential(
                nn.Unflatten(1, (2, 2)), nn.BatchNorm1d(2, track_running_stats=False), nn.Flatten()
            ),
            r"batch_norm of BatchNorm1d at '1.1' .* running statistics",
        ),
        (nn.Hardshrink(), r"hardshrink of Hardshrink at '1' .* discontinuous"),
        (nn.Threshold(1.0, 0.0), r"threshold of Threshold at '1' .* value 0.0 it is discontinuous"),
        (nn.TransformerEncoderLayer(4, 2, 4), r"at '1"),
        (nn.Bilinear(4, 4, 2), r"cannot be captured"),
    ],
)
def test_modules(part: nn.Module, message: str) -> None:
    refused(nn.Sequential(nn.Linear(4, 4), part, nn.ReLU(), nn.Linear(4, 2)), message)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x * x, r"mul of Of \(the module itself\) .* two tensors that depend on the input"),
        (lambda x: x / x, r"div of Of .* divides by a tensor that depends on the input"),
        (lambda x: x @ x.T, r"matmul of Of .* two tensors that depend on the input"),
        (lambda x: x**2, r"pow of Of .* not piecewise linear"),
        (lambda x: torch.where(x > 0, x, 2 * x), r"gt of Of .* selects by comparing"),
        (lambda x: x * (x > 0), r"gt of Of .* selects by comparing"),
        (lambda x: torch.where(x.bool(), x, 2 * x), r"to of Of .* rounds to torch\.bool"),
        (lambda x: x.masked_fill(torch.eye(4)[0].bool(), float("inf")), r"masked_fill of Of .* number inf"),
        (lambda x: x[:, torch.where(torch.eye(4)[0].bool())[0]], r"where of Of .* selects by comparing"),
        (lambda x: x.sort()[0], r"sort of Of .* it is not supported"),
        (lambda x: x.max(1)[1], r"floating-point tensor"),
        (lambda x: x[:, x.max(1)[1]], r"index of Of .* places of maxima"),
        (lambda x: x.argmax(1), r"argmax of Of .* selects"),
        (lambda x: x.round(), r"round of Of .* discontinuous"),
        (lambda x: x.long(), r"to of Of .* rounds to torch.int64"),
        (lambda x: torch.softmax(x, 1) * 2, r"mul of Of .* result of softmax of Of .* at the very end"),
        (lambda x: torch.softmax(x, 0), r"softmax of Of .* batch axis"),
        (lambda x: torch.sigmoid(F.relu(torch.sigmoid(x))), r"relu of Of .* result of sigmoid"),
        (lambda x: F.dropout(x), r"dropout of Of .* random even in eval mode"),
        (lambda x: F.rrelu(x, training=True), r"rrelu of Of .* random slopes"),
        (lambda x: x + float("inf"), r"add of Of .* the number inf"),
        (lambda x: F.pad(x, (1, 1), value=float("-inf")), r"pad of Of .* the number -inf"),
        (lambda x: x.clamp(min=float("inf")), r"clamp of Of .* the limit inf"),
        (lambda x: x / 0, r"div of Of .*: division by zero"),
        (lambda x: x * 1e308 * 1e308, r"beyond float64"),
        (lambda x: torch.div(x, 3, rounding_mode="floor"), r"div of Of .* rounds"),
        (lambda x: (x, x), r"returns 2 values; legal: one tensor"),
        (lambda x: None, r"legal: one"),
        (lambda x: x if x.sum() > 0 else -x, r"control flow depends on values"),
        (lambda x: x[:, : int(x.sum().item())], r"cannot be captured"),
        (lambda x: torch.fft.fft(x).real, r"fft_fft of Of .* it is not supported"),
    ],
)
def test_functions(function: Callable[[torch.Tensor], Any], message: str) -> None:
    refused(Of(lambda _, x: function(x)), message)


def test_stored_tensors() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    with torch.no_grad():
        module[1].weight[0, 2] = float("nan")
    refused(module, r"1\.weight has a NaN or infinite coefficient; legal: finite numbers")
    refused(nn.Linear(4, 1, dtype=torch.complex64), r"complex64 tensor weight")
    refused(nn.Linear(4, 1, device="meta"), r"on meta; legal: dense, real, with data")
    refused(nn.LazyLinear(2), r"no weight yet")

    class Changing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.total += 1
            return x + self.total

    refused(Changing(), r"add_ of Changing .* changes a stored tensor")


def test_variance_that_is_negative() -> None:
    module = nn.BatchNorm1d(4)
    with torch.no_grad():
        module.running_var[2] = -1.0
    refused(module, r"batch_norm of BatchNorm1d .* variance \+ eps = -0.99999; legal: > 0")


def test_hooks_are_refused_and_stay() -> None:
    module = nn.Sequential(nn.Linear(4, 1))
    handle = module[0].register_forward_hook(lambda *_: None)
    refused(module, r"Linear at '0' has forward hooks, which may compute anything; legal: none")
    assert len(module[0]._forward_hooks) == 1
    handle.remove()
    graph_from_torch(module)
    prune.l1_unstructured(module[0], "weight", amount=0.5)
    refused(module, r"legal: the module after torch\.nn\.utils\.prune\.remove")
    prune.remove(module[0], "weight")
    assert len(graph_from_torch(module).layers()[0][0].values) == 2


def test_parametrised_weights() -> None:
    module = nn.utils.parametrizations.weight_norm(nn.Linear(4, 1))
    refused(module, r"_weight_norm of _WeightNorm .*remove_parametrizations made permanent")
    nn.utils.parametrize.remove_parametrizations(module, "weight")
    graph_from_torch(module)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:torch.quantize:UserWarning")
def test_other_kinds_of_modules() -> None:
    refused(torch.jit.trace(nn.Linear(4, 1), torch.zeros(1, 4)), r"\(the module itself\) is TorchScript")
    quantised = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 1)), dtype=torch.qint8)
    refused(quantised, r"Linear at '0' is quantised")
    with pytest.raises(TypeError, match=r"module is of type builtin.*; legal: a torch\.nn\.Module"):
        graph_from_torch(torch.relu)


def test_example_input() -> None:
    with pytest.raises(ValueError, match=r"example_input is needed, since the module has Conv2d; legal"):
        graph_from_torch(nn.Sequential(nn.Conv2d(1, 1, 2), nn.Flatten(), nn.Linear(4, 1)))
    with pytest.raises(ValueError, match=r"example_input is needed, since the module has no Linear layer"):
        graph_from_torch(nn.ReLU())
    with pytest.raises(ValueError, match=r"example_input of shape \(1, 3\), guessed from the first Linear"):
        graph_from_torch(nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (3, 2))))
    with pytest.raises(TypeError, match="example_input is of type list"):
        graph_from_torch(nn.ReLU(), [1.0])
    refused(nn.ReLU(), r"has shape \(2,\) and type torch.int64", torch.zeros(2, dtype=torch.int64))
    refused(nn.ReLU(), r"has shape \(\)", torch.tensor(1.0))
    refused(nn.Linear(4, 1), r"cannot be captured with an example_input of shape \(1, 3\)", torch.zeros(1, 3))

    message = r"shape \(1,\), the first sample of the one with shape \(4,\): "
    refused(nn.Linear(4, 1), message, torch.zeros(4))

    class Two(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
            return x if y is None else x + y

    graph_from_torch(Two(), torch.zeros(1, 4))


class Masked(nn.Module):
    """Indexed by a mask whose number of true entries torch does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tensor([True, False]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, self.mask]


def test_a_mask_in_a_buffer_is_refused_by_its_place() -> None:
    with pytest.raises(ValueError, match="Masked at '1'"):
        graph_from_torch(nn.Sequential(nn.Linear(2, 2), Masked()))
