"""Affine maps of regions against fractions, and their error bounds."""

from fractions import Fraction
from itertools import chain

import numpy as np
import pytest
from numpy.typing import NDArray

import compare
import networks
from reference import Layer, exact_layers
from relutope import Network, PolyhedralComplex, affine_maps, polyhedral_complex

Floats = NDArray[np.float64]


def fraction_forms(layers: list[Layer], pattern: list[bool], d: int) -> list[list[list[Fraction]]]:
    """The forms of all neurons and outputs under a pattern, by the definition."""
    forms = [[Fraction(int(i == j)) for j in range(d + 1)] for i in range(d)]
    result, first = [], 0
    for weights, biases in layers:
        rows = []
        for row, bias in zip(weights, biases, strict=True):
            form = [
                sum((w * f[j] for w, f in zip(row, forms, strict=True)), Fraction(0)) for j in range(d + 1)
            ]
            form[d] += bias
            rows.append(form)
        result.append(rows)
        on = pattern[first : first + len(rows)]
        first += len(rows)
        forms = [form if k < len(on) and on[k] else [Fraction(0)] * (d + 1) for k, form in enumerate(rows)]
    return result


def assert_within(values: Floats, errors: Floats, rows: list[list[Fraction]]) -> None:
    """Floats lie within their bounds, which are small."""
    for value, error, truth in zip(values.flat, errors.flat, chain.from_iterable(rows), strict=True):
        assert abs(Fraction(float(value)) - truth) <= Fraction(float(error))
        assert error <= 2**-30


def assert_maps(complex_: PolyhedralComplex, layers: list[Layer]) -> None:
    """Float forms of every layer lie within their bounds, and exact maps are those of the oracle."""
    regions = complex_.regions()
    patterns = regions.activation_patterns()
    maps, exact = regions.affine_maps(), regions.exact_affine_maps()
    assert maps.A.shape == maps.A_error.shape == (len(regions), 1, complex_.dim)
    assert maps.b.shape == maps.b_error.shape == (len(regions), 1)
    place = 0
    for block, forms in affine_maps.form_blocks(complex_, regions.ids):
        for i in range(len(block)):
            expected = fraction_forms(layers, patterns[place].tolist(), complex_.dim)
            A, b = exact[place]
            assert [[*row, c] for row, c in zip(A.tolist(), b.tolist(), strict=True)] == expected[-1]
            for (values, errors), rows in zip(forms, expected, strict=True):
                assert values[i].shape == errors[i].shape == (len(rows), complex_.dim + 1)
                assert_within(values[i], errors[i], rows)
            values, errors = forms[-1]
            assert np.array_equal(np.hstack([maps.A[place], maps.b[place, :, None]]), values[i])
            assert np.array_equal(np.hstack([maps.A_error[place], maps.b_error[place, :, None]]), errors[i])
            place += 1
    assert place == len(regions)


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_maps_are_those_of_fractions(name: str, d: int) -> None:
    case = networks.cases(name, d)[1 if d < 3 else 0]
    complex_ = compare.complex_on(compare.network_of(case.layers), case.lo, case.hi)
    assert_maps(complex_, exact_layers(case.layers))


@pytest.mark.parametrize("name", ["random", "zero_bias", "dead"])
def test_maps_on_all_space_and_rationals(name: str) -> None:
    case = networks.cases(name, 2)[0]
    thirds = [
        ([[value / 3 for value in row] for row in weights], [value / 7 for value in biases])
        for weights, biases in exact_layers(case.layers)
    ]
    network = Network.from_arrays(*zip(*thirds, strict=True))
    assert_maps(compare.complex_on(network, None, None), thirds)


