"""Questions to a complex about where functionals of the outputs vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.flat_cells import FlatCells
    from relutope.level_sets import ClassRegions, LevelSet
    from relutope.refinement import RefinedComplex
    from relutope.subcomplex import Subcomplex


class LevelSetQueries:
    """The part of `PolyhedralComplex` that speaks of level sets and decision boundaries.

    Each method computes one more complex. It takes the keywords `n_threads`, `max_cells`, `max_seconds`,
    `max_bytes` and `progress` of `polyhedral_complex` for that, and raises IncompleteError if a limit ends
    it, or RuntimeError if this complex comes from a file whose cells another version of relutope numbered in
    another order: then it must be computed again. Of a refined complex all but `refine` see the base.
    """

    def refine(self, functional: ArrayLike, **limits: Any) -> RefinedComplex:
        """The complex cut by the zero sets of affine functionals of the outputs, exactly.

        A functional may vanish on whole regions; those stay whole and its sign on them is 0.

        Parameters
        ----------
        functional : array_like of shape (m + 1,) or (n, m + 1)
            Coefficients of the m outputs, then the constant: floats, ints or Fractions, taken exactly.
        **limits
            See `LevelSetQueries`.

        Returns
        -------
        RefinedComplex
            With `functional_signs`, and with `carrier` to find the cell of this complex that holds a cell.

        Raises
        ------
        ValueError, TypeError
            If the functional has another shape or holds what is no finite number.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> complex_.f_vector, complex_.refine([2, -1]).f_vector  # 2 (relu(x) + relu(y)) = 1
        ((9, 12, 4), (13, 19, 7))
        """
        from relutope.refinement import refine

        return refine(cast("PolyhedralComplex", self), functional, **limits)

    def decision_boundary(self, threshold: Any = 0.0, *, kind: str | None = None, **limits: Any) -> LevelSet:
        """The set where the output equals a threshold, or where the largest of several outputs tie.

        Parameters
        ----------
        threshold : float, int or Fraction, default 0.0
            Taken exactly. With several outputs only 0 is legal.
        kind : str, optional
            ``"threshold"``, the default for one output: the set {f = threshold}. ``"argmax"``, the default
            for more: the set where two or more outputs are equal and the largest.
        **limits
            See `LevelSetQueries`.

        Returns
        -------
        LevelSet
            A subcomplex of a refined complex. Where the network is constant it may contain whole regions,
            see `LevelSet.n_flat_regions`.

        Raises
        ------
        ValueError, TypeError
            If an argument is not legal for the number of outputs.

        Examples
        --------
        >>> import relutope
        >>> hidden = [[1, 0], [-1, 0], [0, 1], [0, -1]]  # |x| + |y| = 1
        >>> network = relutope.Network.from_arrays([hidden, [[1, 1, 1, 1]]])
        >>> diamond = relutope.polyhedral_complex(network, (-2, 2)).decision_boundary(1)
        >>> diamond.f_vector, diamond.betti()
        ((4, 4, 0), [1, 1, 0])
        """
        from relutope.level_sets import decision_boundary

        return decision_boundary(cast("PolyhedralComplex", self), threshold, kind=kind, **limits)

    def sublevel(self, threshold: Any, **limits: Any) -> Subcomplex:
        """The closed set {f <= threshold} of a network with one output; arguments as of `decision_boundary`.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, 1]]])  # |x|
        >>> relutope.polyhedral_complex(network, (-2, 2)).sublevel(1).f_vector
        (3, 2)
        """
        from relutope.level_sets import sublevel

        return sublevel(cast("PolyhedralComplex", self), threshold, **limits)

    def class_regions(self, threshold: Any = 0.0, **limits: Any) -> ClassRegions:
        """The closed sets where each class wins.

        With several outputs class i wins where output i is the largest; with one output class 0 wins on
        {f <= threshold} and class 1 on {f >= threshold}. Arguments as of `decision_boundary`.

        Returns
        -------
        ClassRegions
            ``classes``, one Subcomplex each; ``labels`` of the regions of the refined complex; ``tied``,
            the regions on all of which classes tie.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
        >>> result = relutope.polyhedral_complex(network, (-1, 1)).class_regions()
        >>> sorted(result.labels.tolist()), len(result.tied)
        ([-1, 0, 0, 1, 1], 1)
        """
        from relutope.level_sets import class_regions

        return class_regions(cast("PolyhedralComplex", self), threshold, **limits)

    def is_transversal(self, threshold: Any, **limits: Any) -> bool:
        """Whether a threshold is transversal: no cell on which f is constant has it as its value.

        Grigsby and Lindsey (On transversality of bent hyperplane arrangements and the topological
        expressiveness of ReLU neural networks, 2022). Vertices are cells on which f is constant, and on a
        box so are the vertices that its walls make; on R^d this is the definition for the network alone. A
        level set at a transversal threshold has codimension 1 throughout, or is empty.

        Raises
        ------
        ValueError, TypeError
            If the network has several outputs or `threshold` is no finite number.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])  # relu(x)
        >>> complex_ = relutope.polyhedral_complex(network, relutope.AllSpace())
        >>> complex_.is_transversal(0), complex_.is_transversal(0.5)
        (False, True)
        """
        from relutope.level_sets import is_transversal

        return is_transversal(cast("PolyhedralComplex", self), threshold, **limits)

    def flat_cells(self, threshold: Any = None, **limits: Any) -> FlatCells:
        """The cells of this complex on which the output of the network is constant.

        Parameters
        ----------
        threshold : float, int or Fraction, optional
            Only cells on which the output has this value, vertices among them. By default all flat cells of
            positive dimension, whatever the value; on every vertex the output is constant.
        **limits
            See `LevelSetQueries`; for a threshold only.

        Returns
        -------
        FlatCells
            ``ids`` and exact ``values`` per dimension 0..d, and ``counts``. Cells at infinity are left out.

        Raises
        ------
        ValueError, TypeError
            If the network has several outputs or `threshold` is no finite number.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0]], [[1]]], [[0], [3]])  # relu(x) + 3
        >>> complex_ = relutope.polyhedral_complex(network, relutope.AllSpace())
        >>> flat = complex_.flat_cells()
        >>> flat.counts, flat.values[2]
        ((0, 1, 1), array([Fraction(3, 1)], dtype=object))
        """
        from relutope.level_sets import flat_cells

        return flat_cells(cast("PolyhedralComplex", self), threshold, **limits)
