"""Carriers of refined cells against their definition by names, and bases in another order."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import networks
from compare import network_of
from relutope import (
    AllSpace,
    IncompleteError,
    Network,
    PolyhedralComplex,
    Polytope,
    RefinedComplex,
    Slice,
    _core,
    polyhedral_complex,
)
from relutope.compressed import rows_of
from relutope.domains import core_domain
from test_polytope import POLYTOPES

#: Of the output: several at once, one of them constant, one that vanishes wherever the output does, one zero.
FUNCTIONALS = [[1, Fraction(-1, 3)], [0, 2], [2, 0], [1, Fraction(1, 4)], [0, 0]]

DOMAINS: dict[str, Callable[[networks.Case, int], Any]] = {
    "box": lambda case, d: (case.lo, case.hi),
    "all_space": lambda case, d: AllSpace(),
    **{name: lambda case, d, rows=rows: Polytope(*rows(d)) for name, rows in POLYTOPES.items()},
}


def names(complex_: PolyhedralComplex, k: int) -> list[tuple[bytes, bytes]]:
    """Sign vector and walls of each k-cell; what functionals add to them is left out."""
    signs, walls = complex_.sign_vectors(k), complex_.walls(k)
    return [(sign.tobytes(), on.tobytes()) for sign, on in zip(signs, walls, strict=True)]


def assert_carriers(refined: RefinedComplex) -> None:
    base = refined.base
    cells = {name: (m, cell) for m in range(base.dim + 1) for cell, name in enumerate(names(base, m))}
    assert len(cells) == sum(base.counts)
    for k in range(refined.dim + 1):
        dimensions, ids = refined.carrier(k)
        assert (dimensions.dtype, ids.dtype) == (np.int8, np.int32)
        assert list(zip(dimensions.tolist(), ids.tolist(), strict=True)) == [
            cells[name] for name in names(refined, k)
        ]


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_carriers_have_the_old_name(name: str, domain: str, d: int) -> None:
    for case in networks.cases(name, d)[: 4 if d < 3 else 2]:
        base = polyhedral_complex(network_of(case.layers), DOMAINS[domain](case, d))
        refined = base.refine(FUNCTIONALS, n_threads=1)
        assert_carriers(refined)
        other = base.refine(FUNCTIONALS, n_threads=3)
        for one, same in zip(refined.carriers, other.carriers, strict=True):
            assert np.array_equal(one.dimensions, same.dimensions)
            assert np.array_equal(one.ids, same.ids)


@pytest.mark.parametrize("domain", ["box", "all_space", "simplex", "wedge"])
def test_more_outputs_and_dimensions(domain: str) -> None:
    """Four inputs; and three outputs whose ties are more than 64 functionals, so two words of signs."""
    case = networks.cases("random", 4)[1]
    assert_carriers(polyhedral_complex(network_of(case.layers), DOMAINS[domain](case, 4)).refine([1, 0.25]))
    case = networks.cases("integer", 2)[3]
    rng = np.random.default_rng(3)
    output = networks.few_bit_layer(rng, case.layers[-1][0].shape[1], 3)
    base = polyhedral_complex(network_of([*case.hidden, output]), DOMAINS[domain](case, 2))
    assert_carriers(base.refine(rng.integers(-3, 4, (70, 4))))


@pytest.mark.parametrize("domain", [(-1, 1), AllSpace()])
def test_on_a_slice(domain: Any) -> None:
    case = networks.cases("random", 5)[2]
    plane = Slice(np.zeros(5), np.eye(5)[:2] + 0.25, domain)
    assert_carriers(polyhedral_complex(network_of(case.layers), plane).refine(FUNCTIONALS))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_without_hidden_neurons(d: int) -> None:
    for domain in ((-1, 1), AllSpace(), Polytope(*POLYTOPES["strip"](d))):
        base = polyhedral_complex(Network.from_arrays([np.ones((1, d))]), domain)
        for functional in ([1, Fraction(1, 8)], [0, 1]):
            assert_carriers(base.refine(functional))


def permuted(complex_: PolyhedralComplex, k: int, order: NDArray[np.intp]) -> PolyhedralComplex:
    """The same complex with the k-cell `order[i]` as its i-th, as another version might number them."""
    arrays = complex_.core.to_arrays()
    if k == 0:
        for name in ("vertices", "vertex_error", "signs", "walls"):
            arrays[name] = np.ascontiguousarray(arrays[name][order])
        finite = complex_.f_vector[0]
        arrays["rays"] = np.ascontiguousarray(arrays["rays"][order[finite:] - finite])
    else:
        indptr, indices = rows_of(arrays[f"indptr_{k}"], arrays[f"indices_{k}"], order)
        arrays[f"indptr_{k}"], arrays[f"indices_{k}"] = indptr.astype(np.int32), indices
    if k < complex_.dim:
        indptr, indices = arrays[f"indptr_{k + 1}"], np.argsort(order)[arrays[f"indices_{k + 1}"]]
        cells = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        arrays[f"indices_{k + 1}"] = indices[np.lexsort((indices, cells))].astype(np.int32)
    domain = core_domain(complex_.domain, complex_.dim)
    core = _core.Complex.from_arrays(complex_.network.core, domain, arrays)
    return PolyhedralComplex(core, complex_.network, complex_.domain)


@pytest.mark.parametrize("name", ["random", "zero_bias", "duplicate", "grid"])
@pytest.mark.parametrize("domain", ["box", "all_space", "simplex", "wedge"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_base_in_another_order_is_refused(name: str, domain: str, d: int) -> None:
    case = networks.cases(name, d)[1]
    base = polyhedral_complex(network_of(case.layers), DOMAINS[domain](case, d))
    rng = np.random.default_rng(zlib.crc32(f"{name} {domain} {d}".encode()))
    for k, (finite, count) in enumerate(zip(base.f_vector, base.counts, strict=True)):
        same = np.arange(count)
        assert_carriers(permuted(base, k, same).refine([1, 0.25]))
        mixed = np.concatenate([rng.permutation(finite), finite + rng.permutation(count - finite)])
        swapped = same.copy()
        if finite > 1:
            swapped[[0, finite - 1]] = swapped[[finite - 1, 0]]
        for order in (mixed, swapped):
            if np.array_equal(order, same):
                continue
            other = permuted(base, k, order)
            other.validate(exact=True)
            for functional in ([1, 0.25], [0, 1]):
                with pytest.raises(RuntimeError, match="not in the order in which this version"):
                    other.refine(functional)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_base_from_a_file_is_as_good(domain: str, tmp_path: Path) -> None:
    case = networks.cases("integer", 2)[2]
    base = polyhedral_complex(network_of(case.layers), DOMAINS[domain](case, 2))
    base.save(tmp_path / "base.npz")
    assert_carriers(PolyhedralComplex.load(tmp_path / "base.npz").refine(FUNCTIONALS))


def test_limits_hold_while_carriers_are_found() -> None:
    case = networks.cases("random", 2)[3]
    base = polyhedral_complex(network_of(case.layers), AllSpace())
    with pytest.raises(IncompleteError):
        base.refine(FUNCTIONALS, max_bytes=1000)
    with pytest.raises(IncompleteError):
        base.refine(FUNCTIONALS, max_seconds=1e-9)


def test_a_base_of_another_network_is_refused() -> None:
    """The same counts, but other signs; or codes that differ."""
    one = Network.from_arrays([[[1]], [[1]]])
    other = Network.from_arrays([[[-1]], [[1]]])
    base, wrong = polyhedral_complex(one, (-1, 1)), polyhedral_complex(other, (-1, 1))
    constant = polyhedral_complex(Network.from_arrays([[[1]], [[1]]], [[5], [0]]), (-1, 1))
    for core in (wrong.core, constant.core):
        with pytest.raises(RuntimeError, match="not in the order"):
            PolyhedralComplex(core, one, base.domain).refine([1, 0.25])


def test_ten_outputs_of_a_wide_network() -> None:
    """Names by 64-bit hashes once met in so many cells; `decision_boundary` looks at all carriers."""
    rng = np.random.default_rng(0)
    widths = [(24, 3), (24, 24), (10, 24)]
    weights = [rng.standard_normal(shape) for shape in widths]
    network = Network.from_arrays(weights, [rng.standard_normal(n) / 10 for n, _ in widths])
    boundary = polyhedral_complex(network, (-1, 1)).decision_boundary()
    assert_carriers(boundary.refined)
    assert boundary.euler_characteristic == sum((-1) ** k * n for k, n in enumerate(boundary.f_vector))
