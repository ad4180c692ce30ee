"""What the scripts of this folder share: training many networks at once, intervals, corrections, files."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

import relutope

HERE = Path(__file__).resolve().parent
#: Seeds on which settings are chosen start here, and those on which they are confirmed there.
CHOOSE, CONFIRM = 0, 100
N_BOOTSTRAP = 2000
Layers = list[tuple[np.ndarray, np.ndarray]]


class Trained(NamedTuple):
    """Networks of several seeds: snapshots by step, each a list of (weights, biases) over all seeds."""

    snapshots: dict[int, list[tuple[np.ndarray, np.ndarray]]]
    #: Loss before each step, shape (steps, seeds).
    losses: np.ndarray

    def layers(self, step: int, place: int) -> Layers:
        return [(weight[place], bias[place]) for weight, bias in self.snapshots[step]]

    def network(self, step: int, place: int) -> relutope.Network:
        return relutope.Network.from_arrays(*zip(*self.layers(step, place), strict=True))


def initial(
    widths: Iterable[int], seeds: Iterable[int], scale: float, glorot: bool = False
) -> list[torch.nn.Parameter]:
    """Uniform weights and biases within scale / sqrt(n_in), each seed from a generator of its own.

    With `glorot` weights are within scale sqrt(6 / (n_in + n_out)) and biases 0, the default of TensorFlow.
    """
    widths, columns = list(widths), []
    for seed in seeds:
        rng = np.random.default_rng([17, seed])
        row = []
        for n_in, n_out in itertools.pairwise(widths):
            bound = scale * math.sqrt(6 / (n_in + n_out)) if glorot else scale / math.sqrt(n_in)
            row += [rng.uniform(-bound, bound, (n_out, n_in)), rng.uniform(-bound, bound, (1, n_out))]
            row[-1] *= not glorot
        columns.append(row)
    arrays = [np.stack(parts).astype(np.float32) for parts in zip(*columns, strict=True)]
    return [torch.nn.Parameter(torch.from_numpy(array)) for array in arrays]


def forward(parameters: list[torch.nn.Parameter], inputs: torch.Tensor) -> torch.Tensor:
    """Outputs of shape (seeds, points)."""
    value = inputs
    for place in range(0, len(parameters), 2):
        value = torch.baddbmm(parameters[place + 1], value, parameters[place].transpose(1, 2))
        if place + 2 < len(parameters):
            value = torch.relu(value)
    return value[..., 0]


def train(
    X: np.ndarray,
    y: np.ndarray,
    hidden: tuple[int, ...],
    seeds: Iterable[int],
    *,
    steps: int,
    lr: float,
    decay: float = 0.0,
    scale: float = 1.0,
    glorot: bool = False,
    regression: bool = False,
    snapshots: Iterable[int] = (),
) -> Trained:
    """Train one network per seed by full-batch AdamW, all at once.

    `X` has shape (seeds, points, d) and `y` (seeds, points). The loss is a sum over the seeds and AdamW works
    entry by entry, so no network sees another. Snapshots 0 and `steps` are always there.
    """
    torch.set_num_threads(1)
    parameters = initial((X.shape[2], *hidden, 1), seeds, scale, glorot)
    inputs, targets = (torch.from_numpy(np.ascontiguousarray(a, dtype=np.float32)) for a in (X, y))
    optimizer = torch.optim.AdamW(parameters, lr=lr, weight_decay=decay)
    wanted, kept, losses = {0, steps, *map(int, snapshots)}, {}, []
    loss_of = nn.functional.mse_loss if regression else nn.functional.binary_cross_entropy_with_logits
    for step in range(steps + 1):
        if step in wanted:
            arrays = [parameter.detach().numpy().copy() for parameter in parameters]
            pairs = zip(arrays[::2], arrays[1::2], strict=True)
            kept[step] = [(weight, bias[:, 0]) for weight, bias in pairs]
        if step < steps:
            optimizer.zero_grad()
            each = loss_of(forward(parameters, inputs), targets, reduction="none").mean(dim=1)
            each.sum().backward()
            optimizer.step()
            losses.append(each.detach().numpy().copy())
    return Trained(kept, np.array(losses))


def outputs(layers: Layers, X: np.ndarray) -> np.ndarray:
    """Values of a network in float64, of shape (points,)."""
    value = np.asarray(X, dtype=np.float64)
    for place, (weight, bias) in enumerate(layers):
        value = value @ weight.T.astype(np.float64) + bias
        if place + 1 < len(layers):
            value = np.maximum(value, 0)
    return value[:, 0]


def accuracy(layers: Layers, X: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((outputs(layers, X) > 0) == (y > 0)))


# Statistics


def interval(
    values: Any, statistic: Callable[..., Any] = np.mean, rng: int = 0, level: float = 0.95
) -> list[float]:
    """[statistic, lower, upper]: a percentile bootstrap over the entries."""
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return [math.nan] * 3
    drawn = np.random.default_rng(rng).integers(len(values), size=(N_BOOTSTRAP, len(values)))
    found = statistic(values[drawn], axis=1)
    ends = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return [float(statistic(values)), *map(float, ends)]


def rate(hits: Any) -> list[float]:
    """[share, lower, upper] with Wilson's interval of level 0.95."""
    hits = np.asarray(hits, dtype=bool)
    if not len(hits):
        return [math.nan] * 3
    n, p, z = len(hits), float(np.mean(hits)), 1.959964
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [p, max(0.0, (centre - half) / (1 + z * z / n)), min(1.0, (centre + half) / (1 + z * z / n))]


