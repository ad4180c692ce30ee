"""Linking of closed curves: exact linking numbers, where curves meet, and their images under networks.

Examples
--------
>>> from relutope.linking import linking_number
>>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
>>> linking_number(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]])
1
"""

from relutope.linking.images import CurveImage, image
from relutope.linking.layer_meetings import LayerMeeting
from relutope.linking.numbers import Meeting, linking_matrix, linking_number, meet
from relutope.linking.through_layers import LayerLinking, ThroughLayers, through_layers

__all__ = [
    "CurveImage",
    "LayerLinking",
    "LayerMeeting",
    "Meeting",
    "ThroughLayers",
    "image",
    "linking_matrix",
    "linking_number",
    "meet",
    "through_layers",
]
