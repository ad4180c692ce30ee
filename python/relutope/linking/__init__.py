"""Linking of closed curves: exact linking numbers, where curves meet, and their images under networks.

Examples
--------
>>> from relutope.linking import linking_number
>>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
>>> linking_number(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]])
1
"""

from relutope.linking.closed_curves import Meeting
from relutope.linking.cloud_nulls import CloudLinkingNull, cloud_linking_null
from relutope.linking.distances import Distance, min_distance
from relutope.linking.hooks import LinkingHook, LinkingRecord
from relutope.linking.images import CurveImage, image
from relutope.linking.layer_meetings import LayerMeeting
from relutope.linking.module_linking import ModuleLinking
from relutope.linking.numbers import gauss_integral, linking_matrix, linking_number, meet
from relutope.linking.point_clouds import CloudLinking, cloud_linking
from relutope.linking.through_layers import LayerLinking, ThroughLayers, through_layers

__all__ = [
    "CloudLinking",
    "CloudLinkingNull",
    "CurveImage",
    "Distance",
    "LayerLinking",
    "LayerMeeting",
    "LinkingHook",
    "LinkingRecord",
    "Meeting",
    "ModuleLinking",
    "ThroughLayers",
    "cloud_linking",
    "cloud_linking_null",
    "gauss_integral",
    "image",
    "linking_matrix",
    "linking_number",
    "meet",
    "min_distance",
    "through_layers",
]