def test_structural_zeros_are_exact() -> None:
    """Where nothing that is on leads to the output, the form is 0 with error 0, however large the weights."""
    weights = [[[1.1e9, 0.3], [-0.7, 1e-9]], [[0.1, 0.2], [0.3, 0.7]], [[0.1, 0.2], [0.0, 0.0]]]
    biases = [[0.1, 0.2], [-1e20, -1e20], [0.3, 0.0]]
    maps = polyhedral_complex(Network.from_arrays(weights, biases), (-1, 1)).regions().affine_maps()
    off = (maps.A[:, 0] == 0).all(axis=1)
    assert off.all()
    assert (maps.A_error == 0).all()
    assert maps.b[:, 0].tolist() == [0.3] * len(maps.b)
    assert (maps.b_error[:, 0] <= 2**-50).all()
    assert maps.b[:, 1].tolist() == maps.b_error[:, 1].tolist() == [0.0] * len(maps.b)


def test_cancellation_is_bounded_not_hidden() -> None:
    """0.1 x + 0.2 x - 0.3 x of floats is no structural zero: the bound holds the true, tiny coefficient."""
    network = Network.from_arrays([[[0.1], [0.2], [0.3]], [[1, 1, -1]]], [[9, 9, 9], [0]])
    regions = polyhedral_complex(network, (-1, 1)).regions()
    maps, ((A, _),) = regions.affine_maps(), regions.exact_affine_maps()
    assert A[0, 0] == Fraction(0.1) + Fraction(0.2) - Fraction(0.3) != 0
    assert abs(Fraction(maps.A[0, 0, 0]) - A[0, 0]) <= Fraction(maps.A_error[0, 0, 0])


def test_tiny_and_huge_coefficients() -> None:
    """Products that underflow stay within their bound; where float64 overflows the bound is infinite."""
    tiny = Network.from_arrays([[[2.0**-600]], [[2.0**-600]], [[1]]], [[1], [1], [0]])
    regions = polyhedral_complex(tiny, (0, 1)).regions()
    maps, ((A, _),) = regions.affine_maps(), regions.exact_affine_maps()
    assert A[0, 0] == Fraction(1, 2**1200)
    assert maps.A_error[0, 0, 0] > 0
    assert abs(Fraction(maps.A[0, 0, 0]) - A[0, 0]) <= Fraction(maps.A_error[0, 0, 0])
    huge = Network.from_arrays([[[2.0**600]], [[2.0**600]], [[1]]], [[1], [1], [0]])
    regions = polyhedral_complex(huge, (0, 1)).regions()
    maps, ((A, _),) = regions.affine_maps(), regions.exact_affine_maps()
    assert A[0, 0] == Fraction(2**1200)
    assert maps.A_error[0, 0, 0] == np.inf


def test_blocks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    case = networks.cases("integer", 2)[3]
    complex_ = compare.complex_on(compare.network_of(case.layers), case.lo, case.hi)
    whole = affine_maps.affine_maps(complex_)
    monkeypatch.setattr(affine_maps, "BLOCK_BYTES", 2000)
    assert len(list(affine_maps.form_blocks(complex_, np.arange(complex_.n_regions)))) > 3
    for part, all_ in zip(affine_maps.affine_maps(complex_), whole, strict=True):
        assert np.array_equal(part, all_)
    chosen = affine_maps.affine_maps(complex_, [3, 1, 3])
    assert np.array_equal(chosen.A, whole.A[[3, 1, 3]])
    assert affine_maps.affine_maps(complex_, []).A.shape == (0, 1, 2)


def test_no_hidden_layer_and_several_outputs() -> None:
    network = Network.from_arrays([[[1, 2], [3, 4], [5, 6]]], [[7, 8, 9]])
    maps = polyhedral_complex(network, (0, 1)).regions().affine_maps()
    assert maps.A.tolist() == [[[1, 2], [3, 4], [5, 6]]]
    assert maps.b.tolist() == [[7, 8, 9]]


def test_wrong_ids() -> None:
    complex_ = polyhedral_complex(Network.from_arrays([[[1]], [[1]]]), (-1, 1))
    with pytest.raises(ValueError, match=r"ids contains 2; legal: 0 <= id < 2, the number of regions"):
        affine_maps.affine_maps(complex_, [0, 2])
    with pytest.raises(TypeError, match="ids has dtype float64"):
        affine_maps.exact_affine_maps(complex_, [0.5])
