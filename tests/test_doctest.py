"""The examples in docstrings and in the README run and print what they say."""

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import relutope
from relutope.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODULES = ["relutope", *(m.name for m in pkgutil.walk_packages(relutope.__path__, "relutope."))]
MODULES.remove("relutope.__main__")


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.parametrize("name", ["conventions.md", "fiedler.md", "homology.md", "linking.md", "training.md"])
def test_pages(name: str) -> None:
    page = str(ROOT / "docs" / name)
    result = doctest.testfile(page, module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 3
    assert result.failed == 0


def block(marker: str, language: str) -> str:
    """The fenced block of the README after a marker."""
    found = re.search(rf"<!-- {marker} -->\s*```{language}\n(.*?)\n```", README, re.DOTALL)
    assert found is not None, marker
    return found.group(1)


def test_readme_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    example = block("python-example", "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {"__name__": "__main__"})
    promised = re.findall(r"^print\(.*\)  # (.*)$", example, re.MULTILINE)
    assert len(promised) == example.count("print(")
    assert printed.getvalue().splitlines() == promised


def test_readme_first_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(block("first-command", "sh").split(" && ")[-1])
    assert words[0] == ".venv/bin/relutope"
    assert words[-2:] == ["--out", "out"]
    assert main([*words[1:-1], str(tmp_path)]) == 0
    assert block("first-output", "text") in capsys.readouterr().out
    for path in tmp_path.iterdir():
        assert f"`out/{path.name}`" in README


def test_readme_commands_are_one_line() -> None:
    for marker in ("first-command", "test-command"):
        assert "\n" not in block(marker, "sh"), marker


def test_readme_names_files_that_exist() -> None:
    named = re.findall(r"`((?:cpp|python|tests|bench|examples|\.ci)(?:/[\w.]+)*)`", README)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
