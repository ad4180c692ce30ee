"""The folder of a series: one header and one file per checkpoint, each there whole or not at all."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.domains import Domain, domain_from_json, domain_to_json, slice_from_json, slice_to_json
from relutope.files import checked_path, replacing
from relutope.npz import read_npz, write_npz
from relutope.slices import Slice
from relutope.training.metrics import Metric

SCHEMA, SCHEMA_VERSION = "relutope-series", 1
HEADER = "series.json"
STEP_FILE = re.compile(r"step-(\d{12,})\.npz")
PARTIAL_FILE = re.compile(r"\.(step-\d{12,}\.npz|series\.json)\.\d+\.part")


@dataclass(frozen=True, eq=False)
class Record:
    """What one checkpoint gave: values by key, or why there are none.

    `metric_failures` says by name why some metrics have no values there, and `failure` why none has. It
    holds nothing that differs between two runs, such as times.
    """

    step: int
    model_hash: str = ""
    notes: tuple[str, ...] = ()
    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    failure: str = ""
    metric_failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether there is nothing to try again."""
        return not self.failure and not self.metric_failures


@dataclass(frozen=True)
class Header:
    """What all records of a series have in common, as it stands in the header file."""

    domain: dict[str, Any]
    metrics: dict[str, str]
    data: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "schema": SCHEMA,
            "version": SCHEMA_VERSION,
            "domain": self.domain,
            "metrics": self.metrics,
            "data": self.data,
        }

    def require_same(self, other: Header, where: str) -> None:
        """Refuse to go on with another domain, other metrics or other data.

        Raises
        ------
        ValueError
            If something differs; the message names it.
        """
        for name in ("domain", "metrics", "data"):
            stored, asked = getattr(self, name), getattr(other, name)
            if stored != asked:
                raise ValueError(
                    f"{where} holds a series with {name} {_short(stored)} and this one has "
                    f"{name} {_short(asked)}; legal: the same {name} to resume, or another folder"
                )


def make_header(
    domain: dict[str, Any], metrics: list[Metric], X: NDArray[np.float64] | None, y: NDArray[Any] | None
) -> Header:
    """The header of a series on a domain in JSON; data enter it as hashes."""
    data = None
    if X is not None:
        labels = None if y is None else sha256(json.dumps(y.tolist(), default=str).encode()).hexdigest()
        points = sha256(repr(X.shape).encode() + np.ascontiguousarray(X).tobytes()).hexdigest()
        data = {"points": len(X), "X": points, "y": labels}
    return Header(domain, {metric.name: metric.identity for metric in metrics}, data)


def any_domain_to_json(domain: Domain | Slice) -> dict[str, Any]:
    """A domain or a slice as JSON."""
    if isinstance(domain, Slice):
        return {"type": "slice", **slice_to_json(domain), "domain": domain_to_json(domain.domain)}
    return domain_to_json(domain)


def any_domain_from_json(value: dict[str, Any]) -> Domain | Slice:
    """The inverse of `any_domain_to_json`."""
    if value["type"] == "slice":
        return slice_from_json(value, domain_from_json(value["domain"]))
    return domain_from_json(value)


class Folder:
    """The files of one series. One run at a time may write into a folder."""

    def __init__(self, path: Any) -> None:
        self.path = Path(checked_path(path))

    def read_header(self) -> Header | None:
        """The header; None if there is none."""
        path = self.path / HEADER
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            content = json.loads(text)
            if (content["schema"], content["version"]) != (SCHEMA, SCHEMA_VERSION):
                raise ValueError(f"it has schema {content['schema']!r}, version {content['version']}")
            return Header(content["domain"], content["metrics"], content["data"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} is no header of a series: {error}") from error

    def write_header(self, header: Header) -> None:
        """Make the folder and write the header; remove what a killed run left unfinished."""
        self.path.mkdir(parents=True, exist_ok=True)
        for path in self.path.iterdir():
            if PARTIAL_FILE.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
        with replacing(self.path / HEADER) as stream:
            stream.write((json.dumps(header.to_json(), indent=2) + "\n").encode())

    def records(self) -> list[Record]:
        """All records, by step.

        Raises
        ------
        ValueError
            If a file is damaged.
        """
        paths = [path for path in self.path.iterdir() if STEP_FILE.fullmatch(path.name)]
        return sorted(map(_read_record, paths), key=lambda record: record.step)

    def write(self, record: Record, domain: dict[str, Any]) -> None:
        """Write one record, which takes the place of an earlier one of the same step."""
        meta = {
            "schema": SCHEMA,
            "version": SCHEMA_VERSION,
            "step": record.step,
            "domain": domain,
            "model_hash": record.model_hash,
            "notes": list(record.notes),
            "failure": record.failure,
            "metric_failures": dict(record.metric_failures),
            "keys": list(record.values),
        }
        arrays: dict[str, NDArray[Any]] = {"meta": np.array(json.dumps(meta))}
        arrays |= {f"value_{place}": array for place, array in enumerate(record.values.values())}
        with replacing(self.path / f"step-{record.step:012d}.npz") as stream:
            write_npz(stream, arrays)


def _read_record(path: Path) -> Record:
    try:
        arrays = read_npz(path)
        meta = json.loads(str(arrays["meta"]))
        if (meta["schema"], meta["version"]) != (SCHEMA, SCHEMA_VERSION):
            raise ValueError(f"it has schema {meta['schema']!r}, version {meta['version']}")
        # Copies: a mapped file would have to stay as it is for as long as its arrays are in use.
        values = {key: np.array(arrays[f"value_{place}"]) for place, key in enumerate(meta["keys"])}
        notes, failures = tuple(meta["notes"]), dict(meta.get("metric_failures", {}))
        return Record(meta["step"], meta["model_hash"], notes, values, meta["failure"], failures)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is no record of a series: {error}; remove it to measure again") from error


def checked_data(
    X: ArrayLike | None, y: ArrayLike | None, metrics: list[Metric]
) -> tuple[NDArray[np.float64] | None, NDArray[Any] | None]:
    """Data as arrays.

    Raises
    ------
    ValueError
        If a metric needs data that are missing, `y` comes without `X`, or shapes do not fit.
    """
    from relutope.coefficients import checked_points, detached

    if X is None:
        if y is not None:
            raise ValueError("y is given without X; legal: labels together with their points")
        for metric in metrics:
            if metric.needs:
                raise ValueError(f"metric {metric.name!r} needs X, the data; legal: X of shape (n, d)")
        return None, None
    points = checked_points(X, None)
    if not len(points):
        raise ValueError(f"X has shape {points.shape}; legal: (n, d) with n >= 1")
    if y is None:
        return points, None
    labels = np.asarray(detached(y))
    if labels.shape != (len(points),):
        raise ValueError(f"y has shape {labels.shape}; legal: ({len(points)},), one label per point")
    return points, labels


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
