"""The examples in docstrings and in the README run and print what they say."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import relutope

ROOT = Path(__file__).resolve().parent.parent
MODULES = ["relutope", *(m.name for m in pkgutil.walk_packages(relutope.__path__, "relutope."))]
MODULES.remove("relutope.__main__")


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_readme_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"<!-- python-example -->\s*```python\n(.*?)\n```", text, re.DOTALL)
    assert example is not None
    exec(compile(example.group(1), "README.md", "exec"), {"__name__": "__main__"})


def test_readme_commands_are_one_line() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for marker in ("first-command", "test-command"):
        assert re.search(rf"<!-- {marker} -->\s*```sh\n[^\n]+\n```", text), marker
