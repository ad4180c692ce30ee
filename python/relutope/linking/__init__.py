"""Closed polygonal curves, their exact images under the layers of a network, and how they are linked."""

from relutope.linking.images import CurveImage, image

__all__ = ["CurveImage", "image"]
