"""Solutions of K y = b with the Laplacian K of a connected graph and columns b of sum 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from relutope.spectral.operators import Floats, factorised

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Solve = Callable[[Floats], Floats]

#: Up to so many nodes any graph is factorised; a larger one if it has at most two edges per node. The dual
#: graph of a generic complex of dimension d has nearly d edges per node, and for d > 2 its factors fill up.
MOST_FACTORISED = 3000
#: Residual, over the right-hand side, at which conjugate gradients end; and after how many steps at most.
TOLERANCE, MOST_STEPS = 2.0**-44, 20_000


def column_sums(weights: Floats, columns: Floats) -> Floats:
    """Sums of columns (n, k) with weights (n,) or (n, k).

    Not by BLAS: on a few long columns its threads cost several times what the sums do, and these would
    depend on the number of threads.
    """
    return np.asarray((weights.T * columns.T).sum(axis=1))


class Inverse:
    """The symmetric operator M^1/2 P K^+ P' M^1/2 of a connected graph; see `relutope.spectral.solver`."""

    def __init__(self, matrix: csr_array, mass: Floats) -> None:
        self.mass, self.n = mass, len(mass)
        self.heavy = np.flatnonzero(mass > 0)
        self.root = np.sqrt(mass[self.heavy])
        self.total = mass.sum()
        n_edges = (matrix.nnz - self.n) // 2
        few = self.n <= MOST_FACTORISED or n_edges <= 2 * self.n
        self.invert = _factorised(matrix) if few else _iterated(matrix)

    def solve(self, z: Floats) -> Floats:
        """Values on all nodes, M-orthogonal to the constant, for columns z on the nodes with mass."""
        load = np.zeros((self.n, z.shape[1]))
        load[self.heavy] = self.root[:, None] * z
        load -= self.mass[:, None] * (load.sum(axis=0) / self.total)
        y = self.invert(load)
        y -= column_sums(self.mass, y) / self.total
        return y

    def apply(self, z: Floats) -> Floats:
        """The operator itself."""
        image = self.root[:, None] * self.solve(z.reshape(len(z), -1))[self.heavy]
        return image.reshape(z.shape)


def _factorised(matrix: csr_array) -> Solve:
    """By one factorisation; the node with most edges is grounded."""
    grounded = int(matrix.diagonal().argmax())
    others = np.delete(np.arange(matrix.shape[0]), grounded)
    factors = factorised(matrix[others][:, others])

    def solve(load: Floats) -> Floats:
        y = np.zeros_like(load)
        y[others] = factors.solve(load[others])
        return y

    return solve


def _iterated(matrix: csr_array) -> Solve:
    """By conjugate gradients with the diagonal as preconditioner; by a factorisation if they do not end."""
    inverse_diagonal = 1 / matrix.diagonal()
    fallback: list[Solve] = []

    def solve(load: Floats) -> Floats:
        if not fallback:
            columns = [_conjugate_gradients(matrix, inverse_diagonal, column) for column in load.T]
            if all(column is not None for column in columns):
                return np.stack(columns, axis=1)  # type: ignore[arg-type]
            fallback.append(_factorised(matrix))
        return fallback[0](load)

    return solve


def _conjugate_gradients(matrix: csr_array, inverse_diagonal: Floats, load: Floats) -> Floats | None:
    """The solution of one system, or None if it is not reached."""
    y, rest = np.zeros_like(load), load.copy()
    goal = TOLERANCE**2 * _dot(load, load)
    smooth = rest * inverse_diagonal
    step, product = smooth.copy(), _dot(rest, smooth)
    for _ in range(MOST_STEPS):
        if _dot(rest, rest) <= goal:
            return y
        image = matrix @ step
        size = product / _dot(step, image)
        y += size * step
        image *= size
        rest -= image
        np.multiply(rest, inverse_diagonal, out=smooth)
        former, product = product, _dot(rest, smooth)
        step *= product / former
        step += smooth
    return None


def _dot(a: Floats, b: Floats) -> float:
    """As `column_sums`, of one column."""
    return float(np.einsum("i,i->", a, b))
