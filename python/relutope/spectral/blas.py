"""BLAS on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_alone = RLock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run the body with one thread of BLAS; then as many as before.

    On a few long columns its threads cost several times what they give, and sums depend on their number. The
    limit is the whole process's, so of several threads only one is inside at any time.
    """
    import scipy.sparse.linalg  # noqa: F401  # loads a BLAS of its own, which is to be limited too
    from threadpoolctl import threadpool_limits

    with _alone, threadpool_limits(limits=1, user_api="blas"):
        yield
