"""The network: hidden ReLU layers and a linear output layer, with exactly the coefficients as stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.coefficients import checked_points, exact_point, exact_rows
from relutope.domain import Box
from relutope.layers import checked_layers
from relutope.network_layers import NetworkLayer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A piecewise-linear network ``x -> W_L relu(... relu(W_0 x + b_0) ...) + b_L``.

    It stands for the real-valued function of the stored numbers, each float being the dyadic rational that
    it is, not for its rounded evaluation in floating point. Instances are immutable; two are equal if their
    coefficients are. Build one with `from_arrays`, `from_torch` or `relutope.load`.

    Attributes
    ----------
    core : relutope._core.Network
        The compiled network.
    notes : tuple of str
        What was assumed or dropped when the network was imported.
    box : Box or None
        The box that came with the file, if there was one.
    dtype : str
        Type in which the coefficients were stored.
    origins : tuple of str
        What each layer was in the model that it came from; empty where that says nothing.

    Examples
    --------
    >>> from relutope import Network
    >>> Network.from_arrays([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]])
    Network(2 -> 2 -> 1, 2 neurons, float64; dead: 0, constant: 0, proportional: 0)
    """

    core: _core.Network
    dtype: str = "float64"
    notes: tuple[str, ...] = ()
    box: Box | None = None
    origins: tuple[str, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike | None] | None = None,
        *,
        notes: Iterable[str] = (),
        box: Box | None = None,
    ) -> Network:
        """A network from its weight matrices and biases, taken exactly.

        Parameters
        ----------
        weights : sequence of array_like
            Layer l has shape (n_out, n_in): its pre-activation is ``weights[l] @ x + biases[l]``. ReLU
            stands between layers, the last one is linear. Any float type, integers, or objects such as
            `fractions.Fraction`.
        biases : sequence of array_like of shape (n_out,) or None, optional
            None, as a whole or for a layer, means no bias.
        notes, box
            See the attributes.

        Raises
        ------
        ValueError
            If there is no layer, shapes do not chain, a value is NaN or infinite, or a number that is no
            float lies beyond the range of float64.
        TypeError
            If values are not real numbers.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[1, 2], [3, 4], [0, 0]], [[1, 1, 1]]], [[0, 0, 1], None])
        Network(2 -> 3 -> 1, 3 neurons, int64; dead: 0, constant: 1, proportional: 0)
        """
        layers, dtypes = checked_layers(weights, biases)
        if all(weight.dtype != object and bias.dtype != object for weight, bias in layers):
            core = _core.Network([weight for weight, _ in layers], [bias for _, bias in layers])
        else:
            rows = [exact_rows(*layer) for layer in layers]
            core = _core.Network.from_rationals(rows, layers[0][0].shape[1])
        dtype = dtypes[0] if len(dtypes) == 1 else f"mixed ({', '.join(dtypes)})"
        return cls(core, dtype=dtype, notes=tuple(notes), box=box)

    @classmethod
    def from_torch(cls, module: torch.nn.Module) -> Network:
        """The network that a `torch.nn.Sequential` computes.

        Linear, ReLU, Identity, Dropout (as in eval mode) and Flatten are read, nested at will. Linear
        layers in a row are composed exactly; a final Sigmoid, Softmax or LogSoftmax is dropped with a note.
        Afterwards the network is compared with the module on random points.

        Raises
        ------
        TypeError
            If `module` is no torch module.
        ValueError
            If a part cannot be represented exactly; the message names it and its place.
        MissingExtraError
            If torch is not installed.

        Examples
        --------
        >>> import torch
        >>> from relutope import Network
        >>> _ = torch.manual_seed(0)
        >>> layers = torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1), torch.nn.Sigmoid()
        >>> network = Network.from_torch(torch.nn.Sequential(*layers))
        >>> network.hidden_widths, network.notes
        ((8,), ("dropped the final Sigmoid at '3': the outputs are what enters it",))
        """
        from relutope.loading.torch_module import network_from_torch

        return network_from_torch(module)

    @property
    def input_dim(self) -> int:
        """Number of inputs d."""
        return self.core.input_dim

    @property
    def output_dim(self) -> int:
        """Number of outputs."""
        return self.core.output_dim

    @property
    def hidden_widths(self) -> tuple[int, ...]:
        """Number of neurons of each hidden layer."""
        return tuple(self.core.hidden_widths)

    @property
    def n_neurons(self) -> int:
        """Number of hidden ReLU neurons."""
        return sum(self.core.hidden_widths)

    @property
    def n_signs(self) -> int:
        """Length of sign vectors: one sign per ReLU neuron, and one per entry of a maximum.

        A maximum, such as a window of a max pooling, has a state: which of its entries attain it. Their signs
        are 0, those of the others -1.
        """
        return self.core.n_signs

    @cached_property
    def layers(self) -> tuple[NetworkLayer, ...]:
        """All layers as sparse rows over the inputs and all earlier values, the outputs last.

        Examples
        --------
        >>> from relutope import Network
        >>> hidden, outputs = Network.from_arrays([[[2, 0], [0, 3]], [[1, 1]]]).layers
        >>> hidden.kind, hidden.indices.tolist(), hidden.values.tolist()
        ('relu', [0, 1], [2.0, 3.0])
        >>> outputs.kind, outputs.indices.tolist()
        ('linear', [2, 3])
        """
        parts = self.core.layers()
        origins = self.origins or ("",) * len(parts)
        return tuple(
            replace(NetworkLayer(*part), origin=origin) for part, origin in zip(parts, origins, strict=True)
        )

    @cached_property
    def census(self) -> dict[str, int]:
        """Numbers of special hidden neurons, a dict with three keys.

        ``dead``: all weights 0 and bias <= 0; ``constant``: all weights 0 and bias > 0; ``proportional``:
        weights and bias are a multiple of those of an earlier neuron of the layer.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[1, 2], [-2, -4], [0, 0]], [[1, 1, 1]]]).census
        {'dead': 1, 'constant': 0, 'proportional': 1}
        """
        return dict(self.core.census())

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the exact coefficients in hexadecimal; it does not depend on their dtype."""
        if not self.core.is_chain:
            digest = sha256(f"relutope-network 2 {self.input_dim}\n".encode())
            for parts in self.layers:
                for line in parts.digest_parts():
                    digest.update(line.encode())
            return digest.hexdigest()
        digest = sha256(f"relutope-network 1 {self.input_dim}\n".encode())
        for layer in self.core.rows():
            digest.update(f"layer {len(layer)}\n".encode())
            for numerators, denominator in layer:
                common = gcd(denominator, *numerators)
                row = [*numerators, denominator]
                digest.update((" ".join(f"{value // common:x}" for value in row) + "\n").encode())
        return digest.hexdigest()

    def exact_layers(self) -> list[tuple[NDArray[np.object_], NDArray[np.object_]]]:
        """Weights and biases of every layer as object arrays of `fractions.Fraction`.

        Returns
        -------
        list of (weight, bias)
            Of shapes (n_out, n_in) and (n_out,).

        Raises
        ------
        ValueError
            If a layer reads others than its predecessor, or a hidden one is linear; see `layers`.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[0.5]]], [[2]]).exact_layers()[0][0]
        array([[Fraction(1, 2)]], dtype=object)
        """
        if not self.core.is_chain:
            raise ValueError(
                "the network is no chain: a layer reads others than its predecessor, or a hidden one is "
                "linear; layers has them all"
            )
        result = []
        for layer in self.core.rows():
            rows = [
                [Fraction(value, denominator) for value in numerators] for numerators, denominator in layer
            ]
            table = np.array(rows, dtype=object)
            result.append((table[:, :-1], table[:, -1]))
        return result

    def evaluate(self, X: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Outputs in float64 and proven bounds on their errors.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        outputs, errors : ndarray of shape (n, output_dim), float64
            The exact output lies within ``errors`` of ``outputs``; inf and nan where float64 overflows.

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]]).evaluate([[-3.0]])[0]
        array([[3.]])
        """
        return self.core.evaluate(self.checked_points(X))

    def __call__(self, X: ArrayLike) -> NDArray[np.float64]:
        """Outputs of shape (n, output_dim) at the points X of shape (n, d), without the error bounds."""
        return self.evaluate(X)[0]

    def exact_evaluate(self, point: ArrayLike) -> list[Fraction]:
        """The outputs at one rational point, exactly.

        Parameters
        ----------
        point : array_like of shape (d,)
            Floats, integers, Fractions or Decimals.

        Returns
        -------
        list of fractions.Fraction
            One per output.

        Raises
        ------
        ValueError
            If `point` has another shape or a value is not finite.
        TypeError
            If a value is no int, float, Fraction or Decimal.

        Examples
        --------
        >>> from fractions import Fraction
        >>> from relutope import Network
        >>> Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]]).exact_evaluate([Fraction(-1, 3)])
        [Fraction(1, 3)]
        """
        return [Fraction(*value) for value in self.core.exact_evaluate(*exact_point(point, self.input_dim))]

    def sign_vectors(self, X: ArrayLike) -> NDArray[np.int8]:
        """Exact signs (-1, 0, 1) of all hidden pre-activations at float points.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        ndarray of shape (n, n_signs), int8
            Layer by layer; see `n_signs`.

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]]).sign_vectors([[-3.0], [0.0]])
        array([[-1,  1],
               [ 0,  0]], dtype=int8)
        """
        return self.core.sign_vectors(self.checked_points(X))

    def exact_sign_vector(self, point: ArrayLike) -> NDArray[np.int8]:
        """Exact signs (n_signs,), int8, of all hidden pre-activations at one rational point (d,).

        Raises
        ------
        ValueError
            If `point` has another shape or a value is not finite.
        TypeError
            If a value is no int, float, Fraction or Decimal.

        Examples
        --------
        >>> from fractions import Fraction
        >>> from relutope import Network
        >>> Network.from_arrays([[[3]], [[1]]], [[-1], [0]]).exact_sign_vector([Fraction(1, 3)])
        array([0], dtype=int8)
        """
        return self.core.exact_signs(*exact_point(point, self.input_dim))

    def checked_points(self, X: ArrayLike) -> NDArray[np.float64]:
        """X as contiguous float64 of shape (n, d), or a ValueError or TypeError."""
        return checked_points(X, self.input_dim)

    def __repr__(self) -> str:
        widths = " -> ".join(map(str, (self.input_dim, *self.hidden_widths, self.output_dim)))
        census = ", ".join(f"{kind}: {self.census[kind]}" for kind in ("dead", "constant", "proportional"))
        return f"Network({widths}, {self.n_neurons} neurons, {self.dtype}; {census})"

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, Network) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (
            self.input_dim,
            self.core.layers(),
            self.dtype,
            self.notes,
            self.box,
            self.origins,
        )


def _rebuilt(input_dim: int, layers: list[tuple[Any, ...]], *metadata: Any) -> Network:
    return Network(_core.Network.from_layers(input_dim, layers), *metadata)
