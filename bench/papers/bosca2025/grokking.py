"""Does the Fiedler agreement rise with the training or with the test accuracy?

Two circles in two coordinates with one or three uniform distractors, few points, large initial weights and
weight decay: training accuracy comes before test accuracy. The twin without decay ends lower. The agreement
is 1 minus the misclassification of 1,000 test points by the parts of the regions, cut by the zero set of the
output, with the training points as weights. The three operators are fixed. The initial scale and the noise
were chosen by the accuracies alone, on seeds 0 to 7; the second half of the seeds repeats the first. Then the
same at the end of training over decay and scale.

    python bench/papers/bosca2025/grokking.py [--seeds 5] [--full] [--out FOLDER]

--full has 100 seeds of each half and adds dimension 5.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from common import accuracy, arguments, halves, holm, interval, rate, shown, sign_flip_p, train
from common import write_json as write
from matplotlib.figure import Figure

import relutope
from relutope.spectral.matching import contingency, misclassified, purity_floor
from relutope.spectral.weighted_graph import regions_of_points

HIDDEN, LEARNING_RATE, SCALE, SNAPSHOTS = (16, 16), 2e-3, 6.0, 15
OPERATORS = ("unweighted", "mass", "edge_inverse")
#: Name: distractors, training points, weight decay.
SETTINGS = {"d = 3, decay 0.3": (1, 40, 0.3), "d = 3, decay 0": (1, 40, 0.0)}
FULL_SETTINGS = {"d = 5, decay 0.3": (3, 60, 0.3), "d = 5, decay 0": (3, 60, 0.0)}
#: The twin without decay of each setting.
TWINS = {"d = 3, decay 0.3": "d = 3, decay 0", "d = 5, decay 0.3": "d = 5, decay 0"}
COLOURS = dict(zip(("train", "test", *OPERATORS), ("0.5", "k", "C0", "C1", "C2"), strict=True))
DECAYS, SCALES = (0.0, 0.1, 0.3, 1.0), (2.0, 4.0, 6.0)


def data(seed: int, distractors: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Circles of radius 1 and 1/2 with noise 0.05, and uniform coordinates in [-1, 1]."""
    rng = np.random.default_rng([31, distractors, seed])
    y = rng.permutation(np.arange(n) % 2)
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.where(y == 0, 1.0, 0.5)
    plane = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    plane += 0.05 * rng.normal(size=plane.shape)
    return np.hstack([plane, rng.uniform(-1, 1, (n, distractors))]).astype(np.float32), y


def samples(seeds: list[int], distractors: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.stack(a) for a in zip(*(data(s, distractors, n) for s in seeds), strict=True))  # type: ignore[return-value]


