"""Questions to a complex about its regions and about points in them."""

from __future__ import annotations


class RegionQueries:
    """The part of `PolyhedralComplex` that speaks of regions."""
