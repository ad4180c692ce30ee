"""Networks whose coefficients are fractions that no float holds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from compare import assert_equals_reference, cell_set, complex_on, network_of
from networks import CLASSES, cases
from reference import Layer, reference_cells
from relutope import AllSpace, Network, polyhedral_complex

Rows = list[list[Fraction]]
RowChange = Callable[[np.random.Generator, list[Fraction]], list[Fraction]]


def rational_network(layers: list[Layer]) -> Network:
    """The library's network of exact layers, the last one linear."""
    return network_of(
        [(np.array(weights, dtype=object), np.array(biases, dtype=object)) for weights, biases in layers]
    )


def random_rows(rng: np.random.Generator, n_in: int, n_out: int, denominators: list[int]) -> Rows:
    return [
        [
            Fraction(int(top), int(rng.choice(denominators)))
            for top in rng.integers(-max(denominators), max(denominators) + 1, n_in + 1)
        ]
        for _ in range(n_out)
    ]


def layers_of(tables: list[Rows]) -> list[Layer]:
    return [([row[:-1] for row in rows], [row[-1] for row in rows]) for rows in tables]


def plain(rng: np.random.Generator, row: list[Fraction]) -> list[Fraction]:
    return random_rows(rng, len(row) - 1, 1, [3, 7, 9, 10])[0]


def proportional(rng: np.random.Generator, row: list[Fraction]) -> list[Fraction]:
    factors = [Fraction(1, 3), Fraction(-2, 3), Fraction(5, 7), Fraction(-1), Fraction(3)]
    return [value * factors[rng.integers(len(factors))] for value in row]


def multiple(rng: np.random.Generator, row: list[Fraction]) -> list[Fraction]:
    factor = Fraction(int(rng.choice([-7, -2, 2, 5])), int(rng.choice([3, 9, 11])))
    return [value * factor for value in row]


def rounded(_: np.random.Generator, row: list[Fraction]) -> list[Fraction]:
    """The same floats, another row: the two hyperplanes differ by less than rounding."""
    return [Fraction(float(value)) for value in row]


def beyond_rounding(_: np.random.Generator, row: list[Fraction]) -> list[Fraction]:
    """The same floats again; only the bias differs, by less than one part in 10^40."""
    return [*row[:-1], row[-1] * (1 + Fraction(1, 10**40))]


CHANGES: dict[str, RowChange] = {
    change.__name__: change for change in (plain, proportional, multiple, rounded, beyond_rounding)
}


def rational_layers(change: RowChange, rng: np.random.Generator, widths: tuple[int, ...]) -> list[Layer]:
    """Every other row is made from the one before it."""
    tables = []
    for n_in, n_out in pairwise(widths):
        rows = random_rows(rng, n_in, n_out, [3, 7, 10, 11])
        for i in range(1, n_out, 2):
            rows[i] = change(rng, rows[i - 1])
        tables.append(rows)
    return layers_of(tables)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
@pytest.mark.parametrize("name", CHANGES)
def test_equals_the_reference(name: str, d: int) -> None:
    rng = np.random.default_rng(d)
    for hidden in {1: [(8, 6), (12, 9, 5)], 2: [(6, 5), (8, 7), (5, 5, 4)]}.get(d, [(5, 3), (4, 3, 2)]):
        layers = rational_layers(CHANGES[name], rng, (d, *hidden, 1))
        network = rational_network(layers)
        assert network.exact_layers()[0][0].tolist() == layers[0][0]
        for lo, hi in ((None, None), ([-1.5] * d, [1.0] * d)):
            cells = reference_cells(layers[:-1], lo, hi)
            assert_equals_reference(complex_on(network, lo, hi), cells)


def test_proportional_rows_share_a_hyperplane() -> None:
    """(1/3, 1/10 | 1/9) times 2, 1/5 and -1/3; the row of the nearest floats is another one."""
    row = [Fraction(1, 3), Fraction(1, 10), Fraction(1, 9)]
    factors = (Fraction(1), Fraction(2), Fraction(1, 5), Fraction(-1, 3))
    copies = [[value * factor for value in row] for factor in factors]
    network = rational_network(layers_of([copies, [[Fraction(1)] * 5]]))
    assert network.census["proportional"] == 3
    complex_ = complex_on(network, None, None)
    assert complex_.f_vector == (0, 1, 2)
    assert complex_.sign_vectors(1)[0].tolist() == [0, 0, 0, 0]
    near = rational_network(
        layers_of([[*copies, [Fraction(float(value)) for value in row]], [[Fraction(1)] * 6]])
    )
    assert near.census["proportional"] == 3
    assert complex_on(near, None, None).f_vector == (1, 4, 4)


