"""Value graphs of exported programs (``.pt2``), read without `torch.export.load`, which unpickles."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Sequence
from os import PathLike

from relutope.errors import MissingExtraError
from relutope.files import checked_path
from relutope.loading.graph.pt2_archive import Archive
from relutope.loading.graph.value_graph import ValueGraph
from relutope.loading.stages import stage


def graph_from_pt2(path: str | PathLike[str], input_shape: Sequence[int] | None = None) -> ValueGraph:
    """The value graph of a file of `torch.export.save`.

    The JSON graph and the raw weights are read; no pickle in the file, such as that of the example inputs, is
    opened.

    Parameters
    ----------
    path : path
    input_shape : sequence of int, optional
        Shape of the input with its batch axis, where the program leaves more than the batch axis open, or has
        a batch that is not 1, whose samples are then all inputs. By default an open first axis is 1.

    Returns
    -------
    ValueGraph

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If `path` is no path.
    ValueError
        If the file is damaged, needs a pickle, or holds something that cannot be represented exactly; the
        message names it.
    MissingExtraError
        If torch is not installed.

    Examples
    --------
    >>> import torch
    >>> from relutope.loading.graph.pt2_file import graph_from_pt2
    >>> module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> torch.export.save(torch.export.export(module, (torch.zeros(1, 2),)), "model.pt2")
    >>> [(layer.kind, layer.n_rows) for layer in graph_from_pt2("model.pt2").layers()[0]]
    [('relu', 3), ('linear', 1)]
    """
    source = checked_path(path)
    if not stat.S_ISREG(os.stat(source).st_mode):
        raise ValueError(f"{source} is no file; legal: a file of torch.export.save")
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtraError("torch", "torch", f"to read {source}") from None
    try:
        with zipfile.ZipFile(source) as stream:
            return _graph(Archive(source, stream), input_shape)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ValueError(
            f"{source} cannot be read as an exported program (truncated or damaged?): {error}"
        ) from error
    except (
        KeyError,
        TypeError,
        AttributeError,
        AssertionError,
        IndexError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ValueError(f"{source}: the program has not the form it should (damaged?): {error}") from error
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    except RuntimeError as error:  # of torch, on arguments that it does not take
        if str(error).startswith("internal"):
            raise
        raise ValueError(f"{source}: the program does not run (damaged?): {error}") from error


def _graph(archive: Archive, input_shape: Sequence[int] | None) -> ValueGraph:
    from relutope.loading.graph.pt2_check import check_against_program
    from relutope.loading.graph.pt2_program import Reader
    from relutope.loading.graph.pt2_tensors import stored_tensors
    from relutope.loading.graph.torch_nodes import Importer

    with stage("read"):
        model = archive.model()
        reader = Reader(archive.json(f"models/{model}.json"), stored_tensors(archive, model), input_shape)
    with stage("operations"):
        importer = Importer(reader.program, reader.input_shape)
        importer.run()
    with stage("simplify"):
        importer.graph.simplified()
    with stage("check"):
        check_against_program(importer.graph, importer.record, reader.program)
    return importer.graph
