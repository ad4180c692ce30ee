"""Complexes in the formats of other programs, and in files of their own."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex


class Exchange:
    """The part of `PolyhedralComplex` that writes and converts."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the complex and its network to one file, an uncompressed ``.npz`` without pickle.

        Parameters
        ----------
        path : path
            Replaced, if it exists, once the new file is whole. No suffix is added.

        Raises
        ------
        OSError
            If it cannot be written.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
        >>> relutope.polyhedral_complex(network, (-1, 1)).save("complex.npz")
        >>> relutope.PolyhedralComplex.load("complex.npz").f_vector
        (9, 12, 4)
        """
        from relutope.storage import save_complex

        save_complex(cast("PolyhedralComplex", self), path)

    @staticmethod
    def load(path: str | PathLike[str]) -> PolyhedralComplex:
        """Read what `save` wrote; see there for an example.

        Sizes, ids and the hash of the network are checked, geometry is not: see `validate`.

        Parameters
        ----------
        path : path

        Raises
        ------
        OSError
            If it cannot be opened.
        ValueError
            If the file is damaged, of another kind, or of another schema version.
        """
        from relutope.storage import load_complex

        return load_complex(path)
