"""Networks from `torch.nn.Sequential` modules."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.coefficients import exact_rows
from relutope.loading.module_parts import check_hooks, checked_module, described
from relutope.loading.state_dict import named_together
from relutope.loading.torch_file import stored_tensor
from relutope.network import Network

if TYPE_CHECKING:
    import torch

#: Points at which the network is compared with the module.
CHECK_POINTS = 64


@dataclass(frozen=True)
class Affine:
    """One Linear layer of the module, and its name there."""

    name: str
    weight: NDArray[Any]
    bias: NDArray[Any]


#: The module as a row of steps: affine maps and, as None, ReLUs.
Steps = list[Affine | None]


def network_from_torch(module: Any, example_input: Any = None) -> Network:
    """See `Network.from_torch`."""
    module = checked_module(module)
    leaves = _plain_leaves(module) if example_input is None else None
    if leaves is None:
        from relutope.loading.graph.network import network_from_graph
        from relutope.loading.graph.torch_export import graph_from_torch

        return network_from_graph(graph_from_torch(module, example_input))
    notes: list[str] = []
    last = next(
        (place for place in reversed(range(len(leaves))) if not _passes_through(leaves[place][1])), -1
    )
    if last >= 0 and _is_final_activation(leaves[last][1]):
        notes.append(f"dropped the final {described(*leaves[last])}: the outputs are what enters it")
        leaves = leaves[:last]
    dtypes: dict[str, None] = {}
    steps: Steps = []
    for name, leaf in leaves:
        _add_step(steps, name, leaf, notes, dtypes)
    weights, biases = _layers(steps, notes)
    network = replace(Network.from_arrays(weights, biases), dtype=named_together(dtypes), notes=tuple(notes))
    _check(network, [leaf for _, leaf in leaves], steps)
    return network


def _plain_leaves(module: torch.nn.Module) -> list[tuple[str, torch.nn.Module]] | None:
    """Those of a `Sequential` of parts that are read as they are, or None."""
    from torch import nn

    leaves = _leaves(module, "")
    known = [_passes_through(leaf) or type(leaf) in (nn.Linear, nn.ReLU) for _, leaf in leaves]
    last = max((place for place, (_, leaf) in enumerate(leaves) if not _passes_through(leaf)), default=-1)
    if last >= 0 and _is_final_activation(leaves[last][1]):
        known[last] = True
    has_linear = any(type(leaf) is nn.Linear for _, leaf in leaves)
    return leaves if all(known) and has_linear else None


def _leaves(module: torch.nn.Module, path: str) -> list[tuple[str, torch.nn.Module]]:
    """The modules inside nested Sequentials in the order of execution, each with its place."""
    from torch import nn

    check_hooks(path, module)
    if "forward" in vars(module):
        raise ValueError(f"{described(path, module)} has a forward of its own; legal: that of its class")
    if type(module) is not nn.Sequential:
        return [(path, module)]
    children = module._modules.items()  # named_children() leaves out a ReLU that is used twice
    return [
        leaf
        for name, child in children
        if child is not None
        for leaf in _leaves(child, f"{path}.{name}" if path else name)
    ]


def _passes_through(leaf: torch.nn.Module) -> bool:
    from torch import nn

    return type(leaf) in (nn.Identity, nn.Dropout) or (
        type(leaf) is nn.Flatten and (leaf.start_dim, leaf.end_dim) in ((1, -1), (1, 1))
    )


def _is_final_activation(leaf: torch.nn.Module) -> bool:
    from torch import nn

    return type(leaf) is nn.Sigmoid or (
        type(leaf) in (nn.Softmax, nn.LogSoftmax) and leaf.dim in (None, 1, -1)
    )


def _add_step(
    steps: Steps, name: str, leaf: torch.nn.Module, notes: list[str], dtypes: dict[str, None]
) -> None:
    from torch import nn

    if type(leaf) is nn.Linear:
        weight = stored_tensor(leaf.weight, f"{name}.weight")
        bias = None if leaf.bias is None else stored_tensor(leaf.bias, f"{name}.bias")
        dtypes.update(dict.fromkeys(tensor.dtype for tensor in (weight, bias) if tensor is not None))
        constants = np.zeros(len(weight.array)) if bias is None else bias.array.astype(np.float64)
        matrix = weight.array.astype(np.float64)
        if not (np.isfinite(matrix).all() and np.isfinite(constants).all()):
            raise ValueError(
                f"{described(name, leaf)} has a NaN or infinite coefficient; legal: finite numbers"
            )
        previous = next((step for step in reversed(steps) if step is not None), None)
        if previous is not None and matrix.shape[1] != len(previous.weight):
            raise ValueError(
                f"{described(name, leaf)} takes {matrix.shape[1]} inputs; legal: {len(previous.weight)}, "
                f"the outputs of {previous.name} before it"
            )
        steps.append(Affine(name, matrix, constants))
    elif type(leaf) is nn.ReLU:
        if not steps or steps[-1] is not None:
            steps.append(None)
    elif not _passes_through(leaf):
        raise ValueError(
            f"{described(name, leaf)} cannot be represented; legal: Sequential of Linear, ReLU, Identity, "
            "Dropout, Flatten() "
            "and a final Sigmoid, Softmax or LogSoftmax over the outputs"
        )
    elif type(leaf) is nn.Dropout and leaf.training and leaf.p > 0:
        notes.append(
            f"{described(name, leaf)} is in training mode and was taken in eval mode, where it does nothing"
        )


def _layers(steps: Steps, notes: list[str]) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Weights and biases, affine maps in a row composed and missing ones identities."""
    first = next((step for step in steps if step is not None), None)
    if first is None:
        raise ValueError(
            "the module has no Linear layer, so its input dimension is unknown; legal: at least one"
        )
    layers: list[tuple[NDArray[Any], NDArray[Any]]] = []
    current: tuple[NDArray[Any], NDArray[Any]] | None = None
    width = first.weight.shape[1]
    for step in steps:
        if step is None:
            if current is None:
                notes.append("it begins with a ReLU: its first hidden layer is the identity")
                current = np.eye(width), np.zeros(width)
            layers.append(current)
            width, current = len(current[0]), None
        elif current is None:
            current = step.weight, step.bias
        else:
            notes.append(f"{step.name} follows a linear layer without a ReLU between: composed exactly")
            current = _compose(current, (step.weight, step.bias))
    if current is None:
        notes.append("it ends in a ReLU: its output layer is the identity")
        current = np.eye(width), np.zeros(width)
    layers.append(current)
    return [weight for weight, _ in layers], [bias for _, bias in layers]


