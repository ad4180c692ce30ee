"""Arguments of `polyhedral_complex` and of the methods of a complex: what is legal, limits, progress."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relutope
from relutope import AllSpace, Box, IncompleteError, Network, Polytope, Subcomplex, polyhedral_complex
from relutope.memory import available_memory, default_max_bytes, default_threads
from relutope.progress import reporting


def test_quadrants(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, Box(-1, 1))
    complex_.validate()
    assert (complex_.dim, complex_.f_vector, complex_.n_regions) == (2, (9, 12, 4), 4)
    assert complex_.euler_characteristic == 1
    assert complex_.n_bounded_regions == 4
    assert sorted(map(tuple, complex_.vertices.tolist())) == [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    signs = {tuple(row) for row in complex_.sign_vectors(2).tolist()}
    assert signs == {(x, y) for x in (-1, 1) for y in (-1, 1)}
    assert (0, 0) in complex_.exact_vertices()
    assert complex_.exact_vertices([3])[0] == tuple(map(Fraction, complex_.vertices[3].tolist()))
    assert repr(complex_) == (
        "PolyhedralComplex(2 -> 2 -> 1 on Box([-1.0, -1.0], [1.0, 1.0]): 4 regions, f_vector (9, 12, 4))"
    )


def test_quadrants_on_all_space(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, AllSpace())
    complex_.validate()
    assert complex_.f_vector == (1, 4, 4)
    assert complex_.euler_characteristic == 1
    assert complex_.n_bounded_regions == 0
    assert complex_.bounded(0)[0]
    assert not complex_.bounded(1).any()
    assert np.isnan(complex_.vertices[1:]).all()
    assert complex_.rays.shape == (complex_.counts[0] - 1, 2)
    assert "on R^2" in repr(complex_)
    with pytest.raises(ValueError, match="vertices not at infinity"):
        complex_.exact_vertices([1])


def test_arrays_are_read_only_views_that_keep_the_complex_alive(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    for array in (complex_.vertices, complex_.vertex_error, complex_.rays, *complex_.facets(1)):
        assert not array.flags.writeable
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert np.shares_memory(complex_.vertices, complex_.vertices)
    vertices, copy = complex_.vertices, complex_.vertices.copy()
    del complex_
    assert np.array_equal(vertices, copy)


def test_facets_are_a_boundary_matrix(network: Network) -> None:
    from scipy.sparse import csc_array

    complex_ = polyhedral_complex(network, (-1, 1))
    boundary = []
    for k in (1, 2):
        indptr, indices = complex_.facets(k)
        assert indptr.dtype == indices.dtype == np.int32
        shape = (complex_.counts[k - 1], complex_.counts[k])
        boundary.append(csc_array((np.ones(len(indices), dtype=int), indices, indptr), shape=shape))
    assert ((boundary[0] @ boundary[1]).toarray() % 2 == 0).all()


def test_complex_is_immutable(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    with pytest.raises(AttributeError):
        complex_.network = network  # type: ignore[misc]
    complex_.statistics.clear()
    assert complex_.statistics["signs"].keys() >= {"float", "exact"}


def test_k_and_ids(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    assert complex_.sign_vectors(2, [1, 0]).tolist() == complex_.sign_vectors(2)[[1, 0]].tolist()
    assert complex_.sign_vectors(np.int64(2), []).shape == (0, 11)
    methods = {complex_.facets: 1, complex_.walls: 0, complex_.bounded: 0, complex_.sign_vectors: 0}
    for method, lowest in methods.items():
        for k in (lowest - 1, 3):
            with pytest.raises(ValueError, match=rf"k is {k}; legal: {lowest} <= k <= 2"):
                method(k)
        for bad in (1.0, "1", True, None):
            with pytest.raises(TypeError, match="k is"):
                method(bad)  # type: ignore[arg-type]
    for ids in ([-1], [0, complex_.n_regions], np.array([2**40])):
        with pytest.raises(ValueError, match="ids contains"):
            complex_.sign_vectors(2, ids)
    for ids in ([0.5], [[0]], [True], ["a"]):
        with pytest.raises(TypeError, match="ids has dtype"):
            complex_.sign_vectors(2, ids)


@pytest.mark.parametrize("name", ["n_threads", "max_cells", "max_bytes", "max_seconds"])
def test_limits_that_are_not_legal(quadrants: Network, name: str) -> None:
    for value in (0, -1):
        with pytest.raises(ValueError, match=f"{name} is {value}; legal"):
            polyhedral_complex(quadrants, (-1, 1), **{name: value})
    for value in ("2", True, [1]):
        with pytest.raises(TypeError, match=f"{name} is"):
            polyhedral_complex(quadrants, (-1, 1), **{name: value})  # type: ignore[arg-type]


def test_limits_that_are_large(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1), max_cells=10**30, max_bytes=10**30, n_threads=64)
    assert complex_.f_vector == (9, 12, 4)
    with pytest.raises(ValueError, match="n_threads is 1025; legal: 1 <= n_threads <= 1024"):
        polyhedral_complex(quadrants, (-1, 1), n_threads=1025)


def test_exceeded_limit_tells_how_far_it_got(network: Network) -> None:
    with pytest.raises(IncompleteError, match="max_cells") as caught:
        polyhedral_complex(network, (-1, 1), max_cells=10)
    error = caught.value
    assert error.reason == "max_cells"
    assert error.progress.keys() == {"layer", "n_layers", "dimension", "cells", "bytes", "seconds"}
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.reason, copy.progress) == (str(error), error.reason, error.progress)


def test_high_dimension_is_refused_at_once() -> None:
    network = Network.from_arrays([np.ones((3, 784)), np.ones((1, 3))])
    message = r"784 inputs; legal: at most 10.*Slice.*allow_high_dimension=True"
    for domain in (Box(0, 1), AllSpace()):
        with pytest.raises(ValueError, match=message):
            polyhedral_complex(network, domain)
        with pytest.raises((ValueError, IncompleteError)):
            polyhedral_complex(network, domain, allow_high_dimension=True, max_bytes=1 << 30)


def test_high_dimension_on_request() -> None:
    network = Network.from_arrays([np.eye(1, 11)])
    complex_ = polyhedral_complex(network, (0, 1), allow_high_dimension=True)
    assert complex_.n_regions == 1
    assert sum(complex_.f_vector) == 3**11


def test_domain_arguments(network: Network) -> None:
    with pytest.raises(ValueError, match="domain is missing"):
        polyhedral_complex(network)
    with pytest.raises(TypeError, match="legal: Box"):
        polyhedral_complex(network, "box")
    with pytest.raises(ValueError, match="3 axes"):
        polyhedral_complex(network, Box(0, [1, 2, 3]))
    with pytest.raises(TypeError, match="network is of type"):
        polyhedral_complex(object(), (0, 1))


def test_progress_callable_gets_dicts(network: Network) -> None:
    states: list[dict[str, Any]] = []
    polyhedral_complex(network, (-1, 1), progress=states.append)
    for state in states:
        assert state.keys() == {"layer", "n_layers", "dimension", "cells", "bytes", "seconds"}
    with pytest.raises(TypeError, match="progress is"):
        polyhedral_complex(network, (-1, 1), progress=3)  # type: ignore[arg-type]


STATE = {"layer": 1, "n_layers": 3, "dimension": 2, "cells": 1234, "bytes": 5, "seconds": 0.5}


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_progress_goes_to_stderr(
    with_tqdm: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_tqdm:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with reporting(True) as poll:
        assert poll is not None
        poll(STATE)
        poll({**STATE, "layer": 3})
    output = capsys.readouterr()
    assert output.out == ""
    assert "1,234 cells" in output.err or with_tqdm
    with reporting(False) as poll:
        assert poll is None


def test_defaults() -> None:
    assert 0 < default_max_bytes() < available_memory() * 1.5
    assert default_threads() >= 1
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(default_threads).result() == 1


def test_package_attributes() -> None:
    assert set(relutope.__all__) <= set(dir(relutope))
    for name in relutope.__all__:
        assert getattr(relutope, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = relutope.nothing
    code = "import sys, relutope; relutope.Network, relutope.polyhedral_complex; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert not {"torch", "matplotlib", "scipy", "networkx"} & set(run.stdout.split())


def words(*found: str) -> Any:
    return np.array(found)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c: relutope.as_domain((0, 1), "a"), TypeError, "input_dim is 'a'; legal: an int >= 1"),
        (lambda c: relutope.as_domain(AllSpace(), 0), ValueError, "input_dim is 0; legal: an int >= 1"),
        (lambda c: Box(0, 1).bounds("a"), TypeError, "input_dim is 'a'; legal: an int >= 1"),
        (lambda c: Box(0, [1, 1]).bounds(3), ValueError, "input_dim is 3 and the box has 2 axes; legal: "),
        (lambda c: Box(0, 1).contains("a"), TypeError, "X has dtype <U1; legal: "),
        (lambda c: Box(0, 1).contains([0, 1]), ValueError, r"X has shape \(2,\); legal: \(n, d\) with "),
        (lambda c: Box(0, [1, 1]).contains([[0]]), ValueError, r"X has shape \(1, 1\); legal: \(n, 2\)"),
        (lambda c: Box(0, 1).contains([[np.nan]]), ValueError, r"X\[0, 0\] is nan; legal: finite"),
        (lambda c: Polytope([[1]], [1]).contains([[np.nan]]), ValueError, r"X\[0, 0\] is nan; legal: "),
        (lambda c: Polytope([[1]], [1]).contains([1]), ValueError, r"X has shape \(1,\); legal: \(n, 1\)"),
        (lambda c: Polytope([[1]], [1]).row_signs("a"), TypeError, "X has dtype <U1; legal: "),
        (lambda c: Subcomplex.from_cells(c, [1, 2]), TypeError, "cells is of type list; legal: a dict"),
        (lambda c: Subcomplex(c, 3), TypeError, "ids is of type int; legal: a tuple"),
        (lambda c: Subcomplex(c, (["a"], [], [])), TypeError, "ids has dtype <U1"),
        (lambda c: c.boundary_matrix(1, over=words("Z")), TypeError, "over is array.*; legal: 'Z' or 'Z/2'"),
        (lambda c: c.boundary_matrix(1, over="Q"), ValueError, "over is 'Q'; legal: 'Z' or 'Z/2'"),
        (lambda c: c.count_regions(words("affine")), TypeError, "definition is array"),
        (lambda c: c.count_points([[0, 0]], words("lowest")), TypeError, "on_boundary is array.*; legal: "),
        (lambda c: c.to_networkx(words("dual_graph")), TypeError, "kind is array.*; legal: 'dual_graph' or "),
        (lambda c: c.dual_graph().plot(layout=3), TypeError, "layout is 3; legal: 'interior' or 'spectral'"),
        (lambda c: c.dual_graph().plot(ax=3), TypeError, "ax is 3; legal: matplotlib.axes.Axes, or None"),
        (lambda c: c.plot(ax=3), TypeError, "ax is 3; legal: matplotlib.axes.Axes, or None"),
        (lambda c: c.star((0, 10**30)), ValueError, "ids contains .*; legal: 0 <= id < 9"),
        (lambda c: c.star((0, -(10**30))), ValueError, "ids contains .*; legal: 0 <= id < 9"),
        (lambda c: c.faces((0, "a")), TypeError, "ids has dtype <U1"),
        (lambda c: c.exact_vertices([[1], [2, 3]]), TypeError, "ids is ragged"),
        (lambda c: c.write_vtu("c.vtu", [1]), TypeError, "cell_data is of type list; legal: a dict"),
    ],
)
def test_messages_name_the_argument(
    quadrants: Network, call: Any, error: type[Exception], message: str
) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    with pytest.raises(error, match=f"^{message}"):
        call(complex_)


def test_lists_are_array_like(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    point = Subcomplex(complex_, ([0], [], []))
    assert point.f_vector == (1, 0, 0)
    assert [ids.dtype for ids in point.ids] == [np.int32] * 3
    assert point.betti() == [1, 0, 0]
    assert Box(0, 1).contains([[0, 1], [0.5, 2]]).tolist() == [True, False]
    assert Polytope([[1, 1]], [1]).contains([[0, 1], [1, 1]]).tolist() == [True, False]
