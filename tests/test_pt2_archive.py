"""Archives of exported programs that are damaged, malicious, or need a pickle."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pt2_checks import changed, refusal, saved
from relutope.loading.graph.pt2_file import graph_from_pt2

MODEL = "model/models/model.json"
WEIGHTS = "model/data/weights/model_weights_config.json"


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return open, (str(self.target), "w")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    return saved(tmp_path_factory.mktemp("pt2"), module, (1, 3))


@pytest.fixture
def bomb(tmp_path: Path) -> tuple[bytes, bytes, Path]:
    """A pickle and a file of torch that would each make a file, and that file."""
    target = tmp_path / "made"
    stream = io.BytesIO()
    torch.save({"weight": Bomb(target)}, stream)
    pickled = pickle.dumps(Bomb(target))
    pickle.loads(pickled).close()
    assert target.exists(), "the bomb works"
    target.unlink()
    return pickled, stream.getvalue(), target


def test_example_inputs_are_not_opened(archive: str, bomb: tuple[bytes, bytes, Path]) -> None:
    for content in bomb[:2]:
        path = changed(archive, {"model/data/sample_inputs/model.pt": content})
        assert graph_from_pt2(path).layers()[0][0].kind == "relu"
        assert not bomb[2].exists()


def test_weights_in_a_pickle_are_refused(archive: str, bomb: tuple[bytes, bytes, Path]) -> None:
    def as_pickle(content: Any) -> None:
        content["config"]["0.weight"]["use_pickle"] = True

    for content in bomb[:2]:
        path = changed(archive, {WEIGHTS: as_pickle, "model/data/weights/weight_0": content})
        refused = refusal(path)
        assert refused.startswith(
            "the archive keeps '0.weight' as a pickle in 'weight_0', and a pickle in a file"
        )
        assert "torch.export.load(path).module()" in refused
        path = changed(archive, {WEIGHTS: None}, [("model/data/weights/model.pt", content)])
        assert refusal(path).startswith(
            "the archive keeps its weights in data/weights/model.pt, and a pickle"
        )
        constants = "model/data/constants/model_constants_config.json"
        path = changed(archive, {constants: None}, [("model/data/constants/model.pt", content)])
        assert refusal(path).startswith(
            "the archive keeps its constants in data/constants/model.pt, and a pic"
        )
        assert not bomb[2].exists()


def test_archives_of_older_versions_of_torch_are_refused(
    tmp_path: Path, bomb: tuple[bytes, bytes, Path]
) -> None:
    path = tmp_path / "old.pt2"
    with zipfile.ZipFile(path, "w") as stream:
        stream.writestr("serialized_exported_program.json", "{}")
        stream.writestr("serialized_state_dict.pt", bomb[1])
        stream.writestr("serialized_constants.pt", bomb[0])
        stream.writestr("version", "8.2")
    start = "the archive keeps its tensors in serialized_constants.pt, serialized_state_dict.pt, "
    assert refusal(str(path)).startswith(start)
    assert not bomb[2].exists()
    torch.save({"a": torch.zeros(2)}, path)
    assert refusal(str(path)).startswith(
        "the archive keeps its tensors in old/data.pkl, and a pickle in a file"
    )


def test_operations_with_effects_are_not_run(archive: str, tmp_path: Path) -> None:
    target = tmp_path / "made"

    def with_file(content: Any) -> None:
        arguments = {
            "filename": {"as_string": str(target)},
            "shared": {"as_bool": True},
            "size": {"as_int": 100},
        }
        node = {
            "target": "torch.ops.aten.from_file.default",
            "inputs": [{"name": key, "arg": value, "kind": 1} for key, value in arguments.items()],
            "outputs": [{"as_tensor": {"name": "file"}}],
            "metadata": {},
        }
        content["graph_module"]["graph"]["nodes"].insert(0, node)

    refused = refusal(changed(archive, {MODEL: with_file}))
    assert refused == "torch.ops.aten.from_file.default cannot be represented exactly: it is not supported"
    assert not target.exists()


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "torch.ops.aten.linear",
        "torch.ops.aten.relu.nothing",
        "torch.ops.aten.__class__.mro",
        "torch.ops.higher_order.cond",
        "torch.ops.load_library.x",
        "#0",
        7,
    ],
)
def test_targets_that_are_no_operations(target: Any, archive: str) -> None:
    def change(content: Any) -> None:
        content["graph_module"]["graph"]["nodes"][0]["target"] = target

    refused = refusal(changed(archive, {MODEL: change}))
    assert str(target) in refused or "has not the form" in refused


# Archives


def test_truncated_files(archive: str, tmp_path: Path) -> None:
    content = Path(archive).read_bytes()
    path = tmp_path / "short.pt2"
    for length in (0, 10, 1000, len(content) // 2, len(content) - 30, len(content) - 1):
        path.write_bytes(content[:length])
        assert "cannot be read as an exported program (truncated or damaged?)" in refusal(str(path))


def test_flipped_bytes_raise_nothing_but_value_errors(archive: str, tmp_path: Path) -> None:
    content = Path(archive).read_bytes()
    path = tmp_path / "flipped.pt2"
    rng = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            graph = graph_from_pt2(path)
        except ValueError:
            continue
        assert [layer.kind for layer in graph.layers()[0]] == ["relu", "linear"]


def test_other_names_in_the_graph_raise_nothing_but_value_errors(archive: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as stream:
        text = stream.read(MODEL)
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(150):
        damaged = bytearray(text)
        damaged[rng.integers(len(text))] = rng.integers(33, 126)
        try:
            graph_from_pt2(changed(archive, {MODEL: bytes(damaged)}))
        except ValueError:
            refused += 1
    assert refused > 20


def test_zip_bombs(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = changed(archive, {}, [("model/extra/zeros", bytes(50_000_000))], compress=True)
    assert "the member 'model/extra/zeros' of the archive unpacks " in refusal(path)
    assert "bytes to 50000000; legal: up to 200 times" in refusal(path)
    assert graph_from_pt2(changed(archive, {}, compress=True)).dtype == "float32"
    monkeypatch.setattr("relutope.loading.graph.pt2_archive.MAX_JSON", 100)
    assert "legal: up to 100" in refusal(archive)
    monkeypatch.setattr("relutope.loading.graph.pt2_archive.MAX_BYTES", 100)
    assert "bytes; legal: up to 100" in refusal(archive)


@pytest.mark.parametrize("name", ["/made", "../made", "model/../../made", "model\\made", "C:made"])
def test_names_outside_the_archive(name: str, archive: str) -> None:
    assert "legal: names within the archive" in refusal(changed(archive, {}, [(name, b"1")]))


def test_members(archive: str, tmp_path: Path) -> None:
    path = changed(archive, {}, [("model/data/weights/weight_0", bytes(48))])
    assert refusal(path) == "the archive has two members 'model/data/weights/weight_0'"
    path = changed(archive, {"model/data/weights/weight_0": None})
    assert refusal(path) == "the archive has no member data/weights/weight_0 (truncated or damaged?)"
    path = changed(archive, {"model/archive_format": b"zip"})
    assert refusal(path) == "the archive_format is not pt2; legal: a file of torch.export.save"
    path = changed(archive, {"model/byteorder": b"big"})
    assert refusal(path) == "the archive's byteorder is not little"
    path = changed(archive, {MODEL: None})
    assert refusal(path) == "the archive holds 0 exported programs (none); legal: one"
    path = changed(archive, {}, [("model/models/other.json", b"{}")])
    assert refusal(path) == "the archive holds 2 exported programs (model.json, other.json); legal: one"
    for text in (b"{", b"\xff", b"[" * 100_000):
        assert "is no JSON text" in refusal(changed(archive, {MODEL: text}))
    assert refusal(changed(archive, {MODEL: b"[]"})).endswith("is no JSON object")
    assert "has not the form it should (damaged?)" in refusal(changed(archive, {MODEL: b"{}"}))
    empty = tmp_path / "empty.pt2"
    with zipfile.ZipFile(empty, "w") as stream:
        stream.writestr("a", "b")
    assert refusal(str(empty)) == "the archive holds no archive_format; legal: a file of torch.export.save"


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        graph_from_pt2(tmp_path / "none.pt2")
    with pytest.raises(TypeError, match="path is of type int"):
        graph_from_pt2(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="is no file; legal: a file of"):
        graph_from_pt2(tmp_path)


# Stored tensors


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path_name": "../weight_0"}, "the entry '0.weight' stands at '../weight_0'; legal: the name of a"),
        ({"path_name": "weight_99"}, "the archive has no member data/weights/weight_99"),
        ({"path_name": None}, "the entry '0.weight' stands at None"),
        ({"dtype": 10}, "'0.weight' has elements of type complex64; legal: real numbers of type"),
        ({"dtype": 29}, "'0.weight' has elements of type number 29; legal: real numbers of type"),
        ({"layout": 1}, "'0.weight' has the layout number 1; legal: dense, number 7"),
        ({"sizes": [{"as_int": 5}, {"as_int": 3}]}, "and does not fit the 12 elements of weight_0"),
        ({"sizes": [{"as_int": 2**40}, {"as_int": 3}]}, "'0.weight' would have the shape (1099511627776, 3)"),
        ({"sizes": [{"as_int": -4}, {"as_int": 3}]}, "'0.weight' would have the shape (-4, 3)"),
        ({"sizes": [{"as_int": 4}]}, "does not fit the 12 elements of weight_0"),
        ({"strides": [{"as_int": -3}, {"as_int": 1}]}, "does not fit the 12 elements of weight_0"),
        ({"storage_offset": {"as_int": 1}}, "does not fit the 12 elements of weight_0"),
        ({"storage_offset": {"as_int": -1}}, "does not fit the 12 elements of weight_0"),
        ({"storage_offset": {"as_expr": "s0"}}, "the entry '0.weight' of the archive is damaged"),
    ],
)
def test_tensors(changes: dict[str, Any], message: str, archive: str) -> None:
    def change(content: Any) -> None:
        entry = content["config"]["0.weight"]
        for key, value in changes.items():
            (entry if key in entry else entry["tensor_meta"])[key] = value

    assert message in refusal(changed(archive, {WEIGHTS: change}))


def test_numbers_that_are_none(archive: str) -> None:
    path = changed(archive, {"model/data/weights/weight_0": np.full(12, np.nan, dtype=np.float32).tobytes()})
    assert "0.weight has a NaN or infinite coefficient; legal: finite numbers" in refusal(path)


# Graphs


def nodes_of(content: Any) -> Any:
    return content["graph_module"]["graph"]["nodes"]


def twice(content: Any) -> None:
    nodes_of(content).append(nodes_of(content)[0])


def backwards(content: Any) -> None:
    nodes_of(content).reverse()


def newer(content: Any) -> None:
    content["schema_version"]["major"] = 9


def two_inputs(content: Any) -> None:
    specs = content["graph_module"]["signature"]["input_specs"]
    specs.append({"user_input": {"arg": {"as_tensor": {"name": "linear"}}}})


def no_input(content: Any) -> None:
    content["graph_module"]["signature"]["input_specs"].pop()


def mutation(content: Any) -> None:
    content["graph_module"]["signature"]["output_specs"].append({"buffer_mutation": {}})


def token(content: Any) -> None:
    content["graph_module"]["signature"]["input_specs"].append({"token": {"arg": {"name": "t"}}})


def parameter(content: Any) -> None:
    content["graph_module"]["signature"]["input_specs"][0]["parameter"]["parameter_name"] = "other"


def wrong_shape(content: Any) -> None:
    nodes_of(content)[0]["inputs"][1]["arg"]["as_tensor"]["name"] = "p_2_weight"


def graph_argument(content: Any) -> None:
    nodes_of(content)[0]["inputs"][2]["arg"] = {"as_graph": {}}


def integers(content: Any) -> None:
    content["graph_module"]["graph"]["tensor_values"]["input"]["dtype"] = 5


def huge(content: Any) -> None:
    nodes_of(content)[1].update(
        target="torch.ops.aten.expand.default",
        inputs=[
            {"name": "self", "arg": {"as_tensor": {"name": "linear"}}},
            {"name": "size", "arg": {"as_ints": [10**9, 4]}},
        ],
    )


def huge_constant(content: Any) -> None:
    size = {"name": "size", "arg": {"as_ints": [10**6, 10**6]}}
    nodes_of(content)[1].update(target="torch.ops.aten.zeros.default", inputs=[size])


def bytes_as_weights(content: Any) -> None:
    content["config"]["0.weight"]["tensor_meta"]["dtype"] = 1


def test_programs_that_do_not_run(archive: str) -> None:
    path = changed(archive, {WEIGHTS: bytes_as_weights})
    assert "the program does not run (damaged?): " in refusal(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (twice, "'linear' is made twice (damaged?)"),
        (backwards, "torch.ops.aten.linear.default: it reads 'relu' before it is made (damaged?)"),
        (newer, "the program has schema version 9; legal: up to 8"),
        (two_inputs, "the program takes a second input 'linear'; legal: one tensor"),
        (no_input, "torch.ops.aten.linear.default: it reads 'input' before it is made (damaged?)"),
        (
            mutation,
            "the program has outputs of the kinds ['user_output', 'buffer_mutation']; legal: one tensor",
        ),
        (token, "the program has an input of the kind token; legal: tensors"),
        (parameter, "the parameter 'other' is not stored (truncated or damaged?)"),
        (wrong_shape, "torch.ops.aten.linear.default does not fit its arguments: "),
        (graph_argument, "it has an argument of the kind graph, which is not supported"),
        (integers, "has elements of type torch.int64; legal: floats"),
        (huge, "the result of torch.ops.aten.expand.default would have the shape (1000000000, 4)"),
        (huge_constant, "the result of torch.ops.aten.zeros.default would have the shape (1000000, 1000000)"),
    ],
)
def test_graphs(change: Any, message: str, archive: str) -> None:
    assert message in refusal(changed(archive, {MODEL: change}))
