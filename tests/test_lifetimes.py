"""Regions followed through training, on networks whose regions move as planned; and overlap volumes."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

import relutope
from networks import CLASSES, cases
from relutope import AllSpace, Network
from relutope.training import Lifetimes
from relutope.training.overlap import overlap_volumes

mpl.use("Agg")


def crossing_lines(*biases: float, d: int = 2) -> Network:
    """Neuron i is on where x_i > bias i."""
    n = len(biases)
    return Network.from_arrays([np.eye(n, d), np.ones((1, n))], [[-b for b in biases], [0]])


def follow(networks: Any, domain: Any = (-1, 1), **options: Any) -> Lifetimes:
    return relutope.track(networks, "regions", domain=domain, lifetimes=True, **options).lifetimes()


def bars(found: Lifetimes) -> dict[tuple[tuple[int, ...], int], tuple[float, list[float], list[float]]]:
    """By pattern and birth: death, volumes, overlaps."""
    patterns = found.activation_patterns().astype(int)
    return {
        (tuple(patterns[found.pattern[i]].tolist()), int(found.births[i])): (
            float(found.deaths[i]),
            found.volumes[found.indptr[i] : found.indptr[i + 1]].tolist(),
            found.overlaps[found.indptr[i] : found.indptr[i + 1]].tolist(),
        )
        for i in range(len(found))
    }


def test_a_kink_that_moves_along_a_line() -> None:
    # The kink of neuron 0 goes 0 -> 1/2 -> out -> 0; that of neuron 1 stays at -1/2.
    def at(kink: float) -> Network:
        return Network.from_arrays([[[1], [1]], [[1, 1]]], [[-kink, 0.5], [0]])

    found = follow([(10, at(0)), (20, at(0.5)), (30, at(2)), (50, at(0))])
    nan = pytest.approx([np.nan], nan_ok=True)
    result = bars(found)
    assert result.keys() == {((0, 0), 10), ((0, 1), 10), ((1, 1), 10), ((1, 1), 50)}
    left, middle = result[(0, 0), 10], result[(0, 1), 10]
    assert left == (np.inf, [0.5] * 4, pytest.approx([np.nan, 0.5, 0.5, 0.5], nan_ok=True))
    assert middle[:2] == (np.inf, [0.5, 1, 1.5, 0.5])
    assert middle[2] == pytest.approx([np.nan, 0.5, 1, 0.5], nan_ok=True)
    assert result[(1, 1), 10] == (30, [1, 0.5], pytest.approx([np.nan, 0.5], nan_ok=True))
    assert result[(1, 1), 50] == (np.inf, [1], nan)
    counts = {key: value.tolist() for key, value in found.counts().items()}
    assert counts == {"alive": [3, 3, 2, 3], "born": [3, 0, 0, 1], "dead": [0, 0, 1, 0]}
    assert (found.note, found.n_neurons, len(found.packed_patterns)) == ("", 2, 3)
    assert repr(found) == "Lifetimes(4 bars of 3 patterns over 4 steps)"


def test_a_cross_that_moves_in_the_plane() -> None:
    places = [(0, 0), (0.5, 0.25), (0.5, -0.5)]
    result = bars(follow([crossing_lines(*place) for place in places]))
    assert len(result) == 4
    for right in (0, 1):
        for up in (0, 1):
            sides = [((1 - x) if right else (1 + x), (1 - y) if up else (1 + y)) for x, y in places]
            volumes = [a * b for a, b in sides]
            overlaps = [min(a, c) * min(b, d) for (a, b), (c, d) in itertools.pairwise(sides)]
            death, found, common = result[(right, up), 0]
            assert (death, found) == (np.inf, pytest.approx(volumes))
            assert common == pytest.approx([np.nan, *overlaps], nan_ok=True)


@pytest.mark.parametrize("name", sorted(CLASSES))
@pytest.mark.parametrize("d", [1, 2, 3])
def test_degenerate_networks(name: str, d: int) -> None:
    """No two regions have one pattern, and a network that stays as it is overlaps all of itself."""
    for case in cases(name, d)[:4]:
        weights, biases = zip(*case.layers, strict=True)
        network = Network.from_arrays(weights, biases)
        found = follow([network, network], relutope.Box(case.lo, case.hi))
        complex_ = relutope.polyhedral_complex(network, relutope.Box(case.lo, case.hi))
        assert len(found) == len(found.packed_patterns) == complex_.n_regions
        patterns = complex_.regions().activation_patterns()
        assert sorted(map(tuple, found.activation_patterns().tolist())) == sorted(
            map(tuple, patterns.tolist())
        )
        assert np.isinf(found.deaths).all()
        volumes, overlaps = found.volumes.reshape(-1, 2), found.overlaps.reshape(-1, 2)
        assert volumes[:, 0].tolist() == volumes[:, 1].tolist()
        assert sorted(volumes[:, 0]) == sorted(complex_.regions().volumes())
        if d < 3:
            assert overlaps[:, 1] == pytest.approx(volumes[:, 1], abs=1e-9)


def random_run(d: int, n_steps: int, seed: int) -> list[Network]:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(6, d)), rng.normal(size=(4, 6)), rng.normal(size=(1, 4))]
    biases = [rng.normal(size=6), rng.normal(size=4), rng.normal(size=1)]
    run = []
    for _ in range(n_steps):
        run.append(Network.from_arrays(weights, biases))
        weights = [w + 0.1 * rng.normal(size=w.shape) for w in weights]
        biases = [b + 0.1 * rng.normal(size=b.shape) for b in biases]
    return run


@pytest.mark.parametrize("d", [1, 2])
def test_random_runs_against_sampling(d: int) -> None:
    run = random_run(d, 5, seed=d)
    found = follow(run)
    X = np.random.default_rng(0).uniform(-1, 1, size=(40_000, d))
    inside = [network.sign_vectors(X) > 0 for network in run]
    for (pattern, birth), (death, volumes, overlaps) in bars(found).items():
        hits = [(signs == np.array(pattern, dtype=bool)).all(axis=1) for signs in inside]
        last = len(run) - 1 if death == np.inf else int(death) - 1
        complexes = [
            {
                tuple(row)
                for row in relutope.polyhedral_complex(n, (-1, 1)).regions().activation_patterns().tolist()
            }
            for n in run
        ]
        there = [tuple(map(bool, pattern)) in patterns for patterns in complexes]
        assert all(there[birth : last + 1])
        assert birth == 0 or not there[birth - 1]
        assert last == len(run) - 1 or not there[last + 1]
        for place in range(birth, last + 1):
            assert volumes[place - birth] == pytest.approx(2**d * hits[place].mean(), abs=0.02 * 2**d)
            if place > birth:
                both = (hits[place] & hits[place - 1]).mean()
                assert overlaps[place - birth] == pytest.approx(2**d * both, abs=0.02 * 2**d)
                assert overlaps[place - birth] <= min(volumes[place - birth - 1 : place - birth + 1]) * (
                    1 + 1e-12
                )


@pytest.mark.parametrize(("d", "domain"), [(3, (-1, 1)), (2, AllSpace())])
def test_overlaps_that_are_not_computed_are_nan(d: int, domain: Any) -> None:
    found = follow(random_run(d, 3, seed=9), domain)
    assert "nan" in found.note
    assert np.isnan(found.overlaps).all()
    assert not np.isnan(found.volumes).any()
    assert np.isinf(found.volumes).any() == isinstance(domain, AllSpace)


def test_failed_checkpoints_are_passed_over() -> None:
    run = [(0, crossing_lines(0, 0)), (5, {"0.weight": np.full((1, 2), np.nan)}), (9, crossing_lines(0, 0))]
    found = follow(run)
    assert found.steps.tolist() == [0, 9]
    assert len(found) == 4


def test_a_network_without_neurons() -> None:
    found = follow([Network.from_arrays([[[1, 1]]])] * 2)
    assert (len(found), found.n_neurons, found.volumes.tolist()) == (1, 0, [4, 4])


def test_bad_series() -> None:
    with pytest.raises(ValueError, match="lifetimes=True"):
        relutope.track([crossing_lines(0)], "regions", domain=(-1, 1)).lifetimes()
    with pytest.raises(ValueError, match=r"\[1, 2\] neurons"):
        follow([crossing_lines(0), crossing_lines(0, 0)])


# Overlaps


def polygon(rng: np.random.Generator, n: int) -> np.ndarray:
    """A convex polygon: points on an ellipse, by angle."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, size=n))
    return rng.uniform(0.2, 1.5, 2) * np.stack([np.cos(angles), np.sin(angles)], axis=1) + rng.normal(
        0, 0.4, 2
    )


