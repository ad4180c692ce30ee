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
    from relutope import filtrations, homology, linking, spectral, training
    from relutope.certificate import Certificate, verify
    from relutope.complex import PolyhedralComplex
    from relutope.domain import AllSpace, Box
    from relutope.domains import as_domain
    from relutope.dual_graph import DualGraph
    from relutope.errors import IncompleteError, MissingExtraError
    from relutope.homology import (
        Barcode,
        BettiCurves,
        CellComplex,
        betti_curves,
        betti_numbers,
        betti_peak_report,
        persistence,
    )
    from relutope.level_sets import LevelSet
    from relutope.loading import as_network, load
    from relutope.location import PointCounts
    from relutope.network import Network
    from relutope.polytope import Polytope
    from relutope.refinement import RefinedComplex
    from relutope.region_counts import RegionCount
    from relutope.regions import Regions
    from relutope.slices import Slice
    from relutope.spectral import FiedlerPartition, FiedlerReport, fiedler_partition
    from relutope.subcomplex import Subcomplex
    from relutope.subdivision import polyhedral_complex
    from relutope.training import Series, track

    __version__: str

__all__ = [
    "AllSpace",
    "Barcode",
    "BettiCurves",
    "Box",
    "CellComplex",
    "Certificate",
    "DualGraph",
    "FiedlerPartition",
    "FiedlerReport",
    "IncompleteError",
    "LevelSet",
    "MissingExtraError",
    "Network",
    "PointCounts",
    "PolyhedralComplex",
    "Polytope",
    "RefinedComplex",
    "RegionCount",
    "Regions",
    "Series",
    "Slice",
    "Subcomplex",
    "__version__",
    "as_domain",
    "as_network",
    "betti_curves",
    "betti_numbers",
    "betti_peak_report",
    "fiedler_partition",
    "filtrations",
    "homology",
    "linking",
    "load",
    "persistence",
    "polyhedral_complex",
    "spectral",
    "track",
    "training",
    "verify",
]

_SUBMODULES = ("filtrations", "homology", "linking", "spectral", "training")
_HOME = {
    "AllSpace": "domain",
    "Barcode": "homology",
    "BettiCurves": "homology",
    "Box": "domain",
    "CellComplex": "homology",
    "Certificate": "certificate",
    "DualGraph": "dual_graph",
    "FiedlerPartition": "spectral",
    "FiedlerReport": "spectral",
    "IncompleteError": "errors",
    "LevelSet": "level_sets",
    "MissingExtraError": "errors",
    "Network": "network",
    "PointCounts": "location",
    "PolyhedralComplex": "complex",
    "Polytope": "polytope",
    "RefinedComplex": "refinement",
    "RegionCount": "region_counts",
    "Regions": "regions",
    "Series": "training",
    "Slice": "slices",
    "Subcomplex": "subcomplex",
    "as_domain": "domains",
    "as_network": "loading",
    "betti_curves": "homology",
    "betti_numbers": "homology",
    "betti_peak_report": "homology",
    "fiedler_partition": "spectral",
    "load": "loading",
    "persistence": "homology",
    "polyhedral_complex": "subdivision",
    "track": "training",
    "verify": "certificate",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("relutope")
    elif name in _SUBMODULES:
        value = import_module(f"relutope.{name}")
    elif name in _HOME:
        value = getattr(import_module(f"relutope.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module 'relutope' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
