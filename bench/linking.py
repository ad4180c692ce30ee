"""Measure linking numbers of closed curves on one thread, beside direct sums and other packages.

Each answer is checked first. Exit code 1: an answer is wrong, and nothing is printed about its speed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from homology import best
from measure import peak_rss
from numpy.typing import NDArray

from relutope.linking import gauss_integral, linking_number, meet, min_distance

Array = NDArray[np.float64]
Link = tuple[Array, Array]

#: Figures to reach, by number of segments of each curve: CPU seconds, and megabytes with both curves.
SECONDS = {10**4: 0.004, 10**6: 0.3}
MEGABYTES = {10**6: 100}
#: Million pairs of segments per second of Gauss's integral.
GAUSS = 30
#: Up to so many segments Gauss's integral checks an answer, numpy's sum is timed, and other packages are.
CHECKED, SUMMED, OTHERS = 10**4, 10**3, 10**3


class WrongAnswerError(Exception):
    """Two methods disagree."""


def torus(n: int) -> tuple[Link, int]:
    """Two strands side by side around a torus, and their linking number."""
    twists = max(1, round(n**0.5 / 2))
    t = np.arange(n) * (2 * np.pi / n)
    strands = []
    for phase in (0, np.pi):
        radius = 2 + np.cos(twists * t + phase)
        strands.append(np.column_stack([radius * np.cos(t), radius * np.sin(t), np.sin(twists * t + phase)]))
    return (strands[0], strands[1]), -twists


def walk(n: int) -> tuple[Link, None]:
    """Two closed random walks with normal steps, from the origin and from (1, 1, 1)."""
    rng = np.random.default_rng(n)
    steps = rng.normal(size=(2, n, 3))
    first, second = np.cumsum(steps - steps.mean(axis=1, keepdims=True), axis=1)
    return (first, second + 1), None


def helices(n: int) -> tuple[Link, int]:
    """Two strands around one axis, closed far away, which cross n^2 / 10^4 times when seen along it."""
    turns = n // 100
    t = np.arange(n) / n
    strands = []
    for sign in (1, -1):
        angle = 2 * np.pi * turns * t
        strand = np.column_stack([sign * np.cos(angle), sign * np.sin(angle), t * turns])
        far = np.array([[sign * 3, 0, turns + 1], [sign * 3, 0, -1]])
        strands.append(np.concatenate([strand, far]))
    return (strands[0], strands[1]), turns


LINKS = {"torus": torus, "walk": walk, "helices": helices}


def check(name: str, link: Link, known: int | None) -> int:
    """The linking number, if all methods agree on it."""
    a, b = link
    found = {
        linking_number(*(curve[:, order] for curve in link)) for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1])
    }
    reversed_ = linking_number(b[::-1], a)
    if len(found) != 1 or None in found or reversed_ != -min(found) or known not in (None, *found):
        raise WrongAnswerError(f"{name}: linking numbers {found}, reversed {reversed_}; expected {known}")
    (number,) = found
    if len(a) <= CHECKED and linking_number(a, b, method="gauss") != number:
        raise WrongAnswerError(f"{name}: Gauss's integral is {gauss_integral(a, b)}; expected {number}")
    return number


def direct_sum(a: Array, b: Array) -> float:
    """Gauss's integral with numpy, one segment of a after the other."""
    total = 0.0
    for begin, end in zip(a, np.roll(a, -1, axis=0), strict=True):
        r00, r10 = b - begin, b - end
        r01, r11 = np.roll(r00, -1, axis=0), np.roll(r10, -1, axis=0)
        for x, y, z in ((r00, r10, r11), (r00, r11, r01)):
            p, q, r = (np.linalg.norm(v, axis=1) for v in (x, y, z))
            volume = (np.cross(x, y) * z).sum(axis=1)
            xy, yz, zx = ((v * w).sum(axis=1) for v, w in ((x, y), (y, z), (z, x)))
            total += np.arctan2(volume, p * q * r + xy * r + yz * p + zx * q).sum()
    return total / (2 * np.pi)


