"""Measure homology along filtrations on one thread, side by side with gudhi and a plain reduction.

Each answer is checked first. Exit code 1: an answer is wrong, and nothing is printed about its speed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

import frozen
import numpy as np
from measure import peak_rss

import relutope
from relutope import filtrations
from relutope.filtrations.filtration import lower_star_of
from relutope.homology import CellComplex

LOCAL = ("lower_star", "upper_star", "cell_max")

#: Cells per second and thread, in millions: goals by number of cells and by task.
CURVE_GOALS = ((3e5, 40), (3e6, 30), (1e9, 15))
PAIR_GOALS = {(2, "cell_max"): 20, (3, "cell_max"): 4, (3, "by_dimension"): 2}
D4_GOAL = 3
BYTES_GOAL = 35

#: About 10^5, 10^6 and 10^7 cells; a name is that of a frozen network, or points along each axis of a grid.
QUICK = ("2,128,128,128", "160x160", "24x24x24")
COMPLEXES = (*QUICK, "2,256,256,256", "3,64,64", "500x500", "50x50x50", "1600x1600", "110x110x110")
PAIRS = ("500x500", "2,256,256,256", "50x50x50", "3,64,64")
FOURTH = ("16x16x16x16", "4,32,32")


class WrongAnswerError(Exception):
    """Two methods disagree."""


def make(name: str) -> CellComplex | relutope.PolyhedralComplex:
    if "x" in name:
        return CellComplex.grid([int(size) for size in name.split("x")])
    layers = frozen.build(name)
    network = relutope.Network.from_arrays(*zip(*layers, strict=True))
    return relutope.polyhedral_complex(network, (-1, 1))


def n_cells(complex_: Any) -> int:
    return sum(complex_.counts)


def best(call: Callable[[], object], repeat: int) -> float:
    """CPU seconds of the fastest of some calls."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def curve_goal(cells: int) -> float:
    return next(goal for most, goal in CURVE_GOALS if cells <= most)


def plain_bars(complex_: Any, filtration: filtrations.Filtration) -> list[Any]:
    """Reduction of all columns, without union-find and clearing."""
    core = filtration.complex.core(signed=False)
    return core.persistence(filtration.keys, 2, filtration.complex.dim, False)


def check_curves(complex_: Any, name: str) -> None:
    """Peaks and curves along one ordering against those of the barcode."""
    filtration = filtrations.as_filtration(complex_, name, 0)
    curves = relutope.betti_curves(complex_, name, n_orderings=1, rng=0, grid=11, n_threads=1)
    barcode = relutope.persistence(complex_, filtration)
    if not np.array_equal(barcode.betti_curve(curves.grid), curves.mean):
        raise WrongAnswerError(f"{name}: curves and bars disagree")


def measure_curves(name: str, repeat: int) -> None:
    complex_ = make(name)
    cells = n_cells(complex_)
    relutope.betti_curves(complex_, n_orderings=1, n_threads=1)  # what is kept from ordering to ordering
    for kind in LOCAL:
        check_curves(complex_, kind)
        count = max(2, int(2e6 / cells))
        seconds = best(
            lambda kind=kind, count=count: relutope.betti_curves(
                complex_, kind, n_orderings=count, n_threads=1
            ),
            repeat,
        )
        report(f"curves, {kind}", name, cells, seconds / count, curve_goal(cells))


def measure_pairs(name: str, repeat: int) -> None:
    complex_ = make(name)
    for kind in ("cell_max", "by_dimension"):
        goal = PAIR_GOALS.get((len(complex_.counts) - 1, kind))
        sorted_complex = in_order(filtrations.as_filtration(complex_, kind, 0))
        core, keys = sorted_complex.complex.core(signed=False), sorted_complex.keys
        bars = core.persistence(keys, 2, 9, True)
        start = time.process_time()
        plain = plain_bars(complex_, sorted_complex)
        ratio = time.process_time() - start
        if not all(np.array_equal(a, b) for a, b in zip(chain(*bars), chain(*plain), strict=True)):
            raise WrongAnswerError(f"{name}, {kind}: two reductions disagree")
        seconds = best(lambda core=core, keys=keys: core.persistence(keys, 2, 9, True), repeat)
        note = f"; plain reduction {ratio / seconds:.1f} times as long"
        report(f"all pairs, {kind}", name, len(keys), seconds, goal, note)


def in_order(filtration: filtrations.Filtration) -> filtrations.Filtration:
    """The same with the cells of each dimension renumbered in the order in which they enter."""
    complex_ = filtration.complex
    orders = [np.argsort(ranks, kind="stable") for ranks in filtration.ranks]
    boundaries = []
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        place = np.empty(complex_.counts[k - 1], dtype=np.int32)
        place[orders[k - 1]] = np.arange(len(place), dtype=np.int32)
        lengths = np.diff(indptr)[orders[k]]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(indptr[:-1][orders[k]] - starts[:-1], lengths)
        boundaries.append((starts.astype(np.int32), place[indices[places]]))
    renumbered = CellComplex(complex_.counts, tuple(boundaries), fills_ball=complex_.fills_ball)
    ranks = [part[order] for part, order in zip(filtration.ranks, orders, strict=True)]
    return filtrations.Filtration(renumbered, filtration.name, np.concatenate(ranks), filtration.levels)


def measure_fourth(name: str, repeat: int) -> None:
    """Betti curves in dimension 4, where one degree is reduced; sorted input."""
    complex_ = make(name)
    order = in_order(filtrations.as_filtration(complex_, "cell_max", 0))
    curves = relutope.betti_curves(order.complex, order, n_threads=1)
    barcode = relutope.persistence(order.complex, order)
    if not np.array_equal(barcode.betti_curve(curves.grid), curves.mean):
        raise WrongAnswerError(f"{name}: curves and bars disagree")
    seconds = best(lambda: relutope.betti_curves(order.complex, order, n_threads=1), repeat)
    report("curves, cell_max", name, len(order.keys), seconds, D4_GOAL)


