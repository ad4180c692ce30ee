"""Where the images of two curves meet, and by which step of a layer they came together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from relutope.coefficients import ExactRow, common_denominator
from relutope.linking.exact_curves import ExactCurves
from relutope.linking.images import CurveImage
from relutope.linking.polygon import rounded

#: A segment of a curve and a parameter on it.
Place = tuple[int, Fraction]

#: Longer integers are written in hexadecimal, which takes no more than linear time.
DECIMAL_BITS = 4096


@dataclass(frozen=True, repr=False)
class LayerMeeting:
    """A point that the images of two curves have in common.

    Attributes
    ----------
    step : str
        The first step of the layer after which they meet: ``"input"``, the curves themselves; ``"affine"``,
        the affine map W v + b; ``"relu i"``, the ReLU of coordinate i, those before it having had theirs;
        ``"max"``, the maxima of a layer.
    point : tuple of Fraction
        A common point of the images after that step.
    a, b : (int, Fraction)
        Points of the two curves whose image it is, each as a segment and a parameter: (1 - t) p + t q on the
        segment from p to q.
    """

    step: str
    point: tuple[Fraction, ...]
    a: Place
    b: Place

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; fractions are strings such as "1/3", or "0x1/0x3" if they are very long."""
        a, b = ([segment, _digits(parameter)] for segment, parameter in (self.a, self.b))
        return {"step": self.step, "point": [_digits(value) for value in self.point], "a": a, "b": b}

    def where(self) -> str:
        """The step and the point, in words."""
        [values] = rounded([common_denominator(list(self.point))])
        return f"after {self.step}: ({', '.join(f'{value:.6g}' for value in values)})"

    def __repr__(self) -> str:
        return f"LayerMeeting({self.where()}, of segments {self.a[0]} and {self.b[0]})"


def first_meeting(a: CurveImage, b: CurveImage) -> LayerMeeting:
    """The first step of the layer after which the images meet, where they do after the last one."""
    for (step, rows_a), (_, rows_b) in zip(_steps(a), _steps(b), strict=True):
        found = ExactCurves([rows_a, rows_b]).meeting(0, 1)
        if found is not None:
            places = a.place(found.segment_a, found.parameter_a), b.place(found.segment_b, found.parameter_b)
            return LayerMeeting(step, found.point, *places)
    raise RuntimeError("internal: the images meet after no step of the layer")


def same_meeting(a: CurveImage, b: CurveImage, earlier: LayerMeeting) -> LayerMeeting | None:
    """The meeting of two points that met before, if they do so by the first step of this layer."""
    (step, (row_a,)), (_, (row_b,)) = (
        next(_steps_of(curve, [curve.exact(*curve.polygon.at(*place))]))
        for curve, place in ((a, earlier.a), (b, earlier.b))
    )
    point = tuple(Fraction(top, row_a[1]) for top in row_a[0])
    other = tuple(Fraction(top, row_b[1]) for top in row_b[0])
    return LayerMeeting(step, point, earlier.a, earlier.b) if point == other else None


def _steps(image: CurveImage) -> Iterator[tuple[str, list[ExactRow]]]:
    return _steps_of(image, image.entering)


def _steps_of(image: CurveImage, entering: list[ExactRow]) -> Iterator[tuple[str, list[ExactRow]]]:
    """Points after each step of the layer, from what enters it."""
    if image.kind == "max":
        yield "max", [image.exact.activated(row) for row in entering]
        return
    yield "input" if image.kind == "input" else "affine", entering
    for i in range(image.dim) if image.kind == "relu" else ():
        entering = [([*tops[:i], max(tops[i], 0), *tops[i + 1 :]], bottom) for tops, bottom in entering]
        yield f"relu {i}", entering


def _digits(value: Fraction) -> str:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= DECIMAL_BITS:
        return str(value)
    return f"{value.numerator:#x}/{value.denominator:#x}"
