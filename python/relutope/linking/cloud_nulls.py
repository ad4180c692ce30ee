"""How linked two point clouds would be if their labels, or the projection to space, were random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_count, checked_rng, checked_word
from relutope.linking.point_clouds import CloudLinking, checked_clouds, cloud_linking
from relutope.progress import interruptible


@dataclass(frozen=True)
class CloudLinkingNull:
    """Linking of random clouds to compare with.

    Attributes
    ----------
    kind : str
        "labels" or "projections".
    ranks : tuple of int or None
        Of the linking form of each sample; None where edges of its graphs meet.
    n_linked : tuple of int
        Pairs of longer cycles of each sample that are linked.
    """

    kind: str
    ranks: tuple[int | None, ...]
    n_linked: tuple[int, ...]

    def p_value(self, observed: CloudLinking) -> float | None:
        """Share of clouds, the observed ones among them, whose rank is at least the observed one.

        Samples without a rank are counted as if theirs were; None if the observed clouds have none. Clouds
        that fill the same space are linked in many ways: with more neighbours, one clean link has a smaller
        rank than random labels.
        """
        if observed.rank is None:
            return None
        reach = sum(rank is None or rank >= observed.rank for rank in self.ranks)
        return (1 + reach) / (1 + len(self.ranks))


def cloud_linking_null(
    a: ArrayLike,
    b: ArrayLike,
    kind: str,
    *,
    n: int = 99,
    rng: np.random.Generator | np.random.SeedSequence | int | None = None,
    **settings: Any,
) -> CloudLinkingNull:
    """Linking of clouds with random labels or random projections.

    Parameters
    ----------
    a, b : array_like of shape (n_a, d) and (n_b, d)
    kind : str
        ``"labels"``: all points are dealt anew to clouds of the same sizes. ``"projections"``: three random
        orthonormal axes of R^d instead of the principal ones, d > 3.
    n : int
        Number of samples.
    rng : numpy.random.Generator, seed or None
        Every sample has a generator of its own, spawned from it.
    **settings
        As for `cloud_linking`.

    Returns
    -------
    CloudLinkingNull

    Raises
    ------
    ValueError, TypeError
        As `cloud_linking`; also if `kind` is another word, or "projections" is asked for where d = 3 or with
        `axes`.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.linking import cloud_linking, cloud_linking_null
    >>> t = np.arange(40) * np.pi / 20
    >>> a = np.column_stack([np.cos(t), np.sin(t), 0.1 * np.sin(3 * t)])
    >>> b = np.column_stack([1 + np.cos(t), 0.1 * np.sin(2 * t + 1), np.sin(t)])
    >>> null = cloud_linking_null(a, b, "labels", n=19, rng=0, k=3)
    >>> observed = cloud_linking(a, b, k=3)
    >>> observed.rank, max(null.ranks), null.p_value(observed)
    (1, 1, 0.15)
    """
    checked_word(kind, "kind", ("labels", "projections"))
    first, second = checked_clouds(a, b)
    n = checked_count(n, "n")
    dim = first.shape[1]
    if kind == "projections" and (dim == 3 or settings.get("axes") is not None):
        raise ValueError(
            "kind is 'projections', which needs points of R^d with d > 3 and no axes; legal: 'labels'"
        )
    points = np.vstack([first, second])
    ranks: list[int | None] = []
    n_linked: list[int] = []
    for sample in checked_rng(rng).spawn(n):
        if kind == "labels":
            dealt = points[sample.permutation(len(points))]
            found = cloud_linking(dealt[: len(first)], dealt[len(first) :], **settings)
        else:
            found = cloud_linking(first, second, **{**settings, "axes": random_axes(sample, dim)})
        with interruptible("a null", {"samples": len(ranks), "n_samples": n}):
            ranks.append(found.rank)
            n_linked.append(found.n_linked)
    return CloudLinkingNull(kind, tuple(ranks), tuple(n_linked))


def random_axes(rng: np.random.Generator, dim: int) -> NDArray[np.float64]:
    """Three orthonormal vectors of R^dim as rows, uniformly distributed (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.normal(size=(dim, 3)))
    axes: NDArray[np.float64] = (q * np.where(np.diag(r) < 0, -1.0, 1.0)).T
    return axes
