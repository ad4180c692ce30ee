"""Linking of closed curves: exact linking numbers, where curves meet, and their images under networks.

Examples
--------
>>> from relutope.linking import linking_number
>>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
>>> linking_number(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]])
1
"""

from relutope.linking.images import CurveImage, image
from relutope.linking.numbers import Meeting, linking_matrix, linking_number, meet

__all__ = [
    "CurveImage",
    "Meeting",
    "image",
    "linking_matrix",
    "linking_number",
    "meet",
]
