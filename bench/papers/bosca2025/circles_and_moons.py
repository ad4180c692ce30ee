"""Two circles and two moons: how often Fiedler partitions are the classes, and what the network adds.

For every operator, threshold, with and without the output's zero set, over seeds of data and initial weights;
beside the purity floor, the spectral partition of the points alone, the untrained network and one trained on
shuffled labels. The variant that is most often within 2 % is chosen on one half of the seeds and confirmed on
the other. Epsilon is 0 throughout.

    python bench/papers/bosca2025/circles_and_moons.py [--seeds 20] [--full] [--out FOLDER]
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from common import Trained, accuracy, arguments, halves, holm, interval, rate, shown, sign_flip_p, train
from common import write_json as write
from matplotlib.figure import Figure
from sklearn.datasets import make_circles, make_moons

import relutope
from relutope.spectral import OPERATORS, THRESHOLDS
from relutope.spectral.baselines import data_baseline
from relutope.spectral.matching import contingency, misclassified, purity_floor
from relutope.spectral.operators import pencil
from relutope.spectral.thresholds import cut_value

TASKS = ("circles", "moons")
HIDDEN, POINTS, LEARNING_RATE, DECAY, HIT = (16, 16), 400, 5e-3, 1e-2, 0.02
KINDS = ("trained", "untrained", "shuffled")
#: operator, threshold, whether the output's zero set cuts the regions
VARIANTS = [(o, t, cut) for o in OPERATORS for t in THRESHOLDS for cut in (False, True)]
Example = tuple[Trained, np.ndarray, np.ndarray]


def points(task: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if task == "circles":
        X, y = make_circles(POINTS, noise=0.06, factor=0.5, random_state=seed)
    else:
        X, y = make_moons(POINTS, noise=0.1, random_state=seed)
    return X.astype(np.float32), y


def errors(network: relutope.Network, X: np.ndarray, y: np.ndarray, domain: Any) -> dict[str, Any]:
    """Misclassification by variant, and the floors."""
    complex_ = relutope.polyhedral_complex(network, domain)
    found: dict[str, Any] = {"regions": complex_.n_regions}
    for cut in (False, True):
        for operator in OPERATORS:
            partition = relutope.fiedler_partition(complex_, X, operator=operator, include_output=cut)
            regions = partition.point_regions
            form = pencil(partition.graph.adjacency.astype(float), partition.weights, operator, 0.0)
            v = partition.vectors[:, 0]
            for threshold in THRESHOLDS:
                parts = (v >= cut_value(v, threshold, partition.weights, form)).astype(np.int64)
                error = misclassified(contingency(parts[regions], y, (2, 2)))
                found[name_of((operator, threshold, cut))] = error
        found[f"floor{' + output' * cut}"] = purity_floor(regions, y, 2)
        if not cut:
            found["baseline"] = data_baseline(partition, X, y, 2, 10, np.random.default_rng(0))[0]
    return found


def name_of(variant: tuple[str, str, bool]) -> str:
    operator, threshold, cut = variant
    return f"{operator}, {threshold}{' + output' * cut}"


def run(task: str, seeds: list[int], steps: int) -> tuple[list[dict[str, Any]], Example]:
    """One record per seed: accuracy, and errors for each kind of network; and what to draw."""
    X, y = (np.stack(arrays) for arrays in zip(*(points(task, seed) for seed in seeds), strict=True))
    shuffled = np.stack([np.random.default_rng([5, s]).permutation(y[i]) for i, s in enumerate(seeds)])
    options = {"steps": steps, "lr": LEARNING_RATE, "decay": DECAY}
    real = train(X, y, HIDDEN, seeds, **options)
    fake = train(X, shuffled, HIDDEN, seeds, **options)
    records = []
    for i, seed in enumerate(seeds):
        domain = relutope.Box.around(X[i])
        networks = (real.network(steps, i), real.network(0, i), fake.network(steps, i))
        record: dict[str, Any] = {"seed": seed, "accuracy": accuracy(real.layers(steps, i), X[i], y[i])}
        for kind, network in zip(KINDS, networks, strict=True):
            record[kind] = errors(network, X[i], y[i], domain)
        records.append(record)
    return records, (real, X[0], y[0])


def table(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Median error and hit rate by variant and kind, and what training adds."""
    found: dict[str, Any] = {}
    for variant in VARIANTS:
        name = name_of(variant)
        by_kind = {kind: np.array([record[kind][name] for record in records]) for kind in KINDS}
        base = np.array([record["trained"]["baseline"] for record in records])
        gain = by_kind["trained"] - by_kind["untrained"]
        found[name] = {
            **{kind: interval(values, np.median) for kind, values in by_kind.items()},
            "hits": {kind: rate(values <= HIT) for kind, values in by_kind.items()},
            "minus_untrained": interval(gain),
            "minus_shuffled": interval(by_kind["trained"] - by_kind["shuffled"]),
            "minus_baseline": interval(by_kind["trained"] - base),
            "p_below_untrained": sign_flip_p(gain),
            "p_below_baseline": sign_flip_p(by_kind["trained"] - base),
        }
    for key in ("untrained", "baseline"):
        adjusted = holm(found[name][f"p_below_{key}"] for name in found)
        for name, p in zip(list(found), adjusted, strict=True):
            found[name][f"holm_below_{key}"] = float(p)
    return found


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    def of(kind: str, key: str) -> list[float]:
        return interval([record[kind][key] for record in records], np.median)

    return {
        "seeds": len(records),
        "accuracy": interval([record["accuracy"] for record in records], np.median),
        "baseline": of("trained", "baseline"),
        "baseline_hits": rate([record["trained"]["baseline"] <= HIT for record in records]),
        **{
            f"{key} {kind}": of(kind, key) for key in ("regions", "floor", "floor + output") for kind in KINDS
        },
        "variants": table(records),
    }