def measure_gudhi(repeat: int) -> None:
    """All pairs of the lower star filtration of random images, and of a barycentric subdivision."""
    try:
        import gudhi
    except ImportError:
        print("gudhi is not installed: no comparison")
        return
    for shape in ((160, 160), (24, 24, 24), (500, 500), (50, 50, 50)):
        complex_ = CellComplex.grid(shape)
        values = np.random.default_rng(0).permutation(complex_.counts[0]).astype(np.float64)
        order = lower_star_of(complex_, "image", values.astype(np.int64), np.sort(values))
        ours = relutope.persistence(complex_, order)
        image = values.reshape(shape)
        cubical = gudhi.CubicalComplex(vertices=image)
        cubical.compute_persistence(homology_coeff_field=2)
        for k, diagram in enumerate(ours.diagrams()[: len(shape)]):
            theirs = cubical.persistence_intervals_in_dimension(k).reshape(-1, 2)
            if not np.array_equal(np.sort(diagram, axis=0), np.sort(theirs, axis=0)):
                raise WrongAnswerError(f"{shape}: gudhi finds another diagram in dimension {k}")
        name = "x".join(map(str, shape))
        mine = best(lambda c=complex_, o=order: relutope.persistence(c, o), repeat)

        def theirs_again(image: Any = image) -> None:
            gudhi.CubicalComplex(vertices=image).compute_persistence(homology_coeff_field=2)

        ratio = best(theirs_again, 1) / mine
        note = f"; gudhi CubicalComplex {ratio:.1f} times as long"
        report("all pairs, image, not sorted", name, n_cells(complex_), mine, None, note)
    barycentric(gudhi, "2,32,32,32", repeat)


def barycentric(gudhi: Any, name: str, repeat: int) -> None:
    complex_ = make(name)
    order = filtrations.as_filtration(complex_, "cell_max", 0)
    ours = relutope.persistence(complex_, order)
    start = time.process_time()
    tree = gudhi.SimplexTree()
    first = np.concatenate([[0], np.cumsum(complex_.counts)])
    for region in range(complex_.counts[-1]):
        for flag in flags(complex_, complex_.dim, region):
            tree.insert([int(first[k] + cell) for k, cell in enumerate(flag)])
    for simplex, _ in list(tree.get_simplices()):
        tree.assign_filtration(simplex, float(order.keys[list(simplex)].max()))
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    seconds = time.process_time() - start
    levels = np.arange(len(order.levels), dtype=np.float64)
    by_rank = filtrations.Filtration(complex_, "ranks", order.keys, levels)
    ranked = relutope.homology.Barcode(by_rank, 2, list(zip(ours.births, ours.deaths, strict=True)))
    for k, diagram in enumerate(ranked.diagrams()):
        theirs = np.array(tree.persistence_intervals_in_dimension(k)).reshape(-1, 2)
        if not np.array_equal(np.sort(diagram, axis=0), np.sort(theirs, axis=0)):
            raise WrongAnswerError(f"{name}: gudhi finds another diagram in dimension {k}")
    mine = best(lambda: relutope.persistence(complex_, order), repeat)
    note = f"; gudhi SimplexTree on the barycentric subdivision {seconds / mine:.0f} times as long"
    report("all pairs, cell_max, not sorted", name, n_cells(complex_), mine, None, note)


def flags(complex_: Any, k: int, cell: int) -> list[tuple[int, ...]]:
    """Chains of faces, from a vertex up to a cell."""
    if k == 0:
        return [(cell,)]
    indptr, indices = complex_.facets(k)
    return [
        (*flag, cell)
        for facet in indices[indptr[cell] : indptr[cell + 1]].tolist()
        for flag in flags(complex_, k - 1, facet)
    ]


def measure_bytes(name: str) -> None:
    """How much the process grows by one ordering."""
    complex_ = make(name)
    cells = n_cells(complex_)
    baseline = peak_rss()
    relutope.betti_curves(complex_, n_orderings=1, n_threads=1)
    grown = (peak_rss() - baseline) / cells
    print(f"curves, cell_max     {name:>14}  {grown:8.1f} bytes per cell (goal: at most {BYTES_GOAL})")


def measure_threads(name: str, orderings: int) -> None:
    complex_ = make(name)
    start = time.perf_counter()
    relutope.betti_curves(complex_, n_orderings=orderings, n_threads=2)
    seconds = time.perf_counter() - start
    share = seconds * 1000 / orderings
    print(
        f"{orderings} orderings       {name:>14}  {seconds:8.2f} s wall on two threads; 1,000 take "
        f"{share:.1f} s (goal: at most 60)"
    )


def report(task: str, name: str, cells: int, seconds: float, goal: float | None, note: str = "") -> None:
    rate = cells / seconds / 1e6
    aim = "" if goal is None else f" (goal: at least {goal:g})"
    print(f"{task:28} {name:>14}  {cells:>10,} cells  {rate:7.2f} M cells/s{aim}{note}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the small complexes only")
    parser.add_argument("--repeat", type=int, default=5, help="best of so many runs")
    options = parser.parse_args()
    try:
        if not options.quick:
            measure_bytes("1600x1600")  # first: the process has not grown yet
        for name in QUICK if options.quick else COMPLEXES:
            measure_curves(name, options.repeat)
        if not options.quick:
            for name in PAIRS:
                measure_pairs(name, options.repeat)
            for name in FOURTH:
                measure_fourth(name, options.repeat)
            measure_threads("500x500", 200)
            measure_gudhi(options.repeat)
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
