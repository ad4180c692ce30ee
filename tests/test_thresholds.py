"""Level sets, sublevel sets and flat cells at exact thresholds, against fractions at the vertices."""

from __future__ import annotations

from fractions import Fraction

import pytest

import networks
from compare import network_of
from exact_outputs import values_of_cells
from reference import exact_layers
from relutope import AllSpace, Network, polyhedral_complex


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_thresholds(name: str, d: int) -> None:
    """Cells of level and sublevel sets, flat cells and transversality, by the outputs at exact vertices."""
    case = networks.cases(name, d)[0]
    exact = exact_layers(case.layers)
    complex_ = polyhedral_complex(network_of(case.layers), (case.lo, case.hi))
    old_values = values_of_cells(complex_, exact)
    constant = [{i: v[0] for i, v in table.items() if len(set(v)) == 1} for table in old_values]
    found = complex_.flat_cells()
    assert found.counts == (0, *map(len, constant[1:]))
    for k in range(1, d + 1):
        assert dict(zip(found.ids[k].tolist(), found.values[k].tolist(), strict=True)) == constant[k]
    attained = sorted({values[0] for values in old_values[0].values()})
    middle = attained[len(attained) // 2]
    for threshold in (middle, (attained[0] + middle) / 2):
        boundary, below = complex_.decision_boundary(threshold), complex_.sublevel(threshold)
        assert boundary.threshold == threshold
        level: list[list[int]] = []
        sublevel: list[list[int]] = []
        for table in values_of_cells(boundary.complex, exact):
            level.append([i for i, values in table.items() if all(v == threshold for v in values)])
            sublevel.append([i for i, values in table.items() if all(v <= threshold for v in values)])
        assert [ids.tolist() for ids in boundary.ids] == level
        assert [ids.tolist() for ids in below.ids] == sublevel
        assert boundary.f_vector == tuple(map(len, level))
        flat = [
            [i for i, values in table.items() if all(v == threshold for v in values)] for table in old_values
        ]
        assert [ids.tolist() for ids in boundary.flat_ids()] == flat
        of_value = complex_.flat_cells(threshold)
        assert [ids.tolist() for ids in of_value.ids] == flat
        assert {value for values in of_value.values for value in values} <= {threshold}
        assert of_value.counts == tuple(map(len, flat)) == tuple(map(len, of_value.values))
        assert boundary.n_flat_regions == len(flat[d])
        assert complex_.is_transversal(threshold) == (not any(flat))
        zero, one = complex_.class_regions(threshold).classes
        assert [ids.tolist() for ids in zero.ids] == sublevel
        for k in range(d + 1):
            assert len(zero.ids[k]) + len(one.ids[k]) - len(level[k]) == boundary.complex.counts[k]


def test_flat_cells_without_vertices() -> None:
    """On R^2 relu(x) has no vertices: its flat cells at 0 are a half-plane and its edge."""
    network = Network.from_arrays([[[1, 0]], [[1]]])
    complex_ = polyhedral_complex(network, AllSpace())
    boundary = complex_.decision_boundary()
    assert boundary.f_vector == complex_.sublevel(0).f_vector == (0, 1, 1)
    assert [len(ids) for ids in boundary.flat_ids()] == [0, 1, 1]
    assert not complex_.is_transversal(0)
    assert complex_.is_transversal(1)
    assert complex_.decision_boundary(1).f_vector == (0, 1, 0)
    assert complex_.is_transversal(-1)


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2])
def test_flat_cells_on_all_space(name: str, d: int) -> None:
    """Cutting at each value that a vertex or a flat cell has finds the same cells."""
    case = networks.cases(name, d)[0 if d == 2 else 2]
    complex_ = polyhedral_complex(network_of(case.layers), AllSpace())
    found = complex_.flat_cells()
    attained = {complex_.network.exact_evaluate(point)[0] for point in complex_.exact_vertices()}
    cells: list[dict[int, Fraction]] = [{} for _ in range(d + 1)]
    for value in attained.union(*(values.tolist() for values in found.values)):
        for table, ids in zip(cells, complex_.flat_cells(value).ids, strict=True):
            table.update(dict.fromkeys(ids.tolist(), value))
    assert len(cells[0]) == complex_.f_vector[0]
    for k in range(1, d + 1):
        assert dict(zip(found.ids[k].tolist(), found.values[k].tolist(), strict=True)) == cells[k]
