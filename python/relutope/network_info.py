"""What a model is, and how far its float32 forward pass is from the function that relutope computes with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.network import Network

POINTS = 256


def network_info(network: Network, n_points: int = POINTS) -> dict[str, Any]:
    """Counts, semantics and the float32 pass of a network, ready for JSON.

    Parameters
    ----------
    network : Network
    n_points : int
        Standard normal points, the same each time, at which the float32 pass is compared.

    Returns
    -------
    dict
        ``float32_difference`` is the largest difference of an output, ``float32_scale`` the largest output.

    Examples
    --------
    >>> from relutope import Network
    >>> from relutope.network_info import network_info
    >>> network_info(Network.from_arrays([[[0.5]], [[2.0]]]))["float32_difference"] < 1e-6
    True
    """
    points = np.random.default_rng(0).standard_normal((n_points, network.input_dim))
    points = points.astype(np.float32).astype(np.float64)
    exact, _ = network.evaluate(points)
    with np.errstate(all="ignore"):
        difference = np.abs(float32_pass(network, points) - exact).max(initial=0.0)
    return {
        "model_hash": network.hash,
        "input_dim": network.input_dim,
        "input_shape": None if network.input_shape is None else list(network.input_shape),
        "output_dim": network.output_dim,
        "neurons": network.n_neurons,
        "signs": network.n_signs,
        "dtype": network.dtype,
        "semantics": network.semantics,
        "notes": list(network.notes),
        "layers": [
            {
                "kind": layer.kind,
                "rows": layer.n_rows,
                "coefficients": layer.n_coefficients,
                "rational_rows": len(layer.rational),
                "origin": layer.origin,
            }
            for layer in network.layers
        ],
        "float32_difference": float(difference),
        "float32_scale": float(np.abs(exact).max(initial=0.0)),
    }


def float32_pass(network: Network, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outputs of a forward pass in float32, coefficients and all sums rounded, shape (n, output_dim)."""
    from scipy.sparse import csr_array

    values = points.astype(np.float32)
    for layer in network.layers:
        if layer.kind == "max":
            read = values[:, layer.indices]
            new = np.maximum.reduceat(read, layer.indptr[:-1], axis=1)
        else:
            shape = (layer.n_rows, values.shape[1])
            parts = layer.values.astype(np.float32), layer.indices, layer.indptr
            new = (csr_array(parts, shape=shape) @ values.T).T + layer.bias.astype(np.float32)
            if layer.kind == "relu":
                new = np.maximum(new, np.float32(0))
        values = np.hstack([values, new])
    return values[:, -network.output_dim :].astype(np.float64)
