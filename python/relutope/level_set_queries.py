"""Questions to a complex about where functionals of the outputs vanish."""

from __future__ import annotations


class LevelSetQueries:
    """The part of `PolyhedralComplex` that speaks of level sets and decision boundaries."""
