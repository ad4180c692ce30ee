"""Linking of closed curves: exact linking numbers, and where curves meet.

Examples
--------
>>> from relutope.linking import linking_number
>>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
>>> linking_number(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]])
1
"""

from relutope.linking.closed_curves import Meeting
from relutope.linking.distances import Distance, min_distance
from relutope.linking.numbers import gauss_integral, linking_matrix, linking_number, meet

__all__ = [
    "Distance",
    "Meeting",
    "gauss_integral",
    "linking_matrix",
    "linking_number",
    "meet",
    "min_distance",
]
