"""Exact polyhedral complexes of piecewise-linear neural networks.

Every public name is an attribute of this package and is loaded when it is first used; importing the package
itself loads numpy only.

Examples
--------
>>> import relutope
>>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
>>> relutope.polyhedral_complex(network, relutope.Box(-1, 1)).f_vector
(9, 12, 4)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy  # noqa: F401  (the one package that an import of relutope loads)

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.domain import AllSpace, Box, as_domain
    from relutope.errors import IncompleteError, MissingExtraError
    from relutope.loading import as_network, load
    from relutope.network import Network
    from relutope.region_counts import RegionCount
    from relutope.subdivision import polyhedral_complex

    __version__: str

__all__ = [
    "AllSpace",
    "Box",
    "IncompleteError",
    "MissingExtraError",
    "Network",
    "PolyhedralComplex",
    "RegionCount",
    "__version__",
    "as_domain",
    "as_network",
    "load",
    "polyhedral_complex",
]

_HOME = {
    "AllSpace": "domain",
    "Box": "domain",
    "IncompleteError": "errors",
    "MissingExtraError": "errors",
    "Network": "network",
    "PolyhedralComplex": "complex",
    "RegionCount": "region_counts",
    "as_domain": "domain",
    "as_network": "loading",
    "load": "loading",
    "polyhedral_complex": "subdivision",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("relutope")
    elif name in _HOME:
        value = getattr(import_module(f"relutope.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module 'relutope' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
