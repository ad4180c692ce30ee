"""Comparison of an imported graph with the module that it came from, in float64 at random points.

Errors that a deep network may make add up to bounds that say nothing. So operations are compared one by one,
each from the inputs that torch itself computed, and the rows of the simplified layers in the same way.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.evaluation import bounded_values, layer_values
from relutope.loading.graph.torch_layout import leaves_of, mapped
from relutope.loading.graph.value_graph import ValueGraph

if TYPE_CHECKING:
    import torch

#: Points at which they are compared; fewer where points times coefficients would be more than the second.
CHECK_POINTS = 16
CHECK_PRODUCTS = 50_000_000

#: By name of a node how many values there were once it had run, and the ids of its result.
Record = dict[str, tuple[int, NDArray[np.int64]]]

#: One column per point.
Columns = NDArray[np.float64]


def check_against_module(graph: ValueGraph, record: Record, program: Any, twin: torch.nn.Module) -> None:
    """A ValueError if graph, captured program and module are not the same function.

    Parameters
    ----------
    graph : ValueGraph
    record : dict
    program : torch.export.ExportedProgram
    twin : torch.nn.Module
        A copy of the module, which becomes a float64 module.
    """
    coefficients = sum(len(layer.rows.values) for layer in graph.raw_layers)
    n_points = max(2, min(CHECK_POINTS, CHECK_PRODUCTS // max(coefficients, 1)))
    points = np.random.default_rng(0).standard_normal((n_points, graph.input_dim))
    with np.errstate(all="ignore"):
        theirs, captured = _program_values(program, record, points, graph.input_shape)
        _check_whole(graph, captured, twin, points)
        check_layers(graph, check_operations(graph, record, theirs, points))


def _check_whole(graph: ValueGraph, captured: Columns, twin: torch.nn.Module, points: Columns) -> None:
    """Compare the module with what was captured; both run the same operations of torch."""
    try:
        whole = _module_values(twin, points, graph.input_shape)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        graph.notes.append(
            f"not compared with the module as a whole, which does not run in float64: {reason}"
        )
        return
    assert graph.output is not None
    _, bounds = bounded_values(graph.raw_layers, points)
    ids = graph.output.ids.ravel()
    allowed = 4 * bounds[ids[ids >= 0]].max(initial=0.0) + 64 * np.spacing(np.abs(captured))
    if whole.shape != captured.shape or (np.abs(whole - captured) > allowed).any():
        raise ValueError(
            "the module does not compute what torch.export captured of it; legal: a module whose result "
            "depends on its input only"
        )
    _check_samples(graph, twin, points[:2], whole[:, :2], allowed[:, :2])


def _check_samples(
    graph: ValueGraph, twin: torch.nn.Module, pair: Columns, whole: Columns, allowed: Columns
) -> None:
    """Compare two samples in one batch with each alone; modules that take one sample only are left be.

    Where the bound on rounding errors is too large to tell, as in very deep networks, a result that changes
    with the other sample is noted: operations on equal shapes round equally.
    """
    shape = graph.input_shape
    batch = pair.reshape(2, *shape[1:])
    try:
        both = _module_result(twin, batch)
        changed = _module_result(twin, np.stack([batch[0], -batch[1]]))
    except Exception:  # the user's code may refuse a batch in any way
        return
    alone = _module_result(twin, batch[:1])
    if alone.shape[:1] != (1,) or both.shape != (2, *alone.shape[1:]):
        return
    beside = both.reshape(2, -1).T
    wrong = np.abs(beside - whole) > allowed
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0])
        raise ValueError(
            f"the module mixes the samples of a batch: output {place[0]} of a sample is {whole[place]} by "
            f"itself and {beside[place]} beside another one; legal: a module that takes each sample by itself"
        )
    if (difference := np.abs(changed[0] - both[0]).max(initial=0.0)) > 0:
        graph.notes.append(
            f"outputs of a sample change by up to {difference:.3g} with the others of its batch, within the "
            "bound on rounding errors: it may be that the module mixes samples"
        )


def check_operations(
    graph: ValueGraph, record: Record, theirs: dict[str, Columns], points: Columns
) -> Columns:
    """Compare operation by operation, and return all values, those of torch where it has them."""
    values, errors = _start(graph, points)
    start, pending = graph.input_dim, iter(graph.raw_layers)
    for name, (end, ids) in record.items():
        while start < end:
            layer = next(pending)
            span = slice(start, start + len(layer.rows))
            values[span], errors[span] = layer_values(layer, values[:start], errors[:start])
            start = span.stop
        known = ids.ravel() >= 0
        places, wanted = ids.ravel()[known], theirs[name][known]
        if (theirs[name][~known] != 0).any():
            raise ValueError(f"the operation {name} is not what was imported: a constant is not 0")
        _compare(values[places], wanted, 2 * errors[places], f"the operation {name}")
        values[places], errors[places] = wanted, 0.0
    for layer in pending:  # constants that are outputs
        span = slice(start, start + len(layer.rows))
        values[span], _ = layer_values(layer, values[:start], errors[:start])
        start = span.stop
    return values


def check_layers(graph: ValueGraph, values: Columns) -> None:
    """Compare each simplified layer, from the values that it reads, with what torch has for its rows.

    Between the two stand the operations that were inlined, whose rounding errors are carried along.
    """
    layers, ids = graph.simplified()
    kept = np.zeros(graph.n_values, dtype=bool)
    kept[ids[ids < graph.n_values]] = True
    chained, own = np.zeros_like(values), np.zeros_like(values)
    start = graph.input_dim
    for layer in graph.raw_layers:
        span = slice(start, start + len(layer.rows))
        _, own[span] = layer_values(layer, values[:start], chained[:start])
        chained[span] = np.where(kept[span, None], 0.0, own[span])
        start = span.stop
    assert graph.output is not None
    outputs = graph.output.ids.ravel()
    constant = (outputs < 0)[:, None]
    known = np.vstack([values[ids[: len(ids) - len(outputs)]], np.where(constant, 0.0, values[outputs])])
    allowed = np.vstack([own[ids[: len(ids) - len(outputs)]], np.where(constant, 0.0, chained[outputs])])
    start = graph.input_dim
    for simple in layers:
        span = slice(start, start + simple.n_rows)
        ours, local = layer_values(simple, known[:start], np.zeros_like(known[:start]))
        _compare(ours, known[span], allowed[span] + 2 * local, simple.origin)
        start = span.stop


def _start(graph: ValueGraph, points: Columns) -> tuple[Columns, Columns]:
    values = np.zeros((graph.n_values, len(points)))
    values[: graph.input_dim] = points.T
    return values, np.zeros_like(values)


def _compare(ours: Columns, theirs: Columns, allowed: Columns, what: str) -> None:
    finite = np.isfinite(ours) & np.isfinite(theirs)  # an overflow is no evidence
    wrong = finite & (np.abs(ours - theirs) > allowed + np.spacing(np.abs(ours) + np.abs(theirs)))
    if wrong.any():
        row, point = np.argwhere(wrong)[0]
        raise ValueError(
            f"{what} is not what was imported: value {row} at random point {point} is "
            f"{theirs[row, point]} and should be {ours[row, point]}"
        )


def _program_values(
    program: Any, record: Record, points: Columns, shape: tuple[int, ...]
) -> tuple[dict[str, Columns], Columns]:
    """What torch computes in float64 at each recorded node, and as the result."""
    import torch

    class Doubled(torch.fx.Interpreter):  # type: ignore[misc,unused-ignore]
        """Runs the captured nodes with every floating-point tensor in float64."""

        def __init__(self) -> None:
            super().__init__(program.graph_module)
            self.seen: dict[str, Any] = {}

        def run_node(self, n: Any) -> Any:
            if "_assert" in str(n.target):
                return None
            result = super().run_node(n)
            if n.name in record:
                self.seen[n.name] = result.detach().double().flatten().clone().numpy()
            return result

        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            args, kwargs = mapped(doubled_type, args), mapped(doubled_type, dict(kwargs))
            return mapped(doubled, super().call_function(target, args, kwargs))

    stored = {**program.state_dict, **program.constants}
    runs, outputs = [], []
    for point in points:
        inputs = [
            torch.from_numpy(point.reshape(shape).copy())
            if spec.kind.name == "USER_INPUT"
            else doubled(stored[spec.target].detach().clone())
            for spec in program.graph_signature.input_specs
        ]
        interpreter = Doubled()
        with torch.no_grad():
            result = interpreter.run(*inputs)
        runs.append(interpreter.seen)
        outputs.append(_array(result).ravel())
    return {name: np.stack([run[name] for run in runs], axis=1) for name in record}, np.stack(outputs, axis=1)


def _module_values(twin: torch.nn.Module, points: Columns, shape: tuple[int, ...]) -> Columns:
    twin.double()
    return np.stack([_module_result(twin, point.reshape(shape)).ravel() for point in points], axis=1)


def _module_result(twin: torch.nn.Module, batch: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a float64 module makes of a batch, casts in it left out."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Doubled(TorchDispatchMode):  # type: ignore[misc,unused-ignore]
        """Runs every operation on float64, casts in the module included."""

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            args, kwargs = mapped(doubled, args), mapped(doubled, kwargs or {})
            if "_to_copy" in str(func):
                kwargs = mapped(doubled_type, kwargs)
            return func(*args, **kwargs)

    with torch.no_grad(), warnings.catch_warnings(), Doubled():
        warnings.simplefilter("ignore")
        return _array(twin(torch.from_numpy(batch.copy())))


def _array(result: Any) -> NDArray[np.float64]:
    """The first tensor of a result."""
    import torch

    tensors = [leaf for leaf in leaves_of(result) if isinstance(leaf, torch.Tensor)]
    array: NDArray[np.float64] = tensors[0].detach().double().clone().numpy()
    return array


def doubled(leaf: Any) -> Any:
    """A floating-point tensor in float64, anything else as it is."""
    import torch

    is_float = isinstance(leaf, torch.Tensor) and leaf.is_floating_point()
    return leaf.double() if is_float else leaf


def doubled_type(leaf: Any) -> Any:
    """float64 for a floating-point dtype, anything else as it is."""
    import torch

    return torch.float64 if isinstance(leaf, torch.dtype) and leaf.is_floating_point else leaf
