"""Run the first examples of the README against the installed package, away from the source tree.

``python .ci/check_wheel.py [PROJECT]``: runs the ``relutope`` command of the first example and the Python
example in a temporary folder that holds nothing but a copy of ``examples/``.
"""

import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from readme import block


def analyze_command() -> list[str]:
    """Return the ``relutope`` command that ends the README's first command, from this Python's scripts."""
    words = shlex.split(block("first-command").split("&&")[-1])
    if Path(words[0]).name != "relutope":
        raise ValueError(f"README.md: the first command ends in {words[0]!r}; must be relutope")
    scripts = sysconfig.get_path("scripts")
    found = shutil.which("relutope", path=scripts)
    if found is None:
        raise FileNotFoundError(f"relutope: not in {scripts}")
    return [found, *words[1:]]


def main(project: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(project / "examples", Path(folder) / "examples")
        where = subprocess.check_output(
            [sys.executable, "-c", "import relutope; print(relutope.__file__)"], cwd=folder, text=True
        ).strip()
        if Path(where).is_relative_to(project / "python"):
            raise RuntimeError(f"relutope: imported from the source tree, {where}")
        print(f"installed: {where}", flush=True)
        subprocess.run(analyze_command(), cwd=folder, check=True)
        subprocess.run([sys.executable, "-c", block("python-example")], cwd=folder, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
