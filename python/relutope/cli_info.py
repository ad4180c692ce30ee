"""``relutope info``."""

from __future__ import annotations

import json

from relutope.cli_options import Options
from relutope.loading import load
from relutope.loading.stages import recorded_seconds
from relutope.network_info import network_info


def info(options: Options) -> int:
    """Print what a model is."""
    with recorded_seconds() as seconds:
        network = load(options.model, order=options.order)
    found = {**network_info(network), "import_seconds": seconds}
    if options.json:
        print(json.dumps(found))
        return 0
    print(network.summary())
    print(f"model hash: {network.hash}")
    print(
        f"float32 forward pass: off by at most {found['float32_difference']:.3g} at random points, where "
        f"outputs reach {found['float32_scale']:.3g}"
    )
    total = seconds.pop("total")
    parts = ", ".join(f"{name} {spent:.2f}" for name, spent in seconds.items())
    print(f"seconds of the import: {total:.2f}" + (f" ({parts})" if parts else ""))
    return 0
