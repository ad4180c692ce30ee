"""Linking of closed curves: exact linking numbers, and where curves meet.

Examples
--------
>>> from relutope.linking import linking_number
>>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
>>> linking_number(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]])
1
"""

from relutope.linking.numbers import Meeting, linking_matrix, linking_number, meet

__all__ = ["Meeting", "linking_matrix", "linking_number", "meet"]
