"""Fiedler partitions along training."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from relutope.arguments import checked_count, checked_flag, checked_word
from relutope.spectral import OPERATORS, THRESHOLDS
from relutope.spectral.partition import checked_epsilon

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.training.metrics import Context

OF_THE_PARTITION = ("lambda_2", "lambda_3", "relative_gap", "n_components")
OF_THE_REPORT = (
    "misclassification",
    "purity_floor",
    "purity_floor_hidden",
    "purity_floor_output",
    "baseline",
    "oracle_cut",
    "volume_misclassification",
)
OF_THE_BOUNDARY = ("boundary_followed", "cut_on_boundary", "hausdorff")


@dataclass(frozen=True)
class FiedlerAgreement:
    """The metric ``fiedler`` with other options: Fiedler partitions, and how far they are the classes.

    Keys begin with ``fiedler``, followed by every option that is not the default, as in
    ``fiedler_edge_mean_sweep_epsilon_0.5_output``, so that several may stand in one series. They end in
    ``lambda_2, lambda_3, relative_gap, n_components`` and, where there are labels, in ``misclassification,
    purity_floor, purity_floor_hidden, purity_floor_output, baseline, oracle_cut, volume_misclassification,
    null_mean, null_p_value, stability_mean, boundary_followed, cut_on_boundary, hausdorff``: the numbers of
    `FiedlerPartition.report`, nan where there is none.

    Attributes
    ----------
    operator, threshold, epsilon, include_output
        As of `relutope.fiedler_partition`.
    n_null, n_bootstrap : int
        As of `FiedlerPartition.report`; with 0 there are no keys ``null_...``, ``stability_mean``.

    Raises
    ------
    ValueError, TypeError
        If an option is not legal.

    Examples
    --------
    >>> import relutope
    >>> from relutope.training import FiedlerAgreement
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> metrics = ["fiedler", FiedlerAgreement("unweighted", threshold="sweep")]
    >>> X = [[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]]
    >>> series = relutope.track([network], metrics, domain=(-1, 1), X=X)
    >>> [key for key in series.columns if key.endswith("lambda_2")]
    ['fiedler_lambda_2', 'fiedler_unweighted_sweep_lambda_2']
    >>> series.metrics["fiedler"][:52]
    "FiedlerAgreement(operator='mass', threshold='sign', "
    """

    operator: str = "mass"
    threshold: str = "sign"
    epsilon: float = 0.0
    include_output: bool = False
    n_null: int = 100
    n_bootstrap: int = 20

    def __post_init__(self) -> None:
        checked_word(self.operator, "operator", OPERATORS)
        checked_word(self.threshold, "threshold", THRESHOLDS)
        object.__setattr__(self, "epsilon", checked_epsilon(self.epsilon))
        object.__setattr__(self, "include_output", checked_flag(self.include_output, "include_output"))
        for name in ("n_null", "n_bootstrap"):
            object.__setattr__(self, name, checked_count(getattr(self, name), name, 0))

    @property
    def name(self) -> str:
        """What its keys begin with."""
        parts = ["fiedler"]
        if self.operator != "mass":
            parts.append(self.operator)
        if self.threshold != "sign":
            parts.append(self.threshold)
        if self.epsilon:
            parts.append(f"epsilon_{self.epsilon:g}")
        return "_".join(parts + ["output"] * self.include_output)

    @property
    def needs(self) -> str:
        """What it needs beside the complex."""
        return "" if self.operator == "unweighted" else "X"

    def __call__(self, complex_: PolyhedralComplex, context: Context) -> dict[str, float]:
        """The values of the metric."""
        partition = import_module("relutope").fiedler_partition(
            complex_,
            context.X,
            operator=self.operator,
            threshold=self.threshold,
            epsilon=self.epsilon,
            include_output=self.include_output,
        )
        values: dict[str, Any] = {key: getattr(partition, key) for key in OF_THE_PARTITION}
        if context.y is not None:
            report = partition.report(context.X, context.y, n_null=self.n_null, n_bootstrap=self.n_bootstrap)
            values |= {key: getattr(report, key) for key in OF_THE_REPORT}
            if self.n_null:
                values["null_mean"] = report.null and report.null.mean
                values["null_p_value"] = report.null and report.null.p_value
            if self.n_bootstrap:
                values["stability_mean"] = report.stability and report.stability.mean
            values |= {key: getattr(report.boundary, key) for key in OF_THE_BOUNDARY}
        return {
            f"{self.name}_{key}": np.nan if value is None else float(value) for key, value in values.items()
        }
