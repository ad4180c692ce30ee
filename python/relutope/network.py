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
from relutope.coefficients import exact_rows
from relutope.domain import Box
from relutope.evaluation import Evaluation
from relutope.layers import checked_layers
from relutope.network_layers import NetworkLayer

if TYPE_CHECKING:
    import torch


#: What a network stands for; a saved complex names it.
SEMANTICS = (
    "the real-valued function of the stored coefficients, each float taken as the dyadic rational it is"
)

#: What is added where a model was imported through its operations.
IMPORT_SEMANTICS = (
    "batch norm scales are the correctly rounded float64 of gamma / sqrt(var + eps), exact from there on; "
    "scalars mean their float64 value; average pooling is exact"
)


@dataclass(frozen=True, eq=False, repr=False)
class Network(Evaluation):
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
    input_shape : tuple of int or None
        Shape of one input before it was flattened, in C order, if that is known.
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
    input_shape: tuple[int, ...] | None = None

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
    def from_torch(cls, module: torch.nn.Module, example_input: torch.Tensor | None = None) -> Network:
        """The network that a torch module computes in eval mode.

        A `Sequential` of Linear, ReLU, Identity, Dropout and Flatten is read as it is, linear layers in a row
        composed exactly. Any other module is captured by `torch.export` on a copy: linear maps,
        convolutions, batch norm, average and max pooling, piecewise-linear activations, residual sums and
        whatever moves elements about. A final Sigmoid, Softmax or LogSoftmax is dropped with a note.
        Afterwards the network is compared with the module on random points. Inputs are flattened in C order.

        Parameters
        ----------
        module : torch.nn.Module
            It is never changed.
        example_input : torch.Tensor of shape (1, ...), optional
            Whose shape the inputs have; needed where the module takes something else than vectors.

        Raises
        ------
        TypeError
            If `module` is no torch module, or `example_input` no tensor.
        ValueError
            If a part cannot be represented exactly, the message naming it and its place, or the module mixes
            the samples of a batch.
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

        return network_from_torch(module, example_input)

    @property
    def semantics(self) -> str:
        """What function the network stands for, in words."""
        return f"{SEMANTICS}; {IMPORT_SEMANTICS}" if self.origins else SEMANTICS

    def summary(self) -> str:
        """All layers as a table: kind, rows, what they read, what they were in the model they came from.

        Examples
        --------
        >>> from relutope import Network
        >>> print(Network.from_arrays([[[2, 0], [0, 3]], [[1, 1]]]).summary())  # doctest: +ELLIPSIS
        layer  kind    rows  reads  coefficients  rational  from
            0  relu       2  input             2         0
            1  linear     1  0                 2         0
        2 inputs, 1 outputs, 2 ReLU neurons, 7 coefficients and biases, int64
        semantics: the real-valued function of the stored coefficients...
        """
        from relutope.network_summary import summary_text

        return summary_text(self)

    def _repr_html_(self) -> str:
        from relutope.network_summary import summary_html

        return summary_html(self)

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
            self.input_shape,
        )


def _rebuilt(input_dim: int, layers: list[tuple[Any, ...]], *metadata: Any) -> Network:
    return Network(_core.Network.from_layers(input_dim, layers), *metadata)
