"""Builds and runs the C++ tests."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> None:
    # The tools of this environment first, whether it is activated or not.
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert result.returncode == 0, result.stdout + result.stderr


def test_cpp(tmp_path: Path) -> None:
    options = ["-DRELUTOPE_BUILD_TESTS=ON", f"-DPython_EXECUTABLE={sys.executable}"]
    run("cmake", "-S", str(ROOT), "-B", str(tmp_path), *options)
    run("cmake", "--build", str(tmp_path), "--config", "Release", "--parallel", "2")
    run("ctest", "--test-dir", str(tmp_path), "-C", "Release", "--output-on-failure")
