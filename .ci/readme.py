"""Print the fenced block of README.md that follows a marker: ``python .ci/readme.py test-command``."""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def block(marker: str) -> str:
    """Return the text of the first fenced block after ``<!-- marker -->``; ValueError if there is none."""
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {re.escape(marker)} -->\s*```\w*\n(.*?)\n```", text, re.DOTALL)
    if found is None:
        raise ValueError(f"README.md: no fenced block after <!-- {marker} -->")
    return found.group(1)


if __name__ == "__main__":
    print(block(sys.argv[1]))