def exact_overlap(P: list[list[Fraction]], Q: list[list[Fraction]]) -> Fraction:
    """Area of the intersection by clipping one polygon in fractions, one side after the other."""
    part = P
    for (ax, ay), (bx, by) in zip(Q, Q[1:] + Q[:1], strict=True):

        def side(p: list[Fraction], a: Any = (ax, ay), b: Any = (bx, by)) -> Fraction:
            return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

        result = []
        for p, q in zip(part, part[1:] + part[:1], strict=True):
            u, v = side(p), side(q)
            if u >= 0:
                result.append(p)
            if (u >= 0) != (v >= 0):
                result.append([x + (y - x) * u / (u - v) for x, y in zip(p, q, strict=True)])
        part = result
    return (
        sum((p[0] * q[1] - p[1] * q[0] for p, q in zip(part, part[1:] + part[:1], strict=True)), Fraction(0))
        / 2
    )


def rows(polygons: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.cumsum([0, *map(len, polygons)]), np.concatenate(polygons)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_overlaps_of_polygons_against_fractions(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    first = [polygon(rng, rng.integers(3, 8)) for _ in range(n)]
    second = [polygon(rng, rng.integers(3, 8)) if rng.random() < 0.7 else first[i].copy() for i in range(n)]
    found = overlap_volumes(rows(first), rows(second))
    for place, (P, Q) in enumerate(zip(first, second, strict=True)):
        expected = exact_overlap(*([[Fraction(x) for x in p] for p in part.tolist()] for part in (P, Q)))
        assert found[place] == pytest.approx(float(expected), abs=1e-12)


def test_overlaps_of_equal_nested_touching_and_distant_squares() -> None:
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    others = [
        square,
        square / 2 + 0.25,
        *(square + np.array(by) for by in ((1, 0), (1, 1), (7, 7), (0.5, 0))),
    ]
    found = overlap_volumes(rows([square] * 6), rows(others))
    assert found.tolist() == [1, 0.25, 0, 0, 0, 0.5]
    assert overlap_volumes(rows([square + 7]), rows([square])).tolist() == [0]
    none = np.zeros(1, dtype=np.int64), np.zeros((0, 2))
    assert overlap_volumes(none, none).tolist() == []


# Pictures


def test_bars_are_drawn() -> None:
    found = follow(random_run(2, 6, seed=4))
    ax = found.plot()
    assert isinstance(ax, Axes)
    [lines] = [item for item in ax.collections if isinstance(item, LineCollection)]
    ends = np.array(lines.get_segments())
    deaths = np.where(np.isinf(found.deaths), ax.get_xlim()[1], found.deaths)
    assert sorted(map(tuple, ends[:, :, 0].tolist())) == sorted(zip(found.births, deaths, strict=True))
    assert f"{len(found):,} bars" in ax.get_title()
    few = found.plot(Figure().subplots(), max_bars=3)
    assert len(few.collections[0].get_segments()) == 3
    assert "3 largest of" in few.get_title()
    largest = sorted(np.maximum.reduceat(found.volumes, found.indptr[:-1]))[-3:]
    assert sorted(few.collections[0].get_array()) == pytest.approx(largest)
    with pytest.raises(TypeError, match="ax is 3"):
        found.plot(3)
    assert found.plot(Figure().subplots(), scale="symlog").get_xscale() == "symlog"
    with pytest.raises(ValueError, match="max_bars"):
        found.plot(max_bars=0)
    with pytest.raises(ValueError, match="scale is 'cubic'"):
        found.plot(scale="cubic")


def test_bars_of_unbounded_regions_and_of_one_step_are_drawn() -> None:
    follow([crossing_lines(0, 0)] * 2, AllSpace()).plot(Figure().subplots()).figure.canvas.draw()
    follow([crossing_lines(0, 0)]).plot(Figure().subplots()).figure.canvas.draw()
