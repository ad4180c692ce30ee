"""The summary: counts, data in regions, degenerate features."""

from __future__ import annotations

import json

import pytest

from relutope import AllSpace, Network, polyhedral_complex


def test_summary_of_a_box(quadrants: Network, capsys: pytest.CaptureFixture[str]) -> None:
    points = [[0.5, 0.5], [0.6, 0.5], [-0.5, 0.5], [0, 0], [3, 3]]
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    assert complex_.sign_vectors(2, [0]).tolist() == [[1, 1]]  # the region that the origin counts for
    summary = complex_.summary(points, ["a", "b", "b", "a", "a"])
    assert summary["box"] == {
        "f_vector": [9, 12, 4],
        "regions": 4,
        "bounded_regions": 4,
        "euler_characteristic": 1,
    }
    assert summary["all_space"]["f_vector"] == [1, 4, 4]
    assert summary["all_space"]["bounded_regions"] == 0
    assert summary["data"] == {
        "points": 5,
        "outside_domain": 1,
        "on_smaller_cells": 1,
        "regions_with_data": 2,
        "most_points_in_a_region": 3,
        "classes": 2,
        "regions_with_several_classes": 1,
    }
    assert summary["degenerate"] == {
        "dead_neurons": 0,
        "constant_neurons": 0,
        "proportional_neurons": 0,
        "regions_where_a_neuron_is_zero": 0,
        "crowded_vertices": 0,
    }
    text = capsys.readouterr().out
    assert text.strip() == str(summary)
    assert "A count depends on its domain" in text
    assert "box [-1, 1] x [-1, 1]" in text
    assert json.loads(json.dumps(summary)) == summary


def test_summary_of_degenerate_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relutope.summary.BLOCK_BYTES", 40)  # several blocks
    # x, -2x, x + y and x - y meet in the origin; then a dead neuron, and one that is zero on a region.
    first = [[1, 0], [-2, 0], [1, 1], [1, -1], [0, 0]]
    network = Network.from_arrays([first, [[0, 0, 1, 0, 0]], [[1]]], [[0, 0, 0, 0, -1], [0], [0]])
    summary = polyhedral_complex(network, (-1, 1)).summary(verbose=False)
    found = summary["degenerate"]
    assert (found["dead_neurons"], found["constant_neurons"], found["proportional_neurons"]) == (1, 0, 1)
    assert summary["box"]["regions"] == 6
    assert found["regions_where_a_neuron_is_zero"] == 3
    assert found["crowded_vertices"] >= 1


def test_summary_of_all_space(network: Network, capsys: pytest.CaptureFixture[str]) -> None:
    complex_ = polyhedral_complex(network, AllSpace())
    summary = complex_.summary()
    assert summary["box"] is None
    assert summary["all_space"]["regions"] == complex_.n_regions
    assert "in the box" not in capsys.readouterr().out


def test_count_on_all_space_that_is_too_large(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    summary = complex_.summary(verbose=False, max_cells=3)
    assert "max_cells" in summary["all_space"]["not_computed"]
    assert "on all of R^2: not computed" in str(summary)
    assert complex_.summary(verbose=False, all_space=False)["all_space"] == {"not_computed": "not asked for"}


def test_bad_data(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    with pytest.raises(ValueError, match="y is given without X"):
        complex_.summary(y=[1])
    with pytest.raises(ValueError, match=r"y has shape \(2,\); legal: \(1,\)"):
        complex_.summary([[0, 0]], [1, 2])
    with pytest.raises(ValueError, match="X has shape"):
        complex_.summary([[0, 0, 0]])


def test_a_refined_complex_is_compared_with_its_own_kind() -> None:
    network = Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    summary = polyhedral_complex(network, (-1, 2)).refine([2, -1]).summary(verbose=False)
    assert summary["box"]["f_vector"] == [13, 19, 7]
    assert summary["all_space"]["f_vector"] == [3, 9, 7]
