"""``relutope boundary``: the decision boundary of a network and its topology."""

from __future__ import annotations

import json
from typing import Any

from relutope.cli_input import about, compute, limits, resolve
from relutope.cli_options import Options


def boundary(options: Options) -> int:
    """Print what ``relutope boundary`` finds, as text or as one JSON object."""
    job = resolve(options)
    level_set = compute(job, options).decision_boundary(options.threshold, **limits(options))
    components = level_set.connected_components()
    result = {
        **about(job),
        "kind": level_set.kind,
        "threshold": str(level_set.threshold),
        "f_vector": list(level_set.f_vector),
        "euler_characteristic": level_set.euler_characteristic,
        "components": components.number,
        "components_touching_a_wall": int(components.touches_wall.sum()),
        "betti": level_set.betti(),
        "betti_borel_moore": level_set.betti("borel_moore"),
        "flat_regions": level_set.n_flat_regions,
    }
    print(json.dumps(result) if options.json else "\n".join(_readable(result)))
    return 0


def _readable(result: dict[str, Any]) -> list[str]:
    lines = [result["network"], *(f"  note: {note}" for note in result["notes"])]
    what = f"f = {result['threshold']}" if result["kind"] == "threshold" else "ties of the largest output"
    lines.append(f"decision boundary: {what}")
    lines += [f"cells of dimension {k}: {count:,}" for k, count in enumerate(result["f_vector"])]
    touching = result["components_touching_a_wall"]
    lines.append(f"components: {result['components']:,}, of which {touching:,} touch a wall")
    lines.append(f"Betti numbers over Z/2: {' '.join(map(str, result['betti']))}")
    lines.append(f"Borel-Moore Betti numbers: {' '.join(map(str, result['betti_borel_moore']))}")
    lines.append(f"Euler characteristic: {result['euler_characteristic']}")
    lines.append(f"flat regions: {result['flat_regions']:,}")
    return lines
