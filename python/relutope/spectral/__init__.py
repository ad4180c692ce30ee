"""Fiedler partitions: parts of a dual graph by eigenvectors of its Laplacians.

`fiedler_partition` gives a `FiedlerPartition`; its method ``report(X, y)`` says how far the parts are the
classes, beside what any partition of the regions can reach and what the points alone give.

Examples
--------
>>> from relutope.spectral import OPERATORS
>>> OPERATORS["mass"]
'L v = lambda W v'
"""

from relutope.spectral.operators import OPERATORS
from relutope.spectral.partition import FiedlerPartition, fiedler_partition
from relutope.spectral.report import FiedlerReport
from relutope.spectral.thresholds import THRESHOLDS

__all__ = ["OPERATORS", "THRESHOLDS", "FiedlerPartition", "FiedlerReport", "fiedler_partition"]