def best(variants: dict[str, Any], weighted: bool, cut: bool) -> str:
    """The variant with most hits on the given seeds; of several that of the least median."""
    names = [
        name_of(variant)
        for variant in VARIANTS
        if variant[2] == cut and (variant[0] != "unweighted") == weighted
    ]
    return min(names, key=lambda name: (-variants[name]["hits"]["trained"][0], variants[name]["trained"][0]))


def analyse(records: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    result: dict[str, Any] = {half: summary(found) for half, found in records.items()}
    result["chosen"] = {}
    for weighted in (False, True):
        for cut in (False, True):
            name = best(result["choose"]["variants"], weighted, cut)
            key = f"{'weighted' if weighted else 'unweighted'}{' + output' * cut}"
            result["chosen"][key] = {"variant": name, **result["confirm"]["variants"][name]}
    variants = result["choose"]["variants"].items()
    result["choose"]["variants"] = {
        name: {"trained": found["trained"], "hits": found["hits"]["trained"]} for name, found in variants
    }
    return result


def draw_errors(path: Path, records: dict[str, list[dict[str, Any]]]) -> None:
    """Errors of the confirming seeds by variant: trained and untrained networks."""
    figure = Figure(figsize=(13, 13), layout="constrained")
    for ax, (task, found) in zip(figure.subplots(1, len(records), sharey=True), records.items(), strict=True):
        names = [name_of(variant) for variant in VARIANTS]
        for kind, shift, colour in zip(KINDS, (-0.25, 0, 0.25), ("C0", "0.6", "C1"), strict=True):
            values = np.array([[record[kind][name] for record in found] for name in names])
            places = np.arange(len(names)) + shift
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=1)
            ax.hlines(places, low, high, color=colour, lw=2)
            ax.plot(middle, places, "o", color=colour, ms=3, label=f"{kind}: median, quartiles")
        base = np.median([record["trained"]["baseline"] for record in found])
        ax.axvline(base, color="k", ls=":", label="points alone: median")
        ax.set(title=f"two {task}", xlabel="misclassification", xlim=(-0.01, 0.51))
        ax.set_yticks(np.arange(len(names)), names, fontsize=7)
        ax.set_ylim(-5, len(names))
        ax.legend(loc="upper right", fontsize=7)
    ax.invert_yaxis()
    figure.savefig(path, dpi=90)


def draw_example(path: Path, example: dict[str, Example], steps: int) -> None:
    """The partitions of the first seed by four operators, with the output's zero set."""
    operators = ("unweighted", "mass", "edge_mean", "edge_inverse")
    figure = Figure(figsize=(16, 8), layout="constrained")
    axes = figure.subplots(len(example), len(operators))
    for row, (trained, X, y) in zip(axes, example.values(), strict=True):
        complex_ = relutope.polyhedral_complex(trained.network(steps, 0), relutope.Box.around(X))
        for ax, operator in zip(row, operators, strict=True):
            partition = relutope.fiedler_partition(complex_, X, operator=operator, include_output=True)
            partition.plot(ax, data=(X, y))
            ax.set_title(operator)
    figure.savefig(path, dpi=70)


def main(options: Namespace) -> None:
    result, confirming, examples = {}, {}, {}
    for task in TASKS:
        runs = {half: run(task, seeds, options.steps) for half, seeds in halves(options.seeds).items()}
        records = {half: found for half, (found, _) in runs.items()}
        examples[task] = runs["choose"][1]
        result[task] = analyse(records)
        confirming[task] = records["confirm"]
        confirmed = result[task]["confirm"]
        print(f"{task}: accuracy {shown(confirmed['accuracy'])}, points alone {shown(confirmed['baseline'])}")
        print(f"  floor {shown(confirmed['floor trained'])}, {shown(confirmed['floor + output trained'])}")
        for kind, found in result[task]["chosen"].items():
            print(f"  {kind:20} {found['variant']:32} median {shown(found['trained'])}")
            print(f"    hits {shown(found['hits']['trained'])}, untrained {shown(found['untrained'])}")
            print(f"    trained - untrained {shown(found['minus_untrained'])}")
    write(options, "circles_and_moons", result)
    draw_errors(options.out / "circles_and_moons.png", confirming)
    draw_example(options.out / "circles_and_moons_example.png", examples, options.steps)


if __name__ == "__main__":
    main(arguments(__doc__, steps=1500))
