"""``relutope verify``: whether a saved complex is that of a network."""

from __future__ import annotations

import json

from relutope.certificate import verify
from relutope.cli_options import Options
from relutope.loading import read_network

NOT_CERTIFIED = 4


def verify_file(options: Options) -> int:
    """Print the certificate; 0 if everything is proved, else `NOT_CERTIFIED`."""
    network = read_network(options.model, options.order)
    certificate = verify(options.complex, network, rebuild=not options.no_rebuild, progress=options.progress)
    print(json.dumps(certificate.to_json()) if options.json else certificate)
    return 0 if certificate.ok else NOT_CERTIFIED