def _compose(
    inner: tuple[NDArray[Any], NDArray[Any]], outer: tuple[NDArray[Any], NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The affine map outer after inner, in integers over one power of two each."""
    table, inner_scale = _integers(*inner)
    factor, outer_scale = _integers(*outer)
    product = factor[:, :-1].dot(table)
    product[:, -1] += factor[:, -1] * inner_scale
    scale = inner_scale * outer_scale
    fractions = np.array(
        [[Fraction(value, scale) for value in row] for row in product.tolist()], dtype=object
    )
    return fractions[:, :-1], fractions[:, -1]


def _integers(weight: NDArray[Any], bias: NDArray[Any]) -> tuple[NDArray[np.object_], int]:
    rows = exact_rows(weight, bias)
    scale = max(
        denominator for _, denominator in rows
    )  # all are powers of two, so the largest is a multiple of each
    scaled = [[value * (scale // denominator) for value in numerators] for numerators, denominator in rows]
    return np.array(scaled, dtype=object), scale


def _check(network: Network, leaves: list[torch.nn.Module], steps: Steps) -> None:
    """Compare with the module on random points, up to proven bounds on the rounding errors of both."""
    import torch

    points = np.random.default_rng(0).standard_normal((CHECK_POINTS, network.input_dim))
    twin = torch.nn.Sequential(*copy.deepcopy(leaves)).cpu().double().eval()
    with torch.no_grad(), np.errstate(all="ignore"):
        theirs = twin(torch.from_numpy(points)).numpy()
        ours, our_error = network.evaluate(points)
        their_error = _rounding_bound(points, steps)
        wrong = np.abs(ours - theirs) > our_error + their_error + np.spacing(np.abs(ours) + np.abs(theirs))
    if wrong.any():
        point, output = np.argwhere(wrong)[0]
        raise ValueError(
            f"the module does not compute what its parts say: output {output} at {points[point].tolist()} is "
            f"{theirs[point, output]} and should be {ours[point, output]}"
        )


def _rounding_bound(points: NDArray[np.float64], steps: Steps) -> NDArray[np.float64]:
    """Bound on the error of a float64 forward pass, whatever the order of its sums.

    Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.1.
    A dot product of n terms and a constant errs by at most gamma_{n+2} times the sum of magnitudes plus n +
    2 times the underflow unit; errors of the inputs are carried along. Twice that covers the rounding of
    the bound itself.
    """
    unit, tiny = 2.0**-53, 2.0**-1073
    value, error = points, np.zeros_like(points)
    for step in steps:
        if step is None:
            value = np.maximum(value, 0)
            continue
        size = step.weight.shape[1] + 2
        magnitude = (np.abs(value) + error) @ np.abs(step.weight).T + np.abs(step.bias)
        error = error @ np.abs(step.weight).T + 2 * size * (2 * unit * magnitude + tiny)
        value = value @ step.weight.T + step.bias
    return 2 * error
