"""Snapshots from a training loop: which steps are kept, and that they are copies."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relutope
from relutope.training import Recorder


def record(losses: list[float | None], **options: Any) -> Recorder:
    """A recorder of parameters that say which step it is."""
    state = {"0.weight": np.zeros((1, 1))}
    recorder = Recorder(lambda: state, **options)
    for step, loss in enumerate(losses):
        state["0.weight"][:] = step
        recorder.step(loss)
    assert [values["0.weight"].item() for _, values in recorder] == [step for step, _ in recorder]
    assert len(recorder) == len(list(recorder))
    assert recorder.n_steps == len(losses)
    return recorder


def steps(recorder: Recorder) -> list[int]:
    return [step for step, _ in recorder]


def test_every() -> None:
    flat = [1.0] * 10
    assert steps(record(flat, every=3)) == [0, 3, 6, 9]
    assert steps(record(flat, every=None)) == []
    assert steps(record([None] * 10, every=np.int64(4))) == [0, 4, 8]
    assert steps(record(flat, every=np.unique(np.geomspace(1, 9, 4).round().astype(int)))) == [1, 2, 4, 9]
    assert steps(record(flat, every=[7, 2, 2, 100])) == [2, 7]
    assert steps(record(flat, every=2, keep=2)) == [6, 8]


def test_a_recorder_without_snapshots_is_true() -> None:
    recorder = record([1.0, 2.0], every=None)
    assert (len(recorder), bool(recorder), bool(Recorder(dict))) == (0, True, True)


def test_the_ring_buffer_keeps_the_steps_around_a_spike() -> None:
    losses = [1.0] * 20
    losses[12] = 9.0
    assert steps(record(losses, every=None, around_spikes=3, window=5)) == list(range(9, 16))
    assert steps(record(losses, every=10, around_spikes=1, window=5)) == [0, 10, 11, 12, 13]
    assert steps(record(losses, every=None, around_spikes=3, window=5, keep=4)) == [12, 13, 14, 15]
    assert steps(record(losses, every=None, window=5)) == []
    assert record(losses, every=None, window=5).spikes == [12]
    # Cut at both ends of the run, and two spikes in a row.
    losses = [1.0] * 8
    losses[1] = math.nan
    losses[6] = losses[7] = 9.0
    recorder = record(losses, every=None, around_spikes=3, window=3)
    assert recorder.spikes == [1, 6, 7]
    assert steps(recorder) == [0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("window", "factor"), [(1, 2.0), (4, 1.5), (7, 3.0), (10, 1.1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_spikes_follow_the_rule(window: int, factor: float, sign: int) -> None:
    rng = np.random.default_rng(window)
    losses = (sign * np.exp(rng.normal(size=200))).tolist()
    losses[50], losses[60] = math.nan, math.inf
    expected, past = [], []
    for step, loss in enumerate(losses):
        if not math.isfinite(loss):
            expected.append(step)
            continue
        if len(past) >= window:
            median = statistics.median(past[-window:])
            if loss - median > (factor - 1) * abs(median):
                expected.append(step)
                assert sign < 0 or loss > factor * median
        past.append(loss)
    recorder = record(losses, every=None, window=window, factor=factor)
    assert recorder.spikes == expected
    assert len(expected) > 5 or (sign < 0 and factor >= 2)  # below 0 even a loss of 0 is no spike then
    assert recorder.losses[:50] == losses[:50]
    assert math.isnan(recorder.losses[50])


def test_nothing_is_a_spike_before_the_window_is_full() -> None:
    assert record([1.0, 100.0, 10000.0], window=3).spikes == []
    assert record([1.0, 1.0, 1.0, 2.0], window=3).spikes == []  # not larger than twice
    assert record([1.0, 1.0, 1.0, 2.000001], window=3).spikes == [3]
    assert record([0.0, 0.0, 0.0, 1e-300], window=3).spikes == [3]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"every": 0}, ValueError, "every is 0"),
        ({"every": 2.5}, TypeError, "every is 2.5"),
        ({"every": [-1]}, ValueError, "every holds"),
        ({"every": [0.5]}, ValueError, "every holds"),
        ({"around_spikes": 0}, ValueError, "around_spikes is 0"),
        ({"keep": 0}, ValueError, "keep is 0"),
        ({"window": 0}, ValueError, "window is 0"),
        ({"factor": 1}, ValueError, "factor is 1"),
        ({"factor": "x"}, TypeError, "factor is 'x'; legal: a finite number > 1"),
        ({"every": "x"}, TypeError, "every is 'x'"),
        ({"every": object()}, TypeError, "every is <object"),
        ({"factor": math.nan}, ValueError, "factor is nan"),
    ],
)
def test_bad_arguments(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Recorder(dict, **options)


def test_bad_model_and_file_type(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="model is of type int"):
        Recorder(3)
    with pytest.raises(ValueError, match=r"file_type is '\.pt'"):
        record([1.0]).save(tmp_path, ".pt")


def trained(dtype: str = "float32") -> tuple[Recorder, list[dict[str, np.ndarray]]]:
    """The recorder of six steps of training, and what its parameters were at each step."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    layers = torch.nn.Linear(2, 6), torch.nn.ReLU(), torch.nn.Linear(6, 1)
    module = torch.nn.Sequential(*layers).to(getattr(torch, dtype))
    X = torch.randn(20, 2, dtype=getattr(torch, dtype))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    recorder = Recorder(module, every=2)
    seen = []
    for _ in range(6):
        loss = ((module(X) - X[:, :1]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recorder.step(loss)
        seen.append({name: p.detach().double().numpy().copy() for name, p in module.named_parameters()})
    return recorder, seen


def network_of(state: dict[str, np.ndarray]) -> relutope.Network:
    return relutope.Network.from_arrays(
        [state["0.weight"], state["2.weight"]], [state["0.bias"], state["2.bias"]]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("file_type", [".npz", ".safetensors"])
def test_snapshots_of_a_module(dtype: str, file_type: str, tmp_path: Path) -> None:
    if file_type == ".safetensors":
        pytest.importorskip("safetensors")
    recorder, seen = trained(dtype)
    assert steps(recorder) == [0, 2, 4]
    assert not any(tensor.requires_grad for _, state in recorder for tensor in state.values())
    hashes = tuple(network_of(seen[step]).hash for step in (0, 2, 4))
    assert len(set(hashes)) == 3
    series = relutope.track(recorder, "f_vector", domain=(-1, 1))
    assert (series.model_hashes, series.steps.tolist()) == (hashes, [0, 2, 4])
    paths = recorder.save(tmp_path / "run", file_type)
    assert [path.name for path in paths] == [f"step-{step:012d}{file_type}" for step in (0, 2, 4)]
    again = relutope.track(paths, "f_vector", domain=(-1, 1))
    assert (again.model_hashes, again.steps.tolist()) == (hashes, [0, 2, 4])
    about = json.loads((tmp_path / "run" / "recorder.json").read_text())
    assert about["losses"] == recorder.losses
    assert (about["every"], about["spikes"], about["window"], about["factor"]) == (2, [], 50, 2.0)


def test_arrays_are_saved_too(tmp_path: Path) -> None:
    recorder = record([1.0, math.nan, 1.0], every=[0, 2])
    for file_type in (".npz", ".safetensors"):
        paths = recorder.save(tmp_path, file_type)
        values = [relutope.load(path).exact_layers()[0][0].item() for path in paths]
        assert values == [0, 2]
    about = json.loads((tmp_path / "recorder.json").read_text())
    assert (about["losses"], about["every"], about["spikes"]) == ([1.0, None, 1.0], [0, 2], [1])