def megabytes(link: Link) -> float:
    """Growth of the peak memory of a new process that reads two curves and links them."""
    program = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); from measure import peak_rss; "
        "from relutope.linking import linking_number; base = peak_rss(); "
        "print(linking_number(*map(np.load, sys.argv[2:])), (peak_rss() - base) / 1e6)"
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{i}.npy") for i in range(2)]
        for path, curve in zip(paths, link, strict=True):
            np.save(path, curve)
        command = [sys.executable, "-c", program, str(Path(__file__).resolve().parent), *paths]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout.split()[1])


def others(a: Array, b: Array) -> Iterator[tuple[str, Callable[[], float]]]:
    """Other packages, where they are installed."""
    try:
        vars(np).setdefault("float", float)  # pyknotid 0.5.3 asks for names that numpy has dropped
        vars(np).setdefault("int", int)
        from pyknotid.spacecurves import Link as KnotidLink

        yield "pyknotid", lambda: KnotidLink([a, b], verbose=False).linking_number()
    except ImportError:
        print("  pyknotid is not installed: no comparison")
    try:
        import topoly

        closed = [np.concatenate([curve, curve[:1]]).tolist() for curve in (a, b)]
        yield "topoly", lambda: topoly.gln(*closed)
    except ImportError:
        print("  topoly is not installed: no comparison")


def verdict(reached: bool) -> str:
    return "ok" if reached else "MISSED"


def measure(name: str, n: int, repeat: int) -> bool:
    link, known = LINKS[name](n)
    number = check(f"{name} {n}", link, known)
    seconds = best(lambda: linking_number(*link), repeat)
    reached = seconds <= SECONDS.get(n, np.inf)
    goal = f" ({verdict(reached)}: at most {SECONDS[n]})" if n in SECONDS else ""
    print(f"{name}, {n:,} + {n:,} segments: linking number {number} in {seconds:.6f} CPU s{goal}")
    if n in MEGABYTES:
        size = megabytes(link)
        reached &= size <= MEGABYTES[n]
        print(f"  {size:.0f} MB with both curves ({verdict(size <= MEGABYTES[n])}: at most {MEGABYTES[n]})")
    meeting, distance = best(lambda: meet(*link), repeat), best(lambda: min_distance(*link), repeat)
    print(f"  meet {meeting:.6f} CPU s, min_distance {distance:.6f} CPU s")
    if n <= CHECKED:
        gauss = best(lambda: gauss_integral(*link), repeat)
        rate = len(link[0]) * len(link[1]) / gauss / 1e6
        enough = n < CHECKED or rate >= GAUSS
        reached &= enough
        goal = f" ({verdict(enough)}: at least {GAUSS})" if n == CHECKED else ""
        print(f"  Gauss's integral {rate:.0f} million pairs/s{goal}, {gauss / seconds:.0f} times as long")
    if n <= SUMMED:
        if round(direct_sum(*link)) != number:
            raise WrongAnswerError(f"{name} {n}: the direct sum is {direct_sum(*link)}; expected {number}")
        print(f"  direct sum with numpy {best(lambda: direct_sum(*link), 1) / seconds:.0f} times as long")
    if n <= OTHERS:
        for other, call in others(*link):
            print(f"  {other} says {call():g}, {best(call, 1) / seconds:.0f} times as long")
    return reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="up to 1,000 segments per curve")
    parser.add_argument("--repeat", type=int, default=5, help="best of so many runs")
    options = parser.parse_args()
    sizes = [10**2, 10**3] if options.quick else [10**2, 10**3, 10**4, 10**5, 10**6]
    print(f"{peak_rss() / 1e6:.0f} MB before the first curve")
    try:
        reached = [measure(name, n, options.repeat) for name in LINKS for n in sizes]
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if all(reached) else 2


if __name__ == "__main__":
    sys.exit(main())
