"""Region counts by six definitions against an oracle in fractions, and known answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import relutope
from compare import complex_on, keys, network_of
from networks import CLASSES, Layers, cases
from region_oracle import Oracle, pattern
from relutope import AllSpace, Network, PolyhedralComplex, polyhedral_complex
from relutope.cli import main
from relutope.effective import hill_numbers
from relutope.linear_regions import activation_labels, affine_labels, closed_labels, open_labels
from relutope.region_counts import DEFINITIONS

DATA = Path(__file__).parent / "data" / "cases"

#: Open connected regions of the recorded networks on their boxes, by two other exact algorithms.
OPEN_CONNECTED = {
    "r2_16x2": 255,
    "r2_32x3": 2671,
    "r3_16x2": 3483,
    "t2_moons": 856,
    "t2_circles": 547,
    "deg_duplicate": 133,
    "deg_dead": 128,
    "deg_integer": 20,
    "deg_pruned70": 136,
    "deg_integer3d": 32,
    "deg_boxtouch": 4,
}


def counted(complex_: PolyhedralComplex) -> dict[str, int | None]:
    """All counts but the convex one, whose bounds are checked to fit into the chain."""
    results = complex_.count_all_regions()
    assert tuple(results) == DEFINITIONS
    lowest = [count.bounds[0] for count in results.values()]
    highest = [count.bounds[1] for count in results.values()]
    assert all(lo <= hi for lo, hi in zip(lowest, highest, strict=True))
    assert all(large >= small for large, small in zip(highest, lowest[1:], strict=False))
    chain = [results[name].count for name in DEFINITIONS if name != "convex"]
    assert chain == sorted(chain, reverse=True)
    return {name: count.count for name, count in results.items() if name != "convex"}


def same_classes(labels: np.ndarray, expected: list[set]) -> bool:
    """Whether labels are 0, 1, ... by lowest region and equal exactly within the expected classes."""
    found = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    assert sorted(int(group[0]) for group in found) == [int(group[0]) for group in found]
    return {frozenset(group.tolist()) for group in found} == {frozenset(group) for group in expected}


def assert_equals_oracle(complex_: PolyhedralComplex, oracle: Oracle) -> None:
    assert counted(complex_) == oracle.counts()
    regions = keys(complex_, complex_.dim)
    place = {region: i for i, region in enumerate(regions)}
    maps = affine_labels(complex_)
    open_ = open_labels(complex_, maps)
    assert np.array_equal(open_, complex_.linear_regions())

    def ids(groups: list[set]) -> list[set]:
        return [{place[region] for region in group} for group in groups]

    by_map = {region: [r for r in regions if oracle.maps[r] == oracle.maps[region]] for region in regions}
    by_pattern = {region: [r for r in regions if pattern(r) == pattern(region)] for region in regions}
    assert same_classes(maps, ids([set(group) for group in by_map.values()]))
    assert same_classes(activation_labels(complex_)[0], ids([set(g) for g in by_pattern.values()]))
    assert same_classes(open_, ids(oracle.joined(complex_.dim - 1)))
    assert same_classes(closed_labels(complex_, maps, open_), ids(oracle.joined(None)))


def two_outputs(layers: Layers) -> Layers:
    """The same network with the last hidden neuron as a second output."""
    weights, biases = layers[-1]
    unit = np.eye(weights.shape[1])[-1:]
    return [*layers[:-1], (np.vstack([weights, unit]), np.append(biases, 0.0))]


@pytest.mark.parametrize("space", [False, True], ids=["box", "space"])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", CLASSES)
def test_counts_are_the_oracles(name: str, d: int, space: bool) -> None:
    for index, case in enumerate(cases(name, d)[:2]):
        layers = two_outputs(case.layers) if index == 1 else case.layers
        lo, hi = (None, None) if space else (case.lo.tolist(), case.hi.tolist())
        assert_equals_oracle(complex_on(network_of(layers), lo, hi), Oracle(layers, lo, hi))


@pytest.mark.parametrize("name", OPEN_CONNECTED)
def test_recorded_open_connected_regions(name: str) -> None:
    complex_ = polyhedral_complex(relutope.load(DATA / f"{name}.npz"))
    labels = complex_.linear_regions()
    assert labels.dtype == np.int32
    assert labels.shape == (complex_.n_regions,)
    assert labels.max() + 1 == OPEN_CONNECTED[name]
    count = complex_.count_regions("open_connected")
    assert count.count == OPEN_CONNECTED[name]
    assert count.definition == "open_connected"


def test_wedges_that_touch() -> None:
    """relu(|x| - |y|) is 0 on two wedges that meet in the origin, which only the closed definition joins."""
    first = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    network = Network.from_arrays([first, [[1, 1, -1, -1]], [[1]]])
    for domain in (relutope.Box(-1, 1), AllSpace()):
        complex_ = polyhedral_complex(network, domain)
        found = {name: count.bounds for name, count in complex_.count_all_regions().items()}
        # Regions: 8; each wedge is convex, its halves have two patterns; rays and the origin add patterns.
        assert complex_.n_regions == 8
        assert found["proper_activation"] == (8, 8)
        assert found["convex"] == found["open_connected"] == (6, 6)
        assert found["closed_connected"] == found["affine"] == (5, 5)
        signs = {
            tuple((complex_.sign_vectors(k, [i]) > 0)[0])
            for k in range(3)
            for i in range(complex_.f_vector[k])
        }
        assert found["activation"] == (len(signs), len(signs))
        assert len(signs) > 8


def test_parallel_strips_on_all_space() -> None:
    """Functions of x alone: strips without any vertex, whose closures meet in lines or not at all."""
    network = Network.from_arrays([[[1, 0], [1, 0], [2, 0]], [[1, 1, -1]]], [[0, -1, -1], [0]])
    # A tent: 0 | x for 0 < x < 1/2 | 1 - x for 1/2 < x < 1 | 0.
    complex_ = polyhedral_complex(network, AllSpace())
    assert complex_.f_vector == (0, 3, 4)
    assert counted(complex_) == {**dict.fromkeys(set(DEFINITIONS) - {"convex"}, 4), "affine": 3}
    even = Network.from_arrays([[[1, 0], [-1, 0]], [[1, 1]], [[1]]], [[-1, -1], [0], [0]])
    # 0 between two half-planes; then 0 on both half-planes that are 2 apart.
    assert counted(polyhedral_complex(even, AllSpace()))["affine"] == 3
    apart = Network.from_arrays([[[1, 0], [-1, 0]], [[-1, -1]], [[1]]], [[0, 0], [1], [0]])
    found = counted(polyhedral_complex(apart, AllSpace()))
    assert (found["open_connected"], found["closed_connected"], found["affine"]) == (4, 4, 3)


def test_a_lower_dimensional_set_joins_nothing() -> None:
    """|x| - 1 and its mirror image agree in points between regions, where another map holds."""
    network = Network.from_arrays([[[1], [1], [1]], [[1, -2, 2]]], [[0, -1, -2], [0]])
    # Slopes 0, 1, -1, 1; the two pieces of slope 1 are different maps: x and x - 2.
    complex_ = complex_on(network, [-1], [4])
    assert counted(complex_) == dict.fromkeys(set(DEFINITIONS) - {"convex"}, 4)


def test_hill_numbers_by_volume_and_data() -> None:
    network = Network.from_arrays([[[1.0]], [[1.0]]])
    complex_ = polyhedral_complex(network, (-1, 3))
    count = complex_.count_regions("affine", [[-1], [1], [2], [3]])
    shares = np.array([0.25, 0.75])
    expected = np.exp(-(shares * np.log(shares)).sum()), 1 / (shares**2).sum()
    assert count.by_volume == pytest.approx(expected)
    assert count.by_data == pytest.approx(expected)
    assert complex_.count_regions("affine").by_data is None
    unbounded = polyhedral_complex(network, AllSpace()).count_regions("affine")
    assert unbounded.by_volume is None
    assert unbounded.count == 2
    assert hill_numbers([0, 0], [0, 1]) is None
    assert hill_numbers([1, 1, 1, 0], [0, 1, 2, 3]) == pytest.approx((3, 3))


def test_unknown_definition(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    with pytest.raises(ValueError, match="definition is 'linear'; legal: 'activation', 'proper_activation'"):
        complex_.count_regions("linear")
    with pytest.raises(ValueError, match="X"):
        complex_.count_regions(X=[[0, 0, 0]])


def test_networks_without_hidden_layers_or_influence() -> None:
    affine = polyhedral_complex(Network.from_arrays([[[1.0, 2.0]]], [[3.0]]), (-1, 1))
    assert set(counted(affine).values()) == {1}
    silent = Network.from_arrays([[[1.0, 2.0], [3.0, 1.0]], [[0.0, 0.0]]], [[0.1, 0.2], [3.0]])
    for domain in ((-1, 1), AllSpace()):
        found = counted(polyhedral_complex(silent, domain))
        assert (found["proper_activation"], found["open_connected"], found["affine"]) == (4, 1, 1)


@pytest.mark.parametrize("name", ["integer", "duplicate", "zero_bias"])
def test_more_layers_that_cut_the_complex_change_no_count(name: str) -> None:
    """One more layer, whose neuron is the output minus a number, cuts regions of the network apart."""
    case = cases(name, 2)[2]
    network, (weights, biases) = network_of(case.layers), case.layers[-1]
    inside = (2 * case.lo + case.hi) / 3
    height = network.exact_evaluate(inside)[0]
    longer = network_of(
        [*case.layers[:-1], (weights, biases - float(height)), (np.ones((1, 1)), np.zeros(1))]
    )
    complex_ = polyhedral_complex(network, (case.lo, case.hi))
    finer = polyhedral_complex(longer, (case.lo, case.hi))
    cut = PolyhedralComplex(finer.core, network, complex_.domain)
    assert cut.n_regions > complex_.n_regions
    for definition in DEFINITIONS:
        bounds = [each.count_regions(definition).bounds for each in (complex_, cut)]
        assert bounds[0][0] == bounds[1][0], definition
        assert bounds[0] == bounds[1] or definition == "convex"


def test_maps_that_differ_in_the_last_place() -> None:
    """Slopes 1 and 1 + 2^-52 are different; 0.1 + 0.2 and 0.3, exactly added, too."""
    close = Network.from_arrays([[[1.0], [1.0]], [[1.0, 2.0**-52]]], [[2.0, 0.0], [0.0]])
    assert counted(polyhedral_complex(close, (-1, 1)))["affine"] == 2
    sums = Network.from_arrays([[[1.0], [1.0], [-1.0]], [[0.1, 0.2, -0.3]]], [[0.0, 0.0, 0.0], [0.0]])
    assert counted(polyhedral_complex(sums, (-1, 1)))["affine"] == 2
    same = Network.from_arrays([[[1.0], [1.0], [-1.0]], [[0.125, 0.25, -0.375]]], [[0.0, 0.0, 0.0], [0.0]])
    assert counted(polyhedral_complex(same, (-1, 1)))["affine"] == 1


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(DATA / "deg_integer.npz")
    data = tmp_path / "points.csv"
    data.write_text("0.1,0.2\n0.3,0.4\n")
    assert main(["regions", model, "--json", "--data", str(data)]) == 0
    report = json.loads(capsys.readouterr().out)
    network = relutope.load(model)
    counts = polyhedral_complex(network).count_all_regions([[0.1, 0.2], [0.3, 0.4]])
    assert report["open_connected_regions"] == 20
    for name, count in counts.items():
        expected = list(count.bounds) if name == "convex" else count.count
        assert report[f"{name}_regions"] == expected
        for weights in ("by_volume", "by_data"):
            numbers = getattr(count, weights)
            assert report["effective"][name][weights] == {"1": numbers.order_1, "2": numbers.order_2}
    assert report["convex_arguments"] == counts["convex"].arguments
    assert (report["model"], report["model_hash"]) == (model, network.hash)
    assert report["domain"]["type"] == "box"
    assert report["semantics"].startswith("the real-valued function")
    assert main(["regions", model, "--all-space"]) == 0
    text = capsys.readouterr().out
    assert "open connected regions: " in text
    assert "effective" not in text
    assert main(["regions", model, "--box", "1", "0"]) == 2
    assert "lo < hi" in capsys.readouterr().err
    assert main(["regions", model, "--max-cells", "2"]) == 3
    assert "max_cells" in capsys.readouterr().err
