"""Topology along training: snapshots from a training loop, and metrics at every checkpoint of a run.

`Recorder` takes snapshots, `relutope.track` measures them into a `Series`, `Series.lifetimes` follows regions
from one to the next. A metric is a name or a callable ``metric(complex, context)``; `BettiStatistics`,
`FiedlerAgreement` and `NearData` are named ones with options.

Examples
--------
>>> import relutope
>>> def regions_and_vertices(complex_, context):
...     return {"regions": complex_.n_regions, "vertices": complex_.f_vector[0]}
>>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
>>> relutope.track([(7, network)], regions_and_vertices, domain=(-1, 1)).to_dict()["columns"]
{'regions': [4], 'vertices': [9]}
"""

from relutope.training.fiedler_agreement import FiedlerAgreement
from relutope.training.lifetimes import Lifetimes
from relutope.training.metrics import BettiStatistics, Context
from relutope.training.near_data import NearData
from relutope.training.recorder import Recorder
from relutope.training.series import Series
from relutope.training.tracking import track

__all__ = [
    "BettiStatistics",
    "Context",
    "FiedlerAgreement",
    "Lifetimes",
    "NearData",
    "Recorder",
    "Series",
    "track",
]
