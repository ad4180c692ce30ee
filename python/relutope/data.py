"""Data points from files."""

from __future__ import annotations

import csv
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import exact_float64
from relutope.files import checked_path


class Data(NamedTuple):
    """Points X (n, d), float64, and their labels y (n,) or None."""

    X: NDArray[np.float64]
    y: NDArray[Any] | None


def read_data(path: str | PathLike[str], input_dim: int) -> Data:
    """Points and, where there are any, labels.

    Parameters
    ----------
    path : path
        ``.csv`` with d columns of numbers, optionally a header (a first line without a number in these
        columns) and a last column of labels; or ``.npz`` with ``X`` and optionally ``y``.
    input_dim : int
        The number d of columns.

    Returns
    -------
    Data

    Raises
    ------
    ValueError
        If the file is damaged, of another type, or does not fit `input_dim`.
    TypeError
        If `path` is no path.
    """
    readers = {".csv": _read_csv, ".npz": _read_npz}
    name = checked_path(path)
    suffix = Path(name).suffix.lower()
    if suffix not in readers:
        raise ValueError(f"{name} has the unknown file type {suffix!r}; legal for data: {', '.join(readers)}")
    try:
        return readers[suffix](name, input_dim)
    except (ValueError, csv.Error) as error:
        text = str(error)
        raise ValueError(text if name in text else f"{name}: {text}") from error


def _read_csv(path: str, input_dim: int) -> Data:
    with open(path, encoding="utf-8-sig", newline="") as stream:
        lines = [
            (number, row)
            for number, row in enumerate(csv.reader(stream), start=1)
            if any(map(str.strip, row))
        ]
    if lines and not any(_all_numbers([word]) for word in lines[0][1][:input_dim]):
        lines = lines[1:]  # a header
    if not lines:
        raise ValueError("it holds no points; legal: at least one row of numbers")
    first, width = lines[0][0], len(lines[0][1])
    if width not in (input_dim, input_dim + 1):
        raise ValueError(
            f"line {first} has {width} columns; legal: {input_dim}, or {input_dim + 1} with labels, for "
            f"{input_dim} inputs"
        )
    points = np.empty((len(lines), input_dim))
    for place, (number, row) in enumerate(lines):
        if len(row) != width:
            raise ValueError(f"line {number} has {len(row)} columns; legal: {width}, as in the first")
        try:
            points[place] = [float(word) for word in row[:input_dim]]
        except ValueError:
            raise ValueError(f"line {number} is {','.join(row)!r}; legal: numbers") from None
        if not np.isfinite(points[place]).all():
            raise ValueError(f"line {number} is {','.join(row)!r}; legal: finite numbers")
    return Data(points, None if width == input_dim else _labels([row[-1].strip() for _, row in lines]))


def _read_npz(path: str, input_dim: int) -> Data:
    from relutope.npz import read_npz

    record = read_npz(path)
    if "X" not in record:
        raise ValueError(f"it holds {', '.join(record) or 'nothing'}; legal: X and optionally y")
    points = exact_float64(record["X"], "X")
    if points.ndim != 2 or points.shape[1] != input_dim or not len(points):
        raise ValueError(f"X has shape {points.shape}; legal: (n, {input_dim}) with n >= 1")
    labels = record.get("y")
    if labels is not None and labels.shape != (len(points),):
        raise ValueError(f"y has shape {labels.shape}; legal: ({len(points)},), one label per point")
    return Data(points, labels)


def _labels(words: list[str]) -> NDArray[Any]:
    return np.array([float(word) for word in words]) if _all_numbers(words) else np.array(words)


def _all_numbers(words: list[str]) -> bool:
    try:
        list(map(float, words))
    except ValueError:
        return False
    return True
