"""The hook on linking numbers leaves models alone, and takes bad input for what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relutope.linking import LinkingHook
from test_linking_hook import OTHER, RING, SQUARE, THROUGH, chain, linear, record

torch = pytest.importorskip("torch")
nn = torch.nn


def model_of(seed: int) -> Any:
    torch.manual_seed(seed)
    parts = [nn.Linear(3, 3), nn.BatchNorm1d(3), nn.GELU(), nn.Dropout(0.3), nn.Linear(3, 5), nn.ReLU(True)]
    return nn.Sequential(*parts, nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1))


def trained(hooked: bool) -> tuple[Any, list[Any], Any]:
    """Outputs, losses and gradients of a few steps, and what is left afterwards."""
    model = model_of(0)
    model[3].eval()  # a part in another mode than the rest
    hook = LinkingHook(model, RING, OTHER, every=2, max_segments=300) if hooked else None
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = []
    for _ in range(5):
        x = torch.randn(16, 3)
        output = model(x)
        if hook is not None:
            hook.record()  # between forward and backward
        loss = (output - x[:, :1]).square().mean() + torch.rand(())
        optimizer.zero_grad()
        loss.backward()
        seen.append([output.detach().clone(), *(p.grad.clone() for p in model.parameters())])
        optimizer.step()
    seen.append([tensor.clone() for tensor in model.state_dict().values()])
    seen.append([torch.get_rng_state()])
    return model, seen, hook


def test_training_is_the_same_with_a_hook() -> None:
    plain, expected, _ = trained(hooked=False)
    model, seen, hook = trained(hooked=True)
    assert [part.training for part in model.modules()] == [part.training for part in plain.modules()]
    for one, other in zip(seen, expected, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(one, other, strict=True))
    assert all(type(p) is nn.Parameter and p.requires_grad for p in model.parameters())
    assert hook.n_passes == 5
    assert [found.step for found in hook.records] == [0, 1, 2, 2, 3, 4, 4, 5]
    assert hook.records[1].rows[1].module == "0"
    assert ("4", (5,)) in hook.records[0].skipped
    assert ("8", (1,)) in hook.records[0].skipped


def test_hooks_are_removed() -> None:
    model = chain(nn.Tanh, 1, 0)
    before = [len(part._forward_hooks) for part in model.modules()]
    with LinkingHook(model, RING, OTHER) as hook:
        second = LinkingHook(model, SQUARE, THROUGH, every=3)
        model(torch.zeros(2, 3))
        second.remove()
        model(torch.zeros(2, 3))
    model(torch.zeros(2, 3))
    assert [len(part._forward_hooks) for part in model.modules()] == before
    assert (len(hook.records), hook.n_passes) == (2, 2)
    assert (len(second.records), second.n_passes) == (1, 1)
    assert hook.record() is hook.records[-1]
    hook.remove()
    assert "3 records in 2 passes" in repr(hook)


def test_every_none_records_on_request_only() -> None:
    model = chain(nn.Tanh, 1, 0)
    with LinkingHook(model, RING, OTHER, every=None) as hook:
        model(torch.zeros(2, 3))
        assert hook.records == []
        found = hook.record()
    assert found.step == 1
    assert found.certified
    assert "Tanh" in repr(found)


def test_inside_inference_and_autocast() -> None:
    model = chain(nn.Tanh, 2, 0)
    expected = record(model).to_json()
    with LinkingHook(model, RING, OTHER) as hook:
        with torch.inference_mode():
            output = model(torch.zeros(2, 3))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            model(torch.zeros(2, 3))
    assert output.is_inference()
    for step, found in enumerate(hook.records):
        assert found.to_json() == {**expected, "step": step}


def test_types_of_models_and_curves() -> None:
    model = chain(nn.Tanh, 1, 0)
    expected = record(model).to_json()
    a, b = torch.tensor(RING, requires_grad=True), torch.tensor(OTHER)
    assert record(model, a, b).to_json() == expected
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        found = record(chain(nn.Tanh, 1, 0).to(dtype))
        assert found.certified
        assert found.numbers == (-1, *found.numbers[1:])
    assert [parameter.dtype for parameter in model.parameters()] == [torch.float32] * 2


class Shared(nn.Module):
    """One activation in place at two places, tied weights and a model that returns what its part did."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = linear(np.eye(3), [3.0, 3, 3]), nn.Linear(3, 3)
        self.second.weight, self.second.bias = self.first.weight, self.first.bias
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        return self.act(self.second(self.act(self.first(x))))


