"""Representative cycles and cocycles: every claim of the docstrings, by dense ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import networks
from cell_complexes import KNOWN, ORDERS, boundary_tables, filtration_of, random_complex, rank
from compare import network_of
from relutope import polyhedral_complex
from relutope.filtrations import Filtration
from relutope.homology import Barcode, CellComplex, persistence


def places_of(filtration: Filtration, k: int) -> NDArray[np.int64]:
    """The place of each k-cell in the order of ranks, then ids."""
    result = np.empty(filtration.complex.counts[k], dtype=np.int64)
    result[np.lexsort((np.arange(len(result)), filtration.ranks[k]))] = np.arange(len(result))
    return result


def chain_vector(count: int, chain: tuple[Any, Any], prime: int) -> NDArray[np.int64]:
    cells, coefficients = chain
    assert len(set(cells.tolist())) == len(cells) == len(coefficients) > 0
    assert coefficients.min() >= 1
    assert coefficients.max() < prime
    assert coefficients.dtype == np.int64
    vector = np.zeros(count, dtype=np.int64)
    vector[cells] = coefficients
    return vector


def assert_cycles(barcode: Barcode, k: int) -> None:
    complex_, prime = barcode.filtration.complex, barcode.field
    tables = boundary_tables(complex_)
    place = places_of(barcode.filtration, k)
    above = tables[k] if k < complex_.dim else np.zeros((complex_.counts[k], 0), dtype=np.int64)
    above_place = places_of(barcode.filtration, k + 1) if k < complex_.dim else np.zeros(0)
    cycles = barcode.representative_cycles(k)
    for birth, death, chain in zip(barcode.births[k], barcode.deaths[k], cycles, strict=True):
        vector = chain_vector(complex_.counts[k], chain, prime)
        assert k == 0 or not (tables[k - 1] @ vector % prime).any()
        assert vector[birth]
        assert place[chain[0]].max() == place[birth]
        limit = len(above_place) if death < 0 else above_place[death]
        earlier = above[:, above_place < limit]
        with_cycle = np.column_stack([earlier, vector])
        assert rank(with_cycle, prime) == rank(earlier, prime) + 1
        if death >= 0:
            assert (barcode.filtration.ranks[k][chain[0]] <= barcode.filtration.ranks[k + 1][death]).all()
            until = above[:, above_place <= limit]
            assert rank(np.column_stack([until, vector]), prime) == rank(until, prime)


def assert_cocycles(barcode: Barcode, k: int) -> None:
    complex_, prime = barcode.filtration.complex, barcode.field
    ranks = barcode.filtration.ranks
    place = places_of(barcode.filtration, k)
    cocycles = barcode.representative_cocycles(k)
    cycles = barcode.representative_cycles(k)
    for bar, (birth, death) in enumerate(zip(barcode.births[k], barcode.deaths[k], strict=True)):
        vector = chain_vector(complex_.counts[k], cocycles[bar], prime)
        assert vector[birth]
        assert place[cocycles[bar][0]].min() == place[birth]
        # On its own cycle it is not 0, so neither is one of a trivial class.
        assert vector @ chain_vector(complex_.counts[k], cycles[bar], prime) % prime
        if k == complex_.dim:
            continue
        coboundary = vector @ boundary_tables(complex_)[k] % prime
        above_place = places_of(barcode.filtration, k + 1)
        if death < 0:
            assert not coboundary.any()
        else:
            assert coboundary[death]
            assert not coboundary[above_place < above_place[death]].any()
            assert (ranks[k][cocycles[bar][0]] <= ranks[k + 1][death]).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([2, 3, 5]), st.sampled_from(ORDERS))
def test_representatives(seed: int, prime: int, name: str) -> None:
    complex_ = random_complex(seed)
    barcode = persistence(complex_, filtration_of(complex_, name, seed), field=prime)
    for k in range(complex_.dim + 1):
        assert_cycles(barcode, k)
        assert_cocycles(barcode, k)


@pytest.mark.parametrize("prime", [2, 3, 5])
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known[0])
def test_representatives_of_known_complexes(known: Any, prime: int) -> None:
    """Essential classes of tori and the like; chosen bars are those of the whole list."""
    complex_ = known[1]
    for name in ("cell_max", "by_dimension"):
        barcode = persistence(complex_, name, field=prime, rng=5)
        for k in range(complex_.dim + 1):
            assert_cycles(barcode, k)
            assert_cocycles(barcode, k)
            chosen = [*range(len(barcode.births[k]))[::-2]] * 2
            for function in (barcode.representative_cycles, barcode.representative_cocycles):
                whole, some = function(k), function(k, chosen)
                assert [(a.tolist(), b.tolist()) for a, b in some] == [
                    (whole[bar][0].tolist(), whole[bar][1].tolist()) for bar in chosen
                ]
    short = persistence(complex_, "cell_max", 0, field=prime, rng=5)
    assert_cycles(short, 0)
    assert_cocycles(short, 0)


def test_representatives_in_a_network() -> None:
    case = networks.cases("random", 2)[0]
    complex_ = polyhedral_complex(network_of(case.layers), (case.lo, case.hi))
    for name in ("output", "absolute_output", "neuron_order", "upper_star"):
        barcode = persistence(complex_, name, field=3, rng=0)
        for k in range(3):
            assert_cycles(barcode, k)
            assert_cocycles(barcode, k)


def test_bad_bars() -> None:
    barcode = persistence(CellComplex.grid((2, 2)), "cell_max", 1, rng=0)
    for function in (barcode.representative_cycles, barcode.representative_cocycles):
        for k in (-1, 2):
            with pytest.raises(ValueError, match=f"k is {k}; legal: 0 <= k <= 1"):
                function(k)
        with pytest.raises(ValueError, match=r"ids contains 4; legal: 0 <= id < 4, the number of bars"):
            function(0, [4])
        with pytest.raises(TypeError, match="legal: a sequence of ints"):
            function(0, [0.5])
