"""The benchmark of linking numbers refuses wrong answers and reports right ones."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"


def test_quick_run() -> None:
    command = [sys.executable, str(BENCH / "linking.py"), "--quick", "--repeat", "1"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "torus, 1,000 + 1,000 segments: linking number -16" in run.stdout
    assert "helices, 1,000 + 1,000 segments: linking number 10" in run.stdout
    assert run.stdout.count("direct sum with numpy") == 6


def test_a_wrong_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH)
    import linking

    link, known = linking.torus(100)
    assert linking.check("torus", link, known) == -5
    with pytest.raises(linking.WrongAnswerError, match="expected 4"):
        linking.check("torus", link, 4)