def agreements(
    network: relutope.Network, X: np.ndarray, test: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    points, labels = test
    domain = (-1.5, 1.5)
    complex_ = relutope.polyhedral_complex(network, domain, n_threads=1)
    found: dict[str, float] = {"regions": complex_.n_regions, "occupied": np.nan}
    inside = (np.abs(points) <= 1.5).all(axis=1)
    refined, regions = None, None
    for operator in OPERATORS:
        try:
            partition = relutope.fiedler_partition(complex_, X, operator=operator, include_output=True)
        except ValueError:  # all training points in one region
            found[operator] = np.nan
            continue
        if refined is None:
            refined = partition.complex
            regions = regions_of_points(refined, points[inside])
            found["floor"] = purity_floor(regions, labels[inside], 2)
            found["occupied"] = len(np.unique(partition.point_regions))
        table = contingency(partition.labels[regions], labels[inside], (2, 2))
        found[operator] = 1 - (misclassified(table) or 0.0)
    return found


def run(setting: tuple[int, int, float], seeds: list[int], steps: int) -> list[dict[str, Any]]:
    """Per seed: accuracies and agreements at log-spaced steps."""
    distractors, n, decay = setting
    X, y = samples(seeds, distractors, n)
    test = samples([seed + 100_000 for seed in seeds], distractors, 1000)
    places = sorted({int(step) for step in np.geomspace(min(30, steps), steps, SNAPSHOTS - 1)} | {0})
    trained = train(
        X, y, HIDDEN, seeds, steps=steps, lr=LEARNING_RATE, decay=decay, scale=SCALE, snapshots=places
    )
    records = []
    for i, seed in enumerate(seeds):
        own_test = test[0][i], test[1][i]
        rows = []
        for step in places:
            layers = trained.layers(step, i)
            row = {"train": accuracy(layers, X[i], y[i]), "test": accuracy(layers, *own_test)}
            rows.append(row | agreements(trained.network(step, i), X[i], own_test))
        columns = {key: np.array([row.get(key, np.nan) for row in rows]) for key in rows[-1]}
        records.append({"seed": seed, "steps": np.array(places), **columns})
    return records


def first(steps: np.ndarray, holds: np.ndarray) -> float:
    return float(steps[holds.argmax()]) if holds.any() else np.nan


def times(record: dict[str, Any]) -> dict[str, float]:
    """Steps of training (.99), of test (90 % of the gain after that), and of half the rise of each agreement.

    The half rise is taken between the agreement at the start and the largest one.
    """
    steps, found = record["steps"], {}
    found["train"] = first(steps, record["train"] >= 0.99)
    if np.isfinite(found["train"]):
        begin = record["test"][steps == found["train"]][0]
        gain = record["test"].max() - begin
        after = steps >= found["train"]
        found["test"] = (
            first(steps, after & (record["test"] >= begin + 0.9 * gain)) if gain > 0.02 else np.nan
        )
        found["test_gain"] = record["test"][-1] - begin
    else:
        found["test"] = found["test_gain"] = np.nan
    for operator in OPERATORS:
        values = np.nan_to_num(record[operator], nan=0.5)
        rise = values.max() - values[0]
        found[operator] = first(steps, values >= values[0] + rise / 2) if rise > 0.1 else np.nan
        late = values[-1] - (values[steps == found["train"]][0] if np.isfinite(found["train"]) else np.nan)
        found[f"{operator} after train"] = late
    return found


def summary(records: list[dict[str, Any]], twins: list[dict[str, Any]]) -> dict[str, Any]:
    own = [times(record) for record in records]
    result: dict[str, Any] = {
        key: interval([row[key] for row in own], np.median) for key in ("train", "test", "test_gain")
    }
    result["final_test"] = interval([record["test"][-1] for record in records], np.median)
    result["grokked"] = rate([row["test_gain"] >= 0.05 for row in own])
    result["final_floor"] = interval([record["floor"][-1] for record in records], np.median)
    for key in ("regions", "occupied"):
        result[key] = {
            "first": interval([record[key][0] for record in records], np.median),
            "last": interval([record[key][-1] for record in records], np.median),
        }
    for operator in OPERATORS:
        # The twin is read at the step at which the network itself reached the training accuracy.
        change, paired = [], []
        for record, twin, row in zip(records, twins, own, strict=True):
            change.append(row[f"{operator} after train"])
            at = record["steps"] == row["train"]
            paired.append(change[-1] - (twin[operator][-1] - twin[operator][at][0]) if at.any() else np.nan)
        paired = np.array(paired)
        result[operator] = {
            "final": interval([record[operator][-1] for record in records], np.median),
            "final_within_2_percent": rate([record[operator][-1] >= 0.98 for record in records]),
            "twin_final": interval([twin[operator][-1] for twin in twins], np.median),
            "rise_after_train": interval(change),
            "rise_minus_twin": interval(paired),
            "p_rise_over_twin": sign_flip_p(-paired[np.isfinite(paired)]),
            "log2_lag_on_train": interval([np.log2(row[operator] / row["train"]) if row[operator] else np.nan
                                           for row in own], np.median),
            "log2_lag_on_test": interval([np.log2(row[operator] / row["test"]) if row[operator] else np.nan
                                          for row in own], np.median),
            "rises": rate([np.isfinite(row[operator]) for row in own]),
        }  # fmt: skip
    adjusted = holm(result[operator]["p_rise_over_twin"] for operator in OPERATORS)
    for operator, p in zip(OPERATORS, adjusted, strict=True):
        result[operator]["holm_rise_over_twin"] = float(p)
    return result


def phases(seeds: list[int], steps: int) -> dict[str, Any]:
    """Test accuracy at the end and agreement by decay and initial scale, in dimension 3."""
    X, y = samples(seeds, 1, 40)
    test = samples([seed + 100_000 for seed in seeds], 1, 1000)
    result = {}
    for decay in DECAYS:
        for scale in SCALES:
            trained = train(X, y, HIDDEN, seeds, steps=steps, lr=LEARNING_RATE, decay=decay, scale=scale)
            rows = []
            for i in range(len(seeds)):
                own_test = test[0][i], test[1][i]
                row = {"test": accuracy(trained.layers(steps, i), *own_test)}
                rows.append(row | agreements(trained.network(steps, i), X[i], own_test))
            keys = ("test", *OPERATORS)
            result[f"decay {decay}, scale {scale}"] = {
                key: interval([row[key] for row in rows], np.median) for key in keys
            }
    return result


def draw(path: Path, runs: dict[str, list[dict[str, Any]]]) -> None:
    figure = Figure(figsize=(7 * len(runs), 5), layout="constrained")
    for ax, (name, records) in zip(np.ravel(figure.subplots(1, len(runs))), runs.items(), strict=True):
        steps = np.maximum(records[0]["steps"], 1)
        for key, colour in COLOURS.items():
            values = np.array([record[key] for record in records])
            low, middle, high = np.nanquantile(values, [0.25, 0.5, 0.75], axis=0)
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


def main(options: Namespace) -> None:
    settings = SETTINGS | (FULL_SETTINGS if options.full else {})
    result: dict[str, Any] = {}
    for half, seeds in halves(options.seeds).items():
        runs = {name: run(setting, seeds, options.steps) for name, setting in settings.items()}
        result[half] = {
            name: summary(runs[name], runs[twin]) for name, twin in TWINS.items() if name in settings
        }
        draw(options.out / f"grokking_{half}.png", runs)
        for name, row in result[half].items():
            print(f"{half}, {name}: train step {shown(row['train'], 0)}, test step {shown(row['test'], 0)}")
            print(f"  final test {shown(row['final_test'])}, grokked {shown(row['grokked'])}")
            for operator in OPERATORS:
                found = row[operator]
                print(f"  {operator:14} final {shown(found['final'])}, twin {shown(found['twin_final'])}")
                print(f"    rise after train {shown(found['rise_after_train'])}")
                p = found["holm_rise_over_twin"]
                print(f"    minus twin {shown(found['rise_minus_twin'])}, p {p:.4f} after Holm")
                print(f"    log2 lag on train {shown(found['log2_lag_on_train'])}")
    result["phases"] = {half: phases(seeds, options.steps) for half, seeds in halves(options.seeds).items()}
    for half, found in result["phases"].items():
        draw_phases(options.out / f"grokking_phases_{half}.png", found)
    write(options, "grokking", result)


if __name__ == "__main__":
    main(arguments(__doc__, steps=6000, seeds=5))
