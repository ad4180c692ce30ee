"""Certificates: every true complex has one, no changed file does."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import relutope
from compare import complex_on, network_of
from networks import CLASSES, cases
from relutope import AllSpace, Network, PolyhedralComplex, verify
from relutope.cli import main
from relutope.npz import read_npz, write_npz
from relutope.storage import complex_to_record, record_digest

Record = dict[str, np.ndarray]
Mutation = Callable[[Record], None]


def write(path: Path, record: Record) -> None:
    """Write a file whose checksums are right, whatever is in it."""
    put_header(record, digest=record_digest(record))
    write_as_it_is(path, record)


def write_as_it_is(path: Path, record: Record) -> None:
    with open(path, "wb") as stream:
        write_npz(stream, record)


def outcome(path: Path, model: Network, **options: Any) -> str:
    """The check that failed, or "" if the file is certified."""
    certificate = verify(path, model, **options)
    failed = [check for check in certificate.checks if not check.ok]
    assert certificate.ok == (not failed)
    assert all(check.message for check in failed)
    return failed[0].name if failed else ""


@pytest.fixture(params=["box", "space"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Network, Record]:
    """A file, its network (in R^2, with a copied and a dead neuron), its members."""
    rng = np.random.default_rng(3)
    first, first_bias = rng.integers(-8, 9, (6, 2)) / 8, rng.integers(-4, 5, 6) / 8
    first[3], first_bias[3] = -2 * first[1], -2 * first_bias[1]
    first[4] = 0
    second = rng.normal(size=(4, 6)), rng.normal(size=4)
    network = network_of([(first, first_bias), second, (np.ones((1, 4)), np.zeros(1))])
    sides = ([-1, -1], [1, 2]) if request.param == "box" else (None, None)
    path = tmp_path / "complex.npz"
    complex_on(network, *sides).save(path)
    return path, network, {name: array.copy() for name, array in read_npz(path).items()}


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", CLASSES)
def test_true_complexes_are_certified(name: str, d: int, tmp_path: Path) -> None:
    for case in cases(name, d)[: 4 if d < 3 else 2]:
        network = network_of(case.layers)
        for sides in ((case.lo, case.hi), (None, None)):
            complex_ = complex_on(network, *sides)
            complex_.save(tmp_path / "c.npz")
            certificate = verify(tmp_path / "c.npz", network)
            assert certificate.ok, str(certificate)
            own = network.n_neurons - followers(complex_)
            decided = certificate.signs_by_bounds + certificate.signs_by_integers
            assert decided == own * complex_.core.counts[0]


def followers(complex_: PolyhedralComplex) -> int:
    """Neurons that have the bit of an earlier one."""
    bits = complex_.core.to_arrays()["code_bit"]
    bits = bits[bits >= 0]
    return len(bits) - len(set(bits.tolist()))


def test_four_dimensions_and_rational_weights(tmp_path: Path) -> None:
    network = network_of(cases("random", 4)[0].layers)
    complex_on(network, -np.ones(4), np.ones(4)).save(tmp_path / "c.npz")
    assert outcome(tmp_path / "c.npz", network) == ""
    third = Network.from_arrays([[[Fraction(1, 3)], [Fraction(-1, 7)]], [[1, 1]]], [[Fraction(1, 9), 0], [0]])
    complex_on(third, [-1.0], [1.0]).save(tmp_path / "q.npz")
    assert outcome(tmp_path / "q.npz", third) == ""
    assert outcome(tmp_path / "q.npz", network) == "header"


def test_certificate(saved: tuple[Path, Network, Record]) -> None:
    path, network, _ = saved
    heard: list[dict[str, Any]] = []
    certificate = verify(path, network, progress=heard.append)
    assert [check.name for check in certificate.checks] == [state["check"] for state in heard]
    assert certificate.to_json()["checks"][0] == {"name": "file", "ok": True, "message": ""}
    assert json.loads(json.dumps(certificate.to_json()))["ok"] is True
    assert str(certificate).endswith("certified")
    assert certificate.seconds > 0
    without = verify(path, network, rebuild=False)
    assert without.ok
    assert without.checks[-1] == ("reproduction", True, "skipped: rebuild=False")


# Flipped bits


def test_flipped_bits_of_arrays(saved: tuple[Path, Network, Record]) -> None:
    path, network, record = saved
    rng = np.random.default_rng(0)
    true_without_rebuild = 0
    for name, array in record.items():
        if name == "statistics":
            continue
        for _ in range(12 if array.nbytes else 0):
            changed = flipped(array, int(rng.integers(array.nbytes)), int(rng.integers(8)))
            (write_as_it_is if name == "header" else write)(path, record | {name: changed})
            assert outcome(path, network) != "", name
            if outcome(path, network, rebuild=False) == "":
                true_without_rebuild += 1
                assert name in {"cells.vertices", "cells.vertex_error", "cells.rays"}, name
    assert true_without_rebuild > 0


def flipped(array: np.ndarray, byte: int, bit: int) -> np.ndarray:
    raw = bytearray(array.tobytes())
    raw[byte] ^= 1 << bit
    return np.frombuffer(bytes(raw), dtype=array.dtype).reshape(array.shape)


def test_every_bit_of_signs_walls_and_codes(saved: tuple[Path, Network, Record]) -> None:
    path, network, record = saved
    for name in ("cells.signs", "cells.walls", "cells.code_bit", "cells.code_flipped", "cells.code_constant"):
        array = record[name]
        step = max(1, array.nbytes // 40)
        for byte in range(0, array.nbytes, step):
            write(path, record | {name: flipped(array, byte, byte % 8)})
            assert outcome(path, network, rebuild=False) not in {"", "reproduction"}, (name, byte)


def test_flipped_bits_of_the_file(saved: tuple[Path, Network, Record]) -> None:
    path, network, _ = saved
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    for place in rng.integers(len(content), size=60).tolist():
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        assert reported(path, network)


def reported(path: Path, model: Network) -> bool:
    """Whether a file is refused as none of ours, or not certified."""
    try:
        return outcome(path, model) != ""
    except ValueError as error:
        return path.name in str(error)


@pytest.mark.parametrize("name", CLASSES)
def test_flipped_signs_of_degenerate_networks(name: str, tmp_path: Path) -> None:
    case = cases(name, 2)[0]
    network = network_of(case.layers)
    rng = np.random.default_rng(2)
    for sides in ((case.lo, case.hi), (None, None)):
        record = complex_to_record(complex_on(network, *sides))
        signs = record["cells.signs"]
        used = int(record["cells.code_bit"].max()) + 1
        for v, word in zip(rng.integers(len(signs), size=6), rng.integers(2, size=6), strict=True):
            changed = signs.copy()
            changed[v, int(word) * signs.shape[1] // 2] ^= np.uint64(1 << int(rng.integers(used)))
            write(tmp_path / "c.npz", record | {"cells.signs": changed})
            assert outcome(tmp_path / "c.npz", network, rebuild=False) != ""


# Mutations


def facets(record: Record, k: int) -> list[list[int]]:
    indptr, indices = record[f"cells.indptr_{k}"].tolist(), record[f"cells.indices_{k}"].tolist()
    return [indices[a:b] for a, b in pairwise(indptr)]


def put_facets(record: Record, k: int, cells: list[list[int]]) -> None:
    record[f"cells.indptr_{k}"] = np.cumsum([0, *map(len, cells)]).astype(np.int32)
    record[f"cells.indices_{k}"] = np.array([f for cell in cells for f in sorted(cell)], dtype=np.int32)


def put_header(record: Record, **fields: Any) -> None:
    header = json.loads(record["header"].tobytes()) | fields
    record["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)


def put_count(record: Record, k: int, step: int) -> None:
    record["cells.f_vector"][k] += step
    put_header(record, f_vector=record["cells.f_vector"].tolist())


def drop_region(record: Record) -> None:
    put_facets(record, 2, facets(record, 2)[1:])
    put_count(record, 2, -1)


def drop_region_and_lonely_edges(record: Record) -> None:
    """Remove a region and the edges that bound nothing any more, and renumber."""
    regions = facets(record, 2)[1:]
    kept = sorted({f for region in regions for f in region})
    new_id = {f: i for i, f in enumerate(kept)}
    edges = facets(record, 1)
    finite = int(record["cells.f_vector"][1])
    put_facets(record, 1, [edges[f] for f in kept])
    put_facets(record, 2, [[new_id[f] for f in region] for region in regions])
    put_count(record, 2, -1)
    put_count(record, 1, sum(f < finite for f in kept) - finite)


def repeat_region(record: Record) -> None:
    put_facets(record, 2, [facets(record, 2)[0], *facets(record, 2)])
    put_count(record, 2, 1)


def merge_regions(record: Record) -> None:
    """Join the two regions at an edge, and remove the edge."""
    regions, edges = facets(record, 2), facets(record, 1)
    shared = next(f for f in range(len(edges)) if sum(f in region for region in regions) == 2)
    first, second = (i for i, region in enumerate(regions) if shared in region)
    merged = sorted((set(regions[first]) | set(regions[second])) - {shared})
    regions = [merged, *(region for i, region in enumerate(regions) if i not in (first, second))]
    put_facets(record, 2, [[f - (f > shared) for f in region] for region in regions])
    put_facets(record, 1, [edge for f, edge in enumerate(edges) if f != shared])
    put_count(record, 2, -1)
    put_count(record, 1, -1)


def swap_region_facets(record: Record) -> None:
    regions = facets(record, 2)
    put_facets(record, 2, [regions[1], regions[0], *regions[2:]])


def renumber_vertices(record: Record) -> None:
    """A true complex with other ids."""
    order = np.arange(len(record["cells.walls"]))
    order[[0, 1]] = [1, 0]
    for name in ("vertices", "vertex_error", "signs", "walls"):
        record[f"cells.{name}"] = record[f"cells.{name}"][order]
    put_facets(record, 1, [[int(order[v]) for v in edge] for edge in facets(record, 1)])


def swap_vertices(record: Record) -> None:
    record["cells.signs"][[0, 1]] = record["cells.signs"][[1, 0]]


def move_vertex(record: Record) -> None:
    record["cells.vertices"][0, 0] += 0.125


def shrink_error(record: Record) -> None:
    inexact = np.nonzero(record["cells.vertex_error"] > 0)[0]
    record["cells.vertex_error"][inexact] = 0


def negate_neuron(record: Record) -> None:
    """Exchange the signs of the first bit everywhere."""
    signs = record["cells.signs"]
    words = signs.shape[1] // 2
    plus, minus = signs[:, 0] & np.uint64(1), signs[:, words] & np.uint64(1)
    signs[:, 0] ^= plus ^ minus
    signs[:, words] ^= plus ^ minus


def zero_neuron(record: Record) -> None:
    words = record["cells.signs"].shape[1] // 2
    record["cells.signs"][:, [0, words]] &= ~np.uint64(1)


def call_constant(record: Record) -> None:
    """Take the last bit away and call its neuron constant."""
    bits = record["cells.code_bit"]
    last = int(bits.max())
    words = record["cells.signs"].shape[1] // 2
    record["cells.signs"][:, [0, words]] &= ~np.uint64(1 << last)
    record["cells.code_constant"][bits == last] = -1
    bits[bits == last] = -1


def move_wall(record: Record) -> None:
    put_header(record, domain={"type": "box", "lo": [-1.0, -1.0], "hi": [1.0, 3.0]})


def reverse_infinity(record: Record) -> None:
    """Exchange lower and upper walls of the first axis."""
    walls = record["cells.walls"]
    walls[:] = (
        (walls & np.uint64(0b1100))
        | (walls & np.uint64(1)) << np.uint64(1)
        | walls >> np.uint64(1) & np.uint64(1)
    )


def drop_member(record: Record) -> None:
    del record["cells.walls"]


def add_member(record: Record) -> None:
    record["cells.extra"] = np.zeros(1)


def add_other_member(record: Record) -> None:
    record["extra"] = np.zeros(1)


def other_weight(record: Record) -> None:
    record["network.W0"][0, 0] = np.nextafter(record["network.W0"][0, 0], 9)


def other_dtype(record: Record) -> None:
    record["cells.walls"] = record["cells.walls"].astype(np.int64)


def other_shape(record: Record) -> None:
    record["cells.vertices"] = record["cells.vertices"].T.copy()


def no_cells(record: Record) -> None:
    for name in list(record):
        if name.startswith("cells.") and "code" not in name and "f_vector" not in name:
            record[name] = record[name][:0]


def broken_statistics(record: Record) -> None:
    record["statistics"] = record["statistics"][:-1]


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        drop_region, drop_region_and_lonely_edges, repeat_region, merge_regions, swap_region_facets,
        renumber_vertices, swap_vertices, move_vertex, shrink_error, negate_neuron, zero_neuron,
        call_constant, move_wall, reverse_infinity, drop_member, add_member, add_other_member, other_weight,
        other_dtype, other_shape, no_cells, broken_statistics,
    )
}  # fmt: skip
HEADER: dict[str, Any] = {
    "format": "relutope", "schema_version": 9, "relutope": "0.0.0", "model_hash": "0" * 64, "semantics": "",
    "domain": {"type": "ball"}, "input_dim": 3, "layers": 2, "dtype": "float32", "notes": ["a"],
    "f_vector": [1], "extra": 1,
}  # fmt: skip
#: Only the comparison with a new computation can tell these: they are true.
TRUE = {"renumber_vertices", "swap_region_facets"}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations_are_reported(saved: tuple[Path, Network, Record], name: str) -> None:
    path, network, record = saved
    MUTATIONS[name](record)
    write(path, record)
    assert outcome(path, network) != ""
    assert (outcome(path, network, rebuild=False) == "") == (name in TRUE)


@pytest.mark.parametrize("field", HEADER)
def test_changed_headers_are_reported(saved: tuple[Path, Network, Record], field: str) -> None:
    path, network, record = saved
    put_header(record, **{field: HEADER[field]})
    write(path, record)
    assert outcome(path, network) == ("reproduction" if field == "relutope" else "header")


def test_rays(tmp_path: Path, quadrants: Network) -> None:
    complex_ = complex_on(quadrants, None, None)
    path = tmp_path / "c.npz"
    record = complex_to_record(complex_)
    record["cells.rays"] = -record["cells.rays"]
    write(path, record)
    assert outcome(path, quadrants, rebuild=False) == "vertices"


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", ["random", "concurrent", "duplicate"])
def test_missing_neuron(name: str, d: int, tmp_path: Path) -> None:
    """The complex of a network without its last neuron, relabelled as that of the whole network."""
    case = cases(name, d)[1]
    network = network_of(case.layers)
    whole = complex_on(network, case.lo, case.hi)
    (weights, biases), (output, output_bias) = case.layers[-2:]
    rest = [*case.layers[:-2], (weights[:-1], biases[:-1]), (output[:, :-1], output_bias)]
    record = complex_to_record(complex_on(network_of(rest), case.lo, case.hi))
    forged = {
        name: array for name, array in complex_to_record(whole).items() if not name.startswith("cells.")
    }
    forged |= {name: array for name, array in record.items() if name.startswith("cells.")}
    for code, value in (("bit", -1), ("flipped", 0), ("constant", -1)):
        forged[f"cells.code_{code}"] = np.append(forged[f"cells.code_{code}"], value).astype(
            record[f"cells.code_{code}"].dtype
        )
    put_header(forged, f_vector=record["cells.f_vector"].tolist())
    write(tmp_path / "c.npz", forged)
    rounded = {"cells.vertices", "cells.vertex_error", "header", "statistics"}
    differences = {
        n for n, array in complex_to_record(whole).items() if array.tobytes() != forged[n].tobytes()
    }
    true = differences <= rounded
    assert not (true and name == "random")
    assert (outcome(tmp_path / "c.npz", network, rebuild=False) == "") == true
    assert (outcome(tmp_path / "c.npz", network) == "") == (differences <= {"statistics"})


def test_other_model(saved: tuple[Path, Network, Record], network: Network) -> None:
    path, own, _ = saved
    assert outcome(path, network) == "header"
    assert outcome(path, own) == ""


# Bad input and the command line


def test_bad_input(saved: tuple[Path, Network, Record], tmp_path: Path) -> None:
    path, network, _ = saved
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "none.npz", network)
    np.savez(tmp_path / "other.npz", a=[1])
    with pytest.raises(ValueError, match="no header"):
        verify(tmp_path / "other.npz", network)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ValueError, match="cannot be read"):
        verify(tmp_path / "text.npz", network)
    with pytest.raises(TypeError, match="path is of type int"):
        verify(3, network)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="progress"):
        verify(path, network, progress=3)  # type: ignore[arg-type]


def test_command_line(tmp_path: Path, network: Network, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = {f"W{i}": weight.astype(float) for i, (weight, _) in enumerate(network.exact_layers())}
    arrays |= {f"b{i}": bias.astype(float) for i, (_, bias) in enumerate(network.exact_layers())}
    model, path = str(tmp_path / "m.npz"), str(tmp_path / "c.npz")
    np.savez(model, **arrays)  # type: ignore[arg-type]
    relutope.polyhedral_complex(relutope.load(model), AllSpace()).save(path)
    capsys.readouterr()
    assert main(["verify", path, model]) == 0
    assert capsys.readouterr().out.endswith("\ncertified\n")
    assert main(["verify", path, model, "--json", "--no-rebuild"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    arrays["b0"][0] += 1
    np.savez(model, **arrays)  # type: ignore[arg-type]
    assert main(["verify", path, model, "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["checks"][-1]["name"] == "header"
    assert main(["verify", path, path]) == 2
    assert main(["verify", model, model]) == 2
    assert capsys.readouterr().err.count("\n") == 2
