"""Count the cells of benchmark networks without the library and compare with expected.json.

Two methods: ``oracle``, the tests' reference in exact integers, for any network; ``floats``, faster, for
generic networks only. One line of JSON per network; exit code 1 if a count differs from the known answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import frozen
from float_count import FloatCount

TESTS = Path(__file__).resolve().parent.parent / "tests"


def oracle(layers: list[frozen.Layer]) -> dict[str, Any]:
    """The f-vector by tests/reference.py."""
    sys.path.append(str(TESTS))
    import reference

    dim = layers[0][0].shape[1]
    cells = reference.reference_complex(reference.exact_layers(layers[:-1]), [-1] * dim, [1] * dim)
    return {"f_vector": reference.f_vector(cells, dim)}


def floats(layers: list[frozen.Layer]) -> dict[str, Any]:
    """The f-vector by float_count.py, and how far its decisions were from its errors."""
    count = FloatCount(layers)
    return {
        "f_vector": count.f_vector,
        "smallest_value": count.smallest_value,
        "largest_gap": count.largest_gap,
    }


METHODS = {"oracle": oracle, "floats": floats}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="+", choices=frozen.NAMES, metavar="NAME")
    parser.add_argument("--method", choices=METHODS, help="default: those that expected.json names")
    options = parser.parse_args(argv)
    expected = json.loads(frozen.EXPECTED.read_text())
    wrong = 0
    for name in options.names:
        layers = frozen.build(name)
        known = expected.get(name, {"f_vector": None, "counted_by": METHODS})
        for method in [options.method] if options.method else known["counted_by"]:
            result = METHODS[method](layers)
            agrees = result["f_vector"] == known["f_vector"]
            wrong += not agrees
            line = {"network": name, "sha256": frozen.fingerprint(layers), "method": method, **result}
            print(json.dumps({**line, "agrees": agrees}), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
