"""Does the Fiedler agreement rise with the training or with the test accuracy?

Two circles in two coordinates with one or three uniform distractors, and a 3x3 checkerboard: few points,
large initial weights and weight decay, so that training accuracy comes before test accuracy. The twin without
decay ends lower. The agreement is 1 minus the misclassification of 1,000 test points by the parts of the
regions, cut by the zero set of the output, with the training points as weights. The three operators are
fixed. The initial scale and the noise were chosen by the accuracies alone, on seeds 0 to 19; the second half
of the seeds repeats the first. In dimension 5 the partitions of one network take up to a minute, so they are
found for few seeds: for --pairs of each half, with and without decay, where the training accuracy is reached
and at the end; for --ends, at the end. Beside them stands the agreement at the end of training over decay and
scale, for --phases seeds of each half at most.

    python bench/papers/bosca2025/grokking.py [--seeds 5] [--full] [--pairs 2] [--ends 20] [--out FOLDER]
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from common import Trained, accuracy, arguments, halves, holm, interval, rate, shown, sign_flip_p, train
from common import write_json as write
from matplotlib.figure import Figure

import relutope
from relutope.spectral.matching import contingency, misclassified, purity_floor
from relutope.spectral.weighted_graph import regions_of_points

HIDDEN, LEARNING_RATE, SNAPSHOTS = (16, 16), 2e-3, 15
OPERATORS = ("unweighted", "mass", "edge_inverse")
COLOURS = dict(zip(("train", "test", *OPERATORS), ("0.5", "k", "C0", "C1", "C2"), strict=True))
DECAYS, SCALES = (0.0, 0.1, 0.3, 1.0), (2.0, 4.0, 6.0)


class Task(NamedTuple):
    """Points, initial scale, decays (that of the complexes first), steps over those of `--steps`.

    The domain is the box within plus and minus `sides`, which holds the points and little more.
    """

    distractors: int
    n: int
    scale: float
    decays: tuple[float, ...]
    longer: float
    sides: tuple[float, ...]


TASKS = {
    "d = 3": Task(1, 40, 6.0, (0.3,), 1, (1.25, 1.25, 1)),
    "checkerboard": Task(0, 80, 8.0, (0.3,), 5 / 3, (1, 1)),
    "d = 5": Task(3, 60, 6.0, (0.3, 0.1, 1.0), 5 / 3, (1.25, 1.25, 1, 1, 1)),
}


def data(seed: int, distractors: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Circles of radius 1 and 1/2 with noise 0.05, and uniform coordinates in [-1, 1].

    Without distractors it is the checkerboard of nine cells on [-1, 1]^2.
    """
    rng = np.random.default_rng([31, distractors, seed])
    if not distractors:
        X = rng.uniform(-1, 1, (n, 2)).astype(np.float32)
        return X, np.floor(1.5 * (X + 1)).astype(int).sum(axis=1) % 2
    y = rng.permutation(np.arange(n) % 2)
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.where(y == 0, 1.0, 0.5)
    plane = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    plane += 0.05 * rng.normal(size=plane.shape)
    return np.hstack([plane, rng.uniform(-1, 1, (n, distractors))]).astype(np.float32), y


def samples(seeds: list[int], distractors: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.stack(a) for a in zip(*(data(s, distractors, n) for s in seeds), strict=True))  # type: ignore[return-value]