@pytest.mark.parametrize("size", [Fraction(10**30, 3), Fraction(1, 3 * 10**30), Fraction(10**200, 7)])
def test_large_and_small_fractions(size: Fraction) -> None:
    rng = np.random.default_rng(5)
    first, second, last = rational_layers(plain, rng, (2, 5, 4, 1))
    scaled = [[value * size for value in row] for row in first[0]], [value * size for value in first[1]]
    layers = [scaled, second, last]
    for lo, hi in ((None, None), ([-1.0, -1.0], [1.0, 1.0])):
        cells = reference_cells(layers[:-1], lo, hi)
        assert_equals_reference(complex_on(rational_network(layers), lo, hi), cells)


def test_rescaling_by_thirds_changes_nothing() -> None:
    """A neuron times 1/3, its outgoing weights times 3: the same function, no longer in floats."""
    for name in CLASSES:
        case = cases(name, 2)[3]
        tables = [
            [[Fraction(value) for value in row] for row in np.column_stack([weights, biases]).tolist()]
            for weights, biases in case.layers
        ]
        tables[0] = [[value / 3 for value in row] for row in tables[0]]
        tables[1] = [[*(value * 3 for value in row[:-1]), row[-1]] for row in tables[1]]
        network = rational_network(layers_of(tables))
        for lo, hi in ((None, None), (case.lo.tolist(), case.hi.tolist())):
            thirds, floats = complex_on(network, lo, hi), complex_on(network_of(case.layers), lo, hi)
            assert cell_set(thirds) == cell_set(floats)
            assert thirds.exact_vertices() == floats.exact_vertices()


@pytest.mark.parametrize("name", CLASSES)
def test_slices_meet_cells_of_the_whole(name: str) -> None:
    """Composed with an affine map of thirds from the line, a network has only sign vectors of its complex."""
    case = cases(name, 3)[-1]
    network = network_of(case.layers)
    (weights, biases), *deeper = case.layers
    rng = np.random.default_rng(1)
    start, direction = ([Fraction(int(v), 3) for v in rng.integers(-4, 5, 3)] for _ in range(2))
    direction[0] += Fraction(1, 7)

    exact_weights, exact_biases = (
        np.vectorize(Fraction, otypes=[object])(table) for table in (weights, biases)
    )
    slopes, offsets = exact_weights @ direction, exact_weights @ start + exact_biases
    sliced = complex_on(network_of([(slopes[:, None], offsets), *deeper]), None, None)
    whole = polyhedral_complex(network, AllSpace())
    signs = {tuple(row) for k in range(4) for row in whole.sign_vectors(k)[: whole.f_vector[k]].tolist()}
    for k in (0, 1):
        assert {tuple(row) for row in sliced.sign_vectors(k)[: sliced.f_vector[k]].tolist()} <= signs
    for (t,), row in zip(sliced.exact_vertices(), sliced.sign_vectors(0).tolist(), strict=False):
        point = [x + t * v for x, v in zip(start, direction, strict=True)]
        assert network.exact_sign_vector(point).tolist() == row


def test_no_float_near_enough() -> None:
    """Fractions beyond the range of float64 are refused by name, never rounded to 0 or infinity."""
    for value in (Fraction(10**400), Fraction(1, 10**400)):
        with pytest.raises(ValueError, match="beyond float64"):
            rational_network(layers_of([[[value, Fraction(1, 3)]], [[Fraction(1)] * 2]]))


@pytest.mark.parametrize("seed", range(20))
def test_fractions_of_the_smallest_float(seed: int) -> None:
    """A subnormal float is far from its coefficient, which scaling must not hide."""
    rng = np.random.default_rng(seed)
    widths = [1 + seed % 2, 3, 3]
    tables = [random_rows(rng, n_in, n_out, [2, 3, 7]) for n_in, n_out in pairwise(widths)]
    unit = Fraction(1, 2 ** int(rng.choice([1072, 1074])))
    tables = [[[value * unit * 4 for value in row] for row in rows] for rows in tables]
    hidden = layers_of(tables)
    network = rational_network([*hidden, ([[Fraction(1)] * 3], [Fraction(0)])])
    for bounds in ((None, None), ([-2.0] * widths[0], [1.2] * widths[0])):
        assert_equals_reference(complex_on(network, *bounds), reference_cells(hidden, *bounds))
