"""A small training run that several tests use."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from relutope import Network, PolyhedralComplex
from relutope.training import Context

STEPS = (0, 10, 20, 40)


def layers(step: int, d: int = 2) -> dict[str, np.ndarray]:
    """A state dict d-5-4-1 that changes with the step."""
    rng = np.random.default_rng([3, d])
    state = {}
    for place, (n_in, n_out) in enumerate(itertools.pairwise((d, 5, 4, 1))):
        state[f"{2 * place}.weight"] = rng.normal(size=(n_out, n_in)) + 0.01 * step * rng.normal()
        state[f"{2 * place}.bias"] = rng.normal(size=n_out) * (1 - 0.01 * step)
    return state


def network(step: int, d: int = 2) -> Network:
    state = layers(step, d)
    return Network.from_arrays(
        [state[f"{i}.weight"] for i in (0, 2, 4)], [state[f"{i}.bias"] for i in (0, 2, 4)]
    )


def files(folder: Path, run: list[tuple[int, dict[str, np.ndarray]]]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"model-{step}.npz" for step, _ in run]
    for path, (_, state) in zip(paths, run, strict=True):
        np.savez(path, **state)
    return paths


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def n_vertices(complex_: PolyhedralComplex, context: Context) -> dict[str, Any]:
    return {"vertices": complex_.f_vector[0], "step": context.step}
