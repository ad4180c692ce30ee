"""The complex equals the oracle's on every class of networks, degenerate ones included."""

from __future__ import annotations

import numpy as np
import pytest

from compare import assert_equals_reference, cell_set, complex_on, network_of
from networks import CLASSES, DIMENSIONS, cases
from reference import exact_layers, reference_cells, reference_complex


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", CLASSES)
def test_equals_the_reference(name: str, d: int) -> None:
    listed = cases(name, d)
    sizes: dict[str, list[int]] = {"box": [], "all space": []}
    n_exact = 0
    for case in listed:
        network, layers = network_of(case.layers), exact_layers(case.hidden)
        for domain, lo, hi in (("box", case.lo.tolist(), case.hi.tolist()), ("all space", None, None)):
            complex_ = complex_on(network, lo, hi)
            cells = reference_cells(layers, lo, hi)
            assert_equals_reference(complex_, cells)
            if domain == "box":
                assert cell_set(complex_on(network, lo, hi, fold=True)) == cells.keys()
            assert np.isfinite(complex_.vertex_error[: complex_.f_vector[0]]).all()
            assert complex_.euler_characteristic == (1 if domain == "box" else (-1) ** d)
            sizes[domain].append(sum(complex_.f_vector))
            n_exact += sum(complex_.statistics[decided]["exact"] for decided in ("signs", "orders"))
    for counts in sizes.values():
        assert len(counts) >= 10
        assert sum(count > 200 for count in counts) >= len(counts) / 3
    # On the line zero biases make kinks meet in the origin only, where floats compute every value exactly.
    if name != "random" and (name, d) != ("zero_bias", 1):
        assert n_exact > 0


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", CLASSES)
def test_cells_at_infinity_are_those_of_a_large_box(name: str, d: int) -> None:
    """All that is stored for R^d is the complex of a box so large that its walls are beyond every vertex."""
    listed = cases(name, d)
    for case in (listed[2], listed[6 if d < 5 else 4]):
        complex_ = complex_on(network_of(case.layers), None, None)
        half_width = [2**2000] * d
        cells = reference_complex(exact_layers(case.hidden), [-x for x in half_width], half_width)
        assert cell_set(complex_, at_infinity=True) == cells
        assert sum(complex_.counts) == len(cells)