def agreements(
    network: relutope.Network, sides: Any, X: np.ndarray, test: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    points, labels = test
    inside = (np.abs(points) <= sides).all(axis=1)
    complex_ = relutope.polyhedral_complex(network, relutope.Box(-np.array(sides), sides), n_threads=1)
    found: dict[str, float] = {"regions": complex_.n_regions, "occupied": np.nan}
    refined, regions = None, None
    for operator in OPERATORS:
        try:
            partition = relutope.fiedler_partition(complex_, X, operator=operator, include_output=True)
        except ValueError:  # all training points in one region
            found[operator] = 0.5
            continue
        if refined is None:
            refined = partition.complex
            regions = regions_of_points(refined, points[inside])
            found["floor"] = purity_floor(regions, labels[inside], 2)
            found["occupied"] = len(np.unique(partition.point_regions))
        table = contingency(partition.labels[regions], labels[inside], (2, 2))
        found[operator] = 1 - (misclassified(table) or 0.0)
    return found


class Run:
    """Networks of one task and decay: accuracies at log-spaced steps, agreements where they are asked for."""

    def __init__(self, task: Task, decay: float, seeds: list[int], steps: int) -> None:
        self.task = task
        self.X, self.y = samples(seeds, task.distractors, task.n)
        self.test = samples([seed + 100_000 for seed in seeds], task.distractors, 1000)
        self.places = sorted({int(s) for s in np.geomspace(min(30, steps), steps, SNAPSHOTS - 1)} | {0})
        options = {"lr": LEARNING_RATE, "decay": decay, "scale": task.scale, "snapshots": self.places}
        self.trained: Trained = train(self.X, self.y, HIDDEN, seeds, steps=steps, **options)
        self.records = [self._accuracies(i) | {"seed": seed} for i, seed in enumerate(seeds)]

    def _accuracies(self, i: int) -> dict[str, Any]:
        layers = [self.trained.layers(step, i) for step in self.places]
        found: dict[str, Any] = {
            "steps": np.array(self.places),
            "train": np.array([accuracy(each, self.X[i], self.y[i]) for each in layers]),
            "test": np.array([accuracy(each, self.test[0][i], self.test[1][i]) for each in layers]),
        }
        return found | {
            key: np.full(len(layers), np.nan) for key in ("regions", "occupied", "floor", *OPERATORS)
        }

    def agree(self, i: int, steps: Collection[float]) -> None:
        """Fill in the agreements of one network at some of the steps."""
        record = self.records[i]
        for place in np.flatnonzero(np.isin(record["steps"], list(steps))):
            network = self.trained.network(self.places[place], i)
            test = self.test[0][i], self.test[1][i]
            for key, value in agreements(network, self.task.sides, self.X[i], test).items():
                record[key][place] = value


def runs_of(task: Task, seeds: list[int], steps: int, pairs: int, ends: int) -> dict[float, Run]:
    """By decay. In dimension 5 agreements of `pairs` seeds at two steps, and of `ends` seeds at the end."""
    runs = {decay: Run(task, decay, seeds, steps) for decay in (0.0, *task.decays)}
    own, twin = runs[task.decays[0]], runs[0.0]
    for i, record in enumerate(own.records):
        reached = first(record["steps"], record["train"] >= 0.99)
        wanted = record["steps"] if len(task.sides) < 5 else (reached, steps)
        if len(task.sides) < 5 or i < pairs:
            own.agree(i, wanted)
            twin.agree(i, wanted)
        elif i < ends:
            own.agree(i, (steps,))
    return runs


def first(steps: np.ndarray, holds: np.ndarray) -> float:
    return float(steps[holds.argmax()]) if holds.any() else np.nan


def times(record: dict[str, Any]) -> dict[str, float]:
    """Steps of training (.99), of test (90 % of the gain after that), and of half the rise of each agreement.

    The half rise is taken between the agreement at the start and the largest one, if there are all of them.
    """
    steps, found = record["steps"], {"test": np.nan, "test_at_train": np.nan, "test_gain": np.nan}
    found["train"] = first(steps, record["train"] >= 0.99)
    reached = steps == found["train"]
    if reached.any():
        found["test_at_train"] = begin = record["test"][reached][0]
        gain = record["test"].max() - begin
        found["test_gain"] = record["test"][-1] - begin
        after = steps >= found["train"]
        if gain > 0.02:
            found["test"] = first(steps, after & (record["test"] >= begin + 0.9 * gain))
    for operator in OPERATORS:
        values = record[operator]
        rise = values.max() - values[0]
        found[operator] = first(steps, values >= values[0] + rise / 2) if rise > 0.1 else np.nan
        found[f"{operator} after train"] = values[-1] - values[reached][0] if reached.any() else np.nan
    return found


def histories(records: list[dict[str, Any]]) -> dict[str, Any]:
    """What the accuracies say."""
    own = [times(record) for record in records]
    keys = ("train", "test", "test_at_train", "test_gain")
    return {
        "reached": rate([np.isfinite(row["train"]) for row in own]),
        **{key: interval([row[key] for row in own], np.median) for key in keys},
        "final_test": interval([record["test"][-1] for record in records], np.median),
        "grokked": rate([row["test_gain"] >= 0.05 for row in own]),
    }


def summary(records: list[dict[str, Any]], twins: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracies of all networks; agreements of those that have one at the end."""
    result = histories(records) | {"twin": histories(twins)}
    kept = [i for i, record in enumerate(records) if np.isfinite(record["unweighted"][-1])]
    records, twins = [records[i] for i in kept], [twins[i] for i in kept]
    own = [times(record) for record in records]
    result["complexes_of"] = len(records)
    for key in ("floor", "regions", "occupied"):
        result[f"final_{key}"] = interval([record[key][-1] for record in records], np.median)
    for operator in OPERATORS:
        # The twin is read at the step at which the network itself reached the training accuracy.
        change, paired = [], []
        for record, twin, row in zip(records, twins, own, strict=True):
            change.append(row[f"{operator} after train"])
            at = record["steps"] == row["train"]
            paired.append(change[-1] - (twin[operator][-1] - twin[operator][at][0]) if at.any() else np.nan)
        found = [np.array([row[key] for row in own]) for key in (operator, "train", "test")]
        differences = np.array(paired)
        result[operator] = {
            "final": interval([record[operator][-1] for record in records], np.median),
            "final_within_2_percent": rate([record[operator][-1] >= 0.98 for record in records]),
            "twin_final": interval([twin[operator][-1] for twin in twins], np.median),
            "rise_after_train": interval(change),
            "rise_minus_twin": interval(paired),
            "pairs": int(np.isfinite(differences).sum()),
            "p_rise_over_twin": sign_flip_p(-differences[np.isfinite(differences)]),
            "log2_lag_on_train": interval(np.log2(found[0] / found[1]), np.median),
            "log2_lag_on_test": interval(np.log2(found[0] / found[2]), np.median),
            "after_train": rate((found[0] > found[1])[np.isfinite(found[0] + found[1])]),
            "before_test": rate((found[0] < found[2])[np.isfinite(found[0] + found[2])]),
            "rises": rate(np.isfinite(found[0])),
        }
    adjusted = holm(result[operator]["p_rise_over_twin"] for operator in OPERATORS)
    for operator, p in zip(OPERATORS, adjusted, strict=True):
        result[operator]["holm_rise_over_twin"] = float(p)
    return result


def phases(seeds: list[int], steps: int) -> dict[str, Any]:
    """Test accuracy at the end and agreement by decay and initial scale, in dimension 3."""
    task, result = TASKS["d = 3"], {}
    for decay in DECAYS:
        for scale in SCALES:
            run = Run(task._replace(scale=scale), decay, seeds, steps)
            for i in range(len(seeds)):
                run.agree(i, (steps,))
            result[f"decay {decay}, scale {scale}"] = {
                key: interval([record[key][-1] for record in run.records], np.median)
                for key in ("test", *OPERATORS)
            }
    return result


def draw(path: Path, runs: dict[str, list[dict[str, Any]]]) -> None:
    figure = Figure(figsize=(14, 2.4 * len(runs)), layout="constrained")
    for ax, (name, records) in zip(figure.subplots(len(runs) // 2, 2).flat, runs.items(), strict=True):
        steps = np.maximum(records[0]["steps"], 1)
        for key, colour in COLOURS.items():
            values = np.array([record[key] for record in records])
            if np.isnan(values).any():  # dimension 5: at the end only
                ax.plot(np.repeat(steps[-1], len(values)), values[:, -1], ".", color=colour, label=key)
                continue
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
            ax.semilogx(steps, middle, "--" if key == "train" else "-", color=colour, label=key)
            ax.fill_between(steps, low, high, color=colour, alpha=0.12)
        ax.set(title=f"{name}, {len(records)} seeds: median, quartiles", xlabel="step", ylim=(0.45, 1.01))
        ax.legend(fontsize=8)
    figure.savefig(path, dpi=80)


def draw_phases(path: Path, found: dict[str, Any]) -> None:
    figure = Figure(figsize=(14, 3.6), layout="constrained")
    for ax, key in zip(figure.subplots(1, 1 + len(OPERATORS)), ("test", *OPERATORS), strict=True):
        values = np.array([row[key][0] for row in found.values()]).reshape(len(DECAYS), len(SCALES))
        ax.imshow(values, vmin=0.5, vmax=1, cmap="viridis")
        for (row, column), value in np.ndenumerate(values):
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="w" if value < 0.8 else "k")
        ax.set_xticks(range(len(SCALES)), SCALES)
        ax.set_yticks(range(len(DECAYS)), DECAYS)
        ax.set(title=f"{key}: median at the end", xlabel="initial scale", ylabel="decay")
    figure.savefig(path, dpi=80)


def show(name: str, row: dict[str, Any]) -> None:
    print(f"{name}: train step {shown(row['train'], 0)}, test step {shown(row['test'], 0)}")
    print(f"  test {shown(row['test_at_train'])}, final {shown(row['final_test'])}, {shown(row['grokked'])}")
    for operator in OPERATORS if "complexes_of" in row else ():
        found = row[operator]
        print(f"  {operator:14} final {shown(found['final'])}, twin {shown(found['twin_final'])}")
        print(f"    rise after train {shown(found['rise_after_train'])}")
        p = found["holm_rise_over_twin"]
        print(f"    minus twin {shown(found['rise_minus_twin'])}, p {p:.4f} after Holm")
        print(f"    log2 lag on train {shown(found['log2_lag_on_train'])}", flush=True)


def main(options: Namespace) -> None:
    both = halves(options.seeds)
    result: dict[str, Any] = {half: {} for half in both}
    pictures: dict[str, Any] = {half: {} for half in both}
    few = halves(min(options.phases, options.seeds))
    result["phases"] = {half: phases(seeds, options.steps) for half, seeds in few.items()}
    for half, found in result["phases"].items():
        draw_phases(options.out / f"grokking_phases_{half}.png", found)
    for name, task in TASKS.items():
        steps = max(1, round(task.longer * options.steps))
        for half, seeds in both.items():
            runs = runs_of(task, seeds, steps, options.pairs, options.ends)
            records = {decay: run.records for decay, run in runs.items()}
            for decay in task.decays:
                measured = np.isfinite([record["unweighted"][-1] for record in records[decay]]).any()
                row = summary(records[decay], records[0.0]) if measured else histories(records[decay])
                result[half][f"{name}, decay {decay}"] = row
                show(f"{half}, {name}, decay {decay}", row)
            pictures[half] |= {f"{name}, decay {d}": records[d] for d in (task.decays[0], 0.0)}
            write(options, "grokking", result)
    for half, found in pictures.items():
        draw(options.out / f"grokking_{half}.png", found)


if __name__ == "__main__":
    main(arguments(__doc__, steps=6000, seeds=5, phases=30, pairs=0, ends=0))
