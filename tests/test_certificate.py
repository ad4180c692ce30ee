"""Certificates: every true complex has one, no changed file does."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import relutope
from compare import complex_on, network_of
from mutations import HEADER, METADATA, MUTATIONS, put_header, write, write_as_it_is
from networks import CLASSES, cases
from relutope import AllSpace, Box, Network, PolyhedralComplex, Slice, verify
from relutope.cli import main
from relutope.npz import Record, read_npz
from relutope.storage import complex_to_record


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
    for case in cases(name, d)[1 : 3 if d < 3 else 2]:
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
    assert outcome(tmp_path / "q.npz", network) == "model"


def test_vertices_beyond_float64(tmp_path: Path) -> None:
    """On R, kinks at 1e400 and -1e-400 or so: only the integers know where they are."""
    network = network_of(
        [(np.array([[1e-200], [1e200]]), np.array([-1e200, 1e-200])), (np.ones((1, 2)), np.zeros(1))]
    )
    complex_on(network, None, None).save(tmp_path / "c.npz")
    certificate = verify(tmp_path / "c.npz", network)
    assert certificate.ok, str(certificate)
    assert certificate.signs_by_integers >= 2


@pytest.mark.parametrize("size", [1.0, 1e37, 1e60, 1e300])
def test_vertex_error_of_far_vertices(size: float, tmp_path: Path, quadrants: Network) -> None:
    """Bounds overflow float32 where coordinates are huge, even at the origin; the file is true."""
    path = tmp_path / "c.npz"
    complex_on(quadrants, [-size, -size], [size, size / 2]).save(path)
    assert outcome(path, quadrants) == ""


@pytest.mark.parametrize("error", [np.inf, np.nan, -1.0])
def test_meaningless_vertex_error(saved: tuple[Path, Network, Record], error: float) -> None:
    path, network, record = saved
    for moved in (False, True):
        vertex = int(np.flatnonzero(np.isfinite(record["cells.vertex_error"]))[-1])
        record["cells.vertex_error"][vertex] = error
        record["cells.vertices"][vertex] += 7 * moved
        write(path, record)
        assert outcome(path, network, rebuild=False) == "vertices"


@pytest.mark.parametrize("place", [7.0, np.inf, -np.inf, np.nan])
def test_infinite_coordinates_are_beyond_float64(place: float, tmp_path: Path) -> None:
    """On R, kinks at 1e400 and -1: only the first may be stored as infinity, and only upward."""
    network = network_of(
        [(np.array([[1e-200], [1.0]]), np.array([-1e200, 1.0])), (np.ones((1, 2)), np.zeros(1))]
    )
    record = complex_to_record(complex_on(network, None, None))
    far = int(np.flatnonzero(np.isinf(record["cells.vertices"][:, 0]))[0])
    for vertex in (far, 1 - far):
        changed = {name: array.copy() for name, array in record.items()}
        changed["cells.vertices"][vertex], changed["cells.vertex_error"][vertex] = place, np.inf
        write(tmp_path / "c.npz", changed)
        told = np.isnan(place) or (np.isinf(place) and (vertex != far or place < 0))
        assert (outcome(tmp_path / "c.npz", network, rebuild=False) == "vertices") == told


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
        for _ in range(6 if array.nbytes else 0):
            changed = flipped(array, int(rng.integers(array.nbytes)), int(rng.integers(8)))
            (write_as_it_is if name == "header" else write)(path, record | {name: changed})
            assert outcome(path, network) != "", name
            if outcome(path, network, rebuild=False) == "":
                true_without_rebuild += 1
                assert name in {"cells.vertices", "cells.vertex_error", "cells.rays", "statistics"}, name
    assert true_without_rebuild > 0


def flipped(array: np.ndarray, byte: int, bit: int) -> np.ndarray:
    raw = bytearray(array.tobytes())
    raw[byte] ^= 1 << bit
    return np.frombuffer(bytes(raw), dtype=array.dtype).reshape(array.shape)


def test_every_bit_of_signs_walls_and_codes(saved: tuple[Path, Network, Record]) -> None:
    path, network, record = saved
    for name in ("cells.signs", "cells.walls", "cells.code_bit", "cells.code_flipped", "cells.code_constant"):
        array = record[name]
        step = max(1, array.nbytes // 20)
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


#: Only the comparison with a new computation can tell these: they are true.
TRUE = {"renumber_vertices", "swap_region_facets", "other_statistics"}


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


# Metadata: the function is the same, so they are told and refuse nothing


@pytest.mark.parametrize("field", METADATA)
def test_changed_metadata_are_told(saved: tuple[Path, Network, Record], field: str) -> None:
    path, network, record = saved
    assert verify(path, network).differences == ()
    put_header(record, **{field: METADATA[field]})
    write(path, record)
    certificate = verify(path, network)
    assert certificate.ok
    [difference] = certificate.differences
    assert difference.startswith(f"the file's {field} ")
    assert f"note: {difference}\n" in str(certificate)
    assert certificate.to_json()["differences"] == (difference,)


@pytest.mark.parametrize("box", [None, Box(-1, [1, 2])])
@pytest.mark.parametrize("domain", [(-1, 1), Slice([0, 0], [[1, 2]], (-1, 1))], ids=["box", "slice"])
def test_own_box_of_the_network_is_told(
    saved: tuple[Path, Network, Record], tmp_path: Path, box: Box | None, domain: Any
) -> None:
    _, network, _ = saved
    path, given = tmp_path / "own.npz", replace(network, box=Box(0, 1))
    relutope.polyhedral_complex(replace(network, box=box), domain).save(path)
    for rebuild in (True, False):
        certificate = verify(path, given, rebuild=rebuild)
        assert certificate.ok, str(certificate)
        assert len(certificate.differences) == (not isinstance(domain, Slice))
    assert verify(path, replace(network, box=box)).differences == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"network.lo": np.zeros(2)},
        {"network.lo": np.ones(2), "network.hi": np.zeros(2)},
        {"network.lo": np.array([-0.0, 0]), "network.hi": np.ones(2)},
        {"network.lo": np.zeros(3), "network.hi": np.ones(3)},
        {"network.lo": np.zeros(2, np.float32), "network.hi": np.ones(2, np.float32)},
    ],
)
def test_no_box_of_a_network(saved: tuple[Path, Network, Record], changes: Record) -> None:
    path, network, record = saved
    write(path, {"header": record["header"], **changes, **record})
    assert outcome(path, network) == "header"


def test_a_checkpoint_and_its_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(2)
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1), torch.nn.Sigmoid()
    )
    torch.save(module.state_dict(), tmp_path / "m.pt")
    numbers = {name: tensor.double().numpy() for name, tensor in module.state_dict().items()}
    weights, biases = ([numbers[f"{i}.{kind}"] for i in (0, 2)] for kind in ("weight", "bias"))
    models = [module, tmp_path / "m.pt", Network.from_arrays(weights, biases)]
    for source in models:
        relutope.polyhedral_complex(source, (-1, 1)).save(tmp_path / "t.npz")
        for model in models:
            certificate = verify(tmp_path / "t.npz", model)
            assert certificate.ok, str(certificate)
            assert (certificate.differences == ()) == (model is source)
    capsys.readouterr()
    assert main(["verify", str(tmp_path / "t.npz"), str(tmp_path / "m.pt")]) == 0
    assert "\nnote: the file's dtype is 'float64', that of the model 'float32'\n" in capsys.readouterr().out


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
    cells = {name: array for name, array in record.items() if name.startswith("cells.")}
    forged = complex_to_record(whole) | cells
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
    assert (outcome(tmp_path / "c.npz", network) == "") == (differences == set())


def test_other_model(saved: tuple[Path, Network, Record], network: Network) -> None:
    path, own, _ = saved
    assert outcome(path, network) == "model"
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
    assert json.loads(capsys.readouterr().out)["checks"][-1]["name"] == "model"
    assert main(["verify", path, path]) == 2
    assert main(["verify", model, model]) == 2
    assert capsys.readouterr().err.count("\n") == 2