def test_shared_parts_in_place() -> None:
    found = record(Shared(), SQUARE, THROUGH)
    assert [row.module for row in found.rows] == ["input", "first", "act", "second", "act"]
    assert found.numbers == (-1,) * 5
    assert found.certified
    assert record(nn.Sequential(linear(np.eye(3)), nn.Identity())).certified


def test_values_beyond_float64() -> None:
    model = nn.Sequential(linear(np.eye(3) * 2.0**1000), linear(np.eye(3) * 2.0**1000), nn.Tanh())
    found = record(model, SQUARE, THROUGH)
    assert [row.certified for row in found.rows[1:3]] == [True, True]  # exact integers
    assert found.numbers[:3] == (-1, -1, -1)
    assert not found.rows[3].certified


def test_curves_in_other_dimensions() -> None:
    flat = np.hstack([RING, OTHER])
    found = record(nn.Sequential(linear(np.eye(3, 6)), nn.Tanh()), flat, flat + np.eye(6)[2])
    assert found.skipped[0] == ("input", (6,))
    assert found.numbers == (0, 0)


def test_bad_arguments() -> None:
    model = chain(nn.Tanh, 1, 0)
    with pytest.raises(TypeError, match="module is of type int"):
        LinkingHook(3, RING, OTHER)
    with pytest.raises(ValueError, match=r"curve_a has shape \(2, 3\)"):
        LinkingHook(model, RING[:2], OTHER)
    with pytest.raises(ValueError, match="curve_b has points of 2 coordinates"):
        LinkingHook(model, RING, OTHER[:, :2])
    with pytest.raises(ValueError, match="curve_b"):
        LinkingHook(model, RING, np.where(OTHER > 1, np.nan, OTHER))
    with pytest.raises(ValueError, match="every is 0"):
        LinkingHook(model, RING, OTHER, every=0)
    with pytest.raises(TypeError, match=r"max_segments is 1\.5"):
        LinkingHook(model, RING, OTHER, max_segments=1.5)
    assert len(model._forward_hooks) == 0


def test_models_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="model cannot take the curves, points of 3 coordinates"):
        record(nn.Sequential(nn.Linear(2, 3)))
    with pytest.raises(ValueError, match=r"weight is a .* tensor on meta"):
        record(nn.Linear(3, 3, device="meta"))
    model = nn.Sequential(nn.Dropout(), nn.Linear(2, 3))
    with pytest.raises(ValueError, match="cannot take"):
        record(model)
    assert all(part.training for part in model.modules())
    assert all(len(part._forward_hooks) == 0 for part in model.modules())


def test_curves_that_meet_at_once() -> None:
    found = record(
        nn.Sequential(nn.Identity(), linear(np.eye(3)), nn.Tanh()), SQUARE, SQUARE[::-1], max_segments=64
    )
    assert found.numbers[:3] == (None, None, None)
    assert [row.certified for row in found.rows] == [True, True, True, False]
    assert [row.meeting is not None for row in found.rows] == [True, True, True, False]
    assert found.rows[0].reason.startswith("exact images meet after input")
    few = record(
        nn.Sequential(linear(np.eye(3), [-1.5, 0, 0]), nn.ReLU(), nn.Tanh()), RING, OTHER, max_segments=40
    )
    assert few.rows[0].certified
    assert few.numbers[0] == -1
    assert not few.rows[2].certified
    assert "max_segments = 40" in few.rows[2].reason