def holm(p_values: Iterable[float]) -> np.ndarray:
    """Holm's adjusted p-values."""
    p = np.asarray(list(p_values), dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1)
    return result


def sign_flip_p(differences: Any, rng: int = 0, n: int = 4000) -> float:
    """One-sided p-value of a mean below 0 under random signs of paired differences."""
    differences = np.asarray(differences, dtype=np.float64)
    if not len(differences):
        return math.nan
    signs = np.random.default_rng(rng).choice([-1.0, 1.0], size=(n, len(differences)))
    found = (signs * differences).mean(axis=1) <= differences.mean() + 1e-15
    return float((1 + found.sum()) / (1 + n))


def circular_shifts(x: Any, y: Any, statistic: Callable[[Any, Any], float]) -> tuple[float, np.ndarray]:
    """A statistic of two curves, and of the first with the second shifted around by each other number."""
    x, y = np.asarray(x), np.asarray(y)
    return statistic(x, y), np.array([statistic(x, np.roll(y, k)) for k in range(1, len(y))])


def pooled_shift_p(curves: Iterable[tuple[Any, Any]], statistic: Any, rng: int = 0, n: int = 2000) -> Any:
    """Mean over pairs of curves, and its two-sided p-value with each pair shifted by a number of its own."""
    found = [circular_shifts(x, y, statistic) for x, y in curves]
    observed = float(np.mean([value for value, _ in found]))
    generator = np.random.default_rng(rng)
    null = np.mean([generator.choice(shifted, n) for _, shifted in found], axis=0)
    centred = np.abs(null - null.mean()) >= abs(observed - null.mean()) - 1e-15
    return observed, float((1 + centred.sum()) / (1 + n))


# The command line and files


def arguments(description: str | None, steps: int, seeds: int = 20, **others: int) -> argparse.Namespace:
    """--seeds N takes seeds 0..N-1 to choose and 100..100+N-1 to confirm; --full is --seeds 100.

    Of `others` each is one more option, with its default.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=seeds, help=f"of each half, default {seeds}")
    parser.add_argument("--steps", type=int, default=steps, help=f"of training, default {steps}")
    for name, value in others.items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")
    parser.add_argument("--full", action="store_true", help="100 seeds of each half")
    parser.add_argument("--out", type=Path, default=HERE / "results", metavar="FOLDER")
    options = parser.parse_args()
    if options.full:
        options.seeds = 100
    if not 1 <= options.seeds <= 100 or options.steps < 1:
        parser.error("legal: 1 to 100 seeds, at least 1 step")
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def halves(n: int) -> dict[str, list[int]]:
    return {"choose": list(range(CHOOSE, CHOOSE + n)), "confirm": list(range(CONFIRM, CONFIRM + n))}


def rounded(value: Any) -> Any:
    """Ready for JSON, floats to six digits, None for what is not finite."""
    if isinstance(value, dict):
        return {str(key): rounded(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(entry) for entry in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{float(value):.6g}") if math.isfinite(value) else None
    return value


def write_json(options: argparse.Namespace, name: str, result: dict[str, Any]) -> None:
    settings = {"seeds": halves(options.seeds), "relutope": relutope.__version__}
    settings["seeds"] = {half: [seeds[0], seeds[-1]] for half, seeds in settings["seeds"].items()}
    others = {key: value for key, value in vars(options).items() if key not in {"seeds", "full", "out"}}
    settings |= others
    text = json.dumps(rounded({"settings": settings, **result}), indent=1)
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found.group().split()), text)
    (options.out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def shown(triple: list[float], digits: int = 3) -> str:
    value, low, high = triple
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
