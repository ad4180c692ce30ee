"""The shape of the one input of a file, whose batch axis may be open."""

from __future__ import annotations

from collections.abc import Sequence

from relutope.loading.graph.sizes import check_size


def chosen_shape(
    name: str, declared: list[int | str] | None, wanted: Sequence[int] | None
) -> tuple[int, ...]:
    """The shape of an input, from the sizes that a file declares and those that the user wants.

    Parameters
    ----------
    name : str
        Name of the input.
    declared : list of int or str, or None
        Sizes of the axes, names of those that are open; None if not even their number is known.
    wanted : sequence of int, optional
    """
    shape = _agreed(name, declared, wanted)
    if not shape or 0 in shape:
        raise ValueError(f"the input {name!r} has the shape {shape}; legal: (1, ...) without zeros")
    check_size(shape, f"the input {name!r}")
    return shape


def _agreed(name: str, declared: list[int | str] | None, wanted: Sequence[int] | None) -> tuple[int, ...]:
    if wanted is not None:
        shape = tuple(int(size) for size in wanted)
        fits = declared is None or (
            len(declared) == len(shape)
            and all(isinstance(axis, str) or axis == size for axis, size in zip(declared, shape, strict=True))
        )
        if not fits or any(size < 1 for size in shape):
            raise ValueError(
                f"input_shape is {shape} and the input {name!r} has the shape {_shown(declared)}; legal: one "
                "that agrees with it"
            )
        return shape
    if declared is None:
        raise ValueError(f"the input {name!r} has no shape; legal: one, or input_shape=")
    first = [1, *declared[1:]] if len(declared) > 1 and isinstance(declared[0], str) else declared
    if any(isinstance(axis, str) for axis in first):
        raise ValueError(
            f"the input {name!r} has the shape {_shown(declared)}, open beyond its batch axis; legal: fixed "
            "sizes, or input_shape="
        )
    shape = tuple(int(axis) for axis in first)
    if len(shape) > 1 and shape[0] != 1:
        raise ValueError(
            f"the input {name!r} has the shape {shape}, a batch of {shape[0]}; legal: a batch of 1, an open "
            "batch axis, or input_shape= to take the samples together as one input"
        )
    return shape


def _shown(declared: list[int | str] | None) -> str:
    return "unknown" if declared is None else f"({', '.join(map(str, declared))})"
