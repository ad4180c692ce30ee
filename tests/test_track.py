"""relutope.track: metrics at every checkpoint, of every kind, on every domain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relutope
from relutope import AllSpace, Box, Network, PolyhedralComplex, Polytope, Slice
from relutope.training import BettiStatistics, Context, FiedlerAgreement, NearData, Series
from training_runs import STEPS, files, layers, n_vertices, network


@pytest.fixture
def run() -> list[tuple[int, dict[str, np.ndarray]]]:
    return [(step, layers(step)) for step in STEPS]


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).uniform(-1.2, 1.2, size=(60, 2))
    return X, (X[:, 0] > 0).astype(int)


ALL = [
    "f_vector", "regions", "regions_with_data", "bounded_regions", "effective_regions", "betti_statistics",
    "boundary_betti", "counts_near_data", "patterns",
]  # fmt: skip


def direct(complex_: PolyhedralComplex, X: np.ndarray) -> dict[str, Any]:
    """Every key of the named metrics by direct calls."""
    counted = complex_.count_points(X)
    count = complex_.count_regions(X=X)
    curves = relutope.betti_curves(complex_, "cell_max", n_orderings=100, rng=0)
    low, high = X.min(axis=0), X.max(axis=0)
    half_widths = (1, 2, 4, 8, 16, 64, 1024)
    middle, half = (low + high) / 2, (high - low) / 2
    boxes = [Box(middle - h * half, middle + h * half) for h in half_widths]
    near = [relutope.polyhedral_complex(complex_.network, box).n_regions for box in boxes]
    assert count.by_data is not None
    assert count.by_volume is not None
    return {
        "f_vector": complex_.f_vector,
        "regions": complex_.n_regions,
        "regions_with_data": np.count_nonzero(counted.counts),
        "points_outside": counted.n_outside,
        "bounded_regions": complex_.n_bounded_regions,
        "effective_regions_by_volume_1": count.by_volume.order_1,
        "effective_regions_by_volume_2": count.by_volume.order_2,
        "effective_regions_by_data_1": count.by_data.order_1,
        "effective_regions_by_data_2": count.by_data.order_2,
        "betti_peak": curves.peak.mean(axis=0),
        "betti_peak_sd": curves.peak.std(axis=0, ddof=1),
        "betti_peak_per_cell": curves.peak.mean(axis=0) / sum(complex_.counts),
        "betti_place": curves.first_place.mean(axis=0),
        "betti_place_sd": curves.first_place.std(axis=0, ddof=1),
        "boundary_betti": complex_.decision_boundary().betti(),
        "half_widths": half_widths,
        "near_data_regions": near,
        "regions_in_data_box": near[0],
        "regions_in_huge_box": near[-1],
        "pattern_neurons": 9,
    }


def test_metrics_are_those_of_direct_calls(
    run: list[tuple[int, dict[str, np.ndarray]]], data: tuple[np.ndarray, np.ndarray]
) -> None:
    series = relutope.track(run, ALL, domain=(-1, 1), X=data[0], y=data[1])
    assert series.steps.tolist() == list(STEPS)
    assert series.failed == {}
    assert series.domain == Box([-1, -1], [1, 1])
    assert len(set(series["regions"].tolist())) > 1
    assert series["points_outside"][0] > 0
    for place, step in enumerate(STEPS):
        complex_ = relutope.polyhedral_complex(network(step), (-1, 1))
        assert series.model_hashes[place] == complex_.network.hash
        expected = direct(complex_, data[0])
        keys = {"patterns", "pattern_volumes", "pattern_corners", "pattern_indptr"}
        assert set(series.columns) == expected.keys() | keys
        for key, value in expected.items():
            assert series[key][place] == pytest.approx(value), key
        bits = np.unpackbits(series["patterns"][place], axis=1, count=9)
        rows = sorted(map(tuple, complex_.regions().activation_patterns().astype(int).tolist()))
        assert [tuple(row) for row in bits.tolist()] == rows
        volumes = complex_.regions().volumes()
        assert sorted(series["pattern_volumes"][place]) == sorted(volumes)


def test_every_kind_of_checkpoint(run: list[tuple[int, dict[str, np.ndarray]]], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 5), torch.nn.ReLU(), torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)
    ).double()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in run[2][1].items()})
    torch.save(module.state_dict(), tmp_path / "model-50.pt")
    paths = files(tmp_path, run)
    mixed = [
        paths[1], str(tmp_path / "model-50.pt"), module, (60, module), (61, module.state_dict()),
        (62, network(20)), (63, paths[2]), network(20),
    ]  # fmt: skip
    series = relutope.track(iter(mixed), "f_vector", domain=(-1, 1))
    assert series.steps.tolist() == [2, 7, 10, 50, 60, 61, 62, 63]
    expected = [relutope.polyhedral_complex(network(step), (-1, 1)).f_vector for step in (10, 20)]
    assert [tuple(row) for row in series["f_vector"].tolist()] == [
        expected[int(step != 10)] for step in series.steps
    ]
    assert any("assumed: ReLU" in note for note in series.notes)


def test_a_generator_is_read_as_results_are_wanted(run: list[tuple[int, dict[str, np.ndarray]]]) -> None:
    events: list[str] = []
    state = dict(run[0][1])

    def training() -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        for step, later in run:
            events.append(f"yield {step}")
            yield step, state
            state.update(later)  # as training does, after the snapshot was taken

    def watch(complex_: PolyhedralComplex, context: Context) -> dict[str, int]:
        events.append(f"measure {context.step}")
        return {"regions": complex_.n_regions}

    series = relutope.track(training(), watch, domain=(-1, 1))
    assert events == [f"{word} {step}" for step in STEPS for word in ("yield", "measure")]
    assert series["regions"][1] == series["regions"][0]


def test_callables_and_mappings(run: list[tuple[int, dict[str, np.ndarray]]]) -> None:
    metrics = {"mine": n_vertices, "orders": BettiStatistics("by_dimension", 3), "r": "regions"}
    series = relutope.track(run, metrics, domain=(-1, 1))
    assert series["step"].tolist() == list(STEPS)
    assert (series["betti_peak"][:, 0] == series["vertices"]).all()
    assert series.metrics["orders"] == "BettiStatistics(filtration='by_dimension', n_orderings=3, seed=0)"
    assert list(series.metrics) == ["mine", "orders", "r"]


def test_values_of_many_shapes(run: list[tuple[int, dict[str, np.ndarray]]]) -> None:
    def odd(complex_: PolyhedralComplex, context: Context) -> dict[str, Any]:
        values: dict[str, Any] = {"ragged": np.arange(context.step // 10), "none": None, "flag": True}
        if context.step == 10:
            values |= {"once": 7, "row": [1, 2]}
        return values

    series = relutope.track(run, odd, domain=(-1, 1))
    assert [part.tolist() for part in series["ragged"]] == [[], [0], [0, 1], [0, 1, 2, 3]]
    assert np.array_equal(series["once"], [np.nan, 7, np.nan, np.nan], equal_nan=True)
    nothing = [np.nan, np.nan]
    assert np.array_equal(series["row"], [nothing, [1, 2], nothing, nothing], equal_nan=True)
    assert series["flag"].dtype == bool
    assert series.to_dict()["columns"]["none"] == [None] * 4
    assert json.loads(json.dumps(series.to_dict(), allow_nan=False))["columns"]["ragged"][3] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"operator": "edge_mean", "threshold": "sweep", "epsilon": 0.5, "include_output": True},
        {"operator": "unweighted", "n_null": 0, "n_bootstrap": 0},
    ],
)
def test_fiedler_agreement(
    run: list[tuple[int, dict[str, np.ndarray]]],
    data: tuple[np.ndarray, np.ndarray],
    options: dict[str, Any],
) -> None:
    metric: Any = FiedlerAgreement(**options) if options else "fiedler"
    names = {0: "fiedler", 3: "fiedler_unweighted", 4: "fiedler_edge_mean_sweep_epsilon_0.5_output"}
    name = names[len(options)]
    series = relutope.track(run, [metric, "regions"], domain=(-1, 1), X=data[0], y=data[1])
    assert series.metrics[name] == repr(FiedlerAgreement(**options))
    sizes = {key: options.pop(key) for key in ("n_null", "n_bootstrap") if key in options}
    for place, step in enumerate(STEPS):
        complex_ = relutope.polyhedral_complex(network(step), (-1, 1))
        partition = relutope.fiedler_partition(complex_, data[0], **options)
        report = partition.report(*data, **sizes).to_dict()
        for key in ("lambda_2", "n_components", "misclassification", "purity_floor_output", "baseline"):
            assert series[f"{name}_{key}"][place] == report[key], key
        for key in ("boundary_followed", "cut_on_boundary", "hausdorff"):
            expected = np.nan if report["boundary"][key] is None else report["boundary"][key]
            assert series[f"{name}_{key}"][place] == pytest.approx(expected, nan_ok=True)
        for key, entry in (("null_p_value", "p_value"), ("null_mean", "mean"), ("stability_mean", "mean")):
            if sizes:
                assert f"{name}_{key}" not in series.columns
            else:
                assert series[f"{name}_{key}"][place] == report[key.split("_")[0]][entry]
    assert not any(
        word in key for key in series.columns for word in ("n_parts", "cut_2", "n_neighbours", "_n_p")
    )
    unlabelled = relutope.track(run, metric, domain=(-1, 1), X=data[0])
    suffixes = ("lambda_2", "lambda_3", "relative_gap", "n_components")
    assert list(unlabelled.columns) == [f"{name}_{suffix}" for suffix in suffixes]


def test_fiedler_agreements_side_by_side(run: list[tuple[int, dict[str, np.ndarray]]]) -> None:
    alone = relutope.track(run, FiedlerAgreement("unweighted"), domain=(-1, 1))
    assert (alone["fiedler_unweighted_lambda_2"] > 0).all()
    with pytest.raises(ValueError, match="metric 'fiedler_occupied' needs X"):
        relutope.track(run, [FiedlerAgreement("occupied")], domain=(-1, 1))
    for options, message in (
        ({"operator": "best"}, "operator is 'best'"),
        ({"threshold": "best"}, "threshold is 'best'"),
        ({"epsilon": -1}, "epsilon is -1"),
        ({"n_null": -1}, "n_null is -1; legal: an int >= 0"),
    ):
        with pytest.raises(ValueError, match=message):
            FiedlerAgreement(**options)
    with pytest.raises(TypeError, match="include_output is 1; legal: a bool"):
        FiedlerAgreement(include_output=1)


@pytest.mark.parametrize(
    "domain",
    [AllSpace(), Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1]), Slice([0, 0], [[1, 1]], Box(-1, 1))],
    ids=lambda domain: type(domain).__name__,
)
def test_other_domains(run: list[tuple[int, dict[str, np.ndarray]]], domain: Any, tmp_path: Path) -> None:
    X = np.linspace(-0.5, 0.3, 8).reshape(8 if isinstance(domain, Slice) else 4, -1)
    metrics = ["f_vector", "counts_near_data", "effective_regions"]
    series = relutope.track(run, metrics, domain=domain, X=X, out=tmp_path, lifetimes=True)
    assert series.domain == domain == Series.load(tmp_path).domain
    for place, step in enumerate(STEPS):
        complex_ = relutope.polyhedral_complex(network(step), domain)
        assert tuple(series["f_vector"][place]) == complex_.f_vector
        by_volume = complex_.count_regions().by_volume
        expected = np.nan if by_volume is None else by_volume.order_1
        assert series["effective_regions_by_volume_1"][place] == pytest.approx(expected, nan_ok=True)
        smallest = Box.around(X, 0)
        assert series["regions_in_data_box"][place] == (
            relutope.polyhedral_complex(complex_.network, smallest).n_regions
        )
    assert (series.lifetimes().note != "") == isinstance(domain, AllSpace)


def test_near_data_of_data_that_do_not_vary() -> None:
    line = Network.from_arrays([[[1, 0], [1, 0]], [[1, 1]]], [[0, -3], [0]])
    metric = NearData((1, 4))
    series = relutope.track([line], {"near": metric}, domain=(-1, 1), X=[[0.5, 7], [0.5, 7]])
    assert series["near_data_regions"].tolist() == [[2, 3]]
    for wrong in ((), (0, 1), (2, 1)):
        with pytest.raises(ValueError, match="half_widths"):
            NearData(wrong)
