"""Options of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NoReturn

from relutope.domain import Box

BYTE_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}

Options = argparse.Namespace


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message as one line and exit with 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; pass its arguments through `join_box` first."""
    from relutope import __version__

    parser = Parser(prog="relutope", description="Exact polyhedral complexes of piecewise-linear networks.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    complex_ = commands.add_parser("complex", help="count and save all cells of a network")
    _add_common(complex_)
    complex_.add_argument("--save", metavar="F.npz", help="write the complex to a file")
    complex_.add_argument("--json", action="store_true", help="print one JSON object")
    _add_info(commands.add_parser("info", help="what a model is, layer by layer"))
    analyze = commands.add_parser("analyze", help="analyse a network and write summary, complex and picture")
    _add_common(analyze)
    analyze.add_argument("--out", metavar="DIR", required=True, help="folder for the results")
    boundary = commands.add_parser("boundary", help="the decision boundary, its components and Betti numbers")
    _add_common(boundary)
    boundary.add_argument(
        "--threshold",
        type=_fraction,
        metavar="T",
        default=Fraction(0),
        help="of one output, such as 0.5 (as float64) or 1/3; default: 0",
    )
    boundary.add_argument("--json", action="store_true", help="print one JSON object")
    _add_verify(commands.add_parser("verify", help="prove that a saved complex is that of a network"))
    _add_homology(commands.add_parser("homology", help="Betti numbers along random orderings of the cells"))
    _add_fiedler(commands.add_parser("fiedler", help="Fiedler partition of the dual graph against labels"))
    regions = commands.add_parser("regions", help="count regions by six definitions")
    _add_common(regions)
    regions.add_argument("--json", action="store_true", help="print one JSON object")
    _add_linking(commands.add_parser("linking", help="linking numbers and distances of closed curves"))
    _add_track(
        commands.add_parser("track", help="measure the complexes of the checkpoints of a training run")
    )
    return parser


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a file that holds a network")
    parser.add_argument(
        "--order", type=_names, metavar="A,B,...", help="layers of a state dict, from input to output"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_homology(parser: argparse.ArgumentParser) -> None:
    from relutope.filtrations import NAMES

    _add_common(parser)
    parser.add_argument("--filtration", choices=NAMES, default="cell_max", help="default: cell_max")
    parser.add_argument("--orderings", type=_count, metavar="N", default=100, help="default: 100")
    parser.add_argument(
        "--seed", type=_seed, metavar="N", default=0, help="of the random numbers; default: 0"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_linking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "curves", metavar="CURVES.npz", help="arrays of shape (n, 3) by any names, each a closed curve"
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="follow each pair of curves through the layers of a network"
    )
    parser.add_argument(
        "--order", type=_names, metavar="A,B,...", help="layers of a state dict, from input to output"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_track(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoints",
        nargs="+",
        metavar="CHECKPOINT",
        help="files of models; the step is the number that a name ends in, else its place",
    )
    parser.add_argument(
        "--metrics",
        type=_names,
        metavar="A,B,...",
        default=["f_vector", "regions"],
        help="names, see relutope.track; default: f_vector,regions",
    )
    _add_domain(parser)
    parser.add_argument("--out", metavar="DIR", help="folder that gets every result at once; resumes there")
    parser.add_argument("--lifetimes", action="store_true", help="keep activation patterns and count bars")
    parser.add_argument("--workers", type=_count, metavar="N", help="processes side by side")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    _add_limits(parser)


def _add_fiedler(parser: argparse.ArgumentParser) -> None:
    from relutope.spectral import OPERATORS, THRESHOLDS

    _add_common(parser)
    parser.add_argument("--operator", choices=OPERATORS, default="mass", help="default: mass")
    parser.add_argument(
        "--epsilon",
        type=_epsilon,
        metavar="E",
        default=0.0,
        help="added to the weights; default: 0, the limit",
    )
    parser.add_argument("--threshold", choices=THRESHOLDS, default="sign", help="default: sign")
    parser.add_argument("--parts", type=_count, metavar="N", default=2, help="default: 2")
    parser.add_argument(
        "--include-output", action="store_true", help="cut the regions where the output is 0 first"
    )
    parser.add_argument("--seed", type=_seed, metavar="N", default=0, help="of the report; default: 0")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("complex", metavar="COMPLEX.npz", help="a saved complex")
    parser.add_argument("model", metavar="MODEL", help=".npz, .safetensors, .pt, .pth, .onnx or .pt2")
    parser.add_argument(
        "--order", type=_names, metavar="A,B,...", help="layers of a state dict, from input to output"
    )
    parser.add_argument(
        "--no-rebuild", action="store_true", help="prove only; do not compute the complex again to compare"
    )
    parser.add_argument("--progress", action="store_true", help="show each check as it begins")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=".npz, .safetensors, .pt, .pth, .onnx or .pt2")
    _add_domain(parser)
    parser.add_argument(
        "--order", type=_names, metavar="A,B,...", help="layers of a state dict, from input to output"
    )
    _add_limits(parser)


def _add_domain(parser: argparse.ArgumentParser) -> None:
    domain = parser.add_mutually_exclusive_group()
    domain.add_argument(
        "--box",
        type=_box,
        metavar="LO HI ...",
        help="2 numbers for every axis, or 2 per axis (lo1 hi1 lo2 hi2 ...), or data: the box around it; "
        "default: lo and hi of the file, else data",
    )
    domain.add_argument("--all-space", action="store_true", help="all of R^d")
    parser.add_argument(
        "--slice",
        metavar="FILE.npz",
        help="points (2 to 4, through which the slice goes) or origin and directions, in the shape of the "
        "input; box and data are then in its coordinates, and the default box shows all the points",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        help=".csv (d columns, optional header, optional last column y) or .npz (X, y)",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=_count, metavar="N", help="default: all cores")
    parser.add_argument("--max-cells", type=_count, metavar="N", help="stop beyond so many cells")
    parser.add_argument(
        "--max-bytes",
        type=_bytes,
        metavar="N",
        help="such as 500M or 2G; default: 80 %% of what is available",
    )
    parser.add_argument("--max-seconds", type=_seconds, metavar="S", help="stop after so many seconds")
    parser.add_argument(
        "--allow-high-dimension", action="store_true", help="compute with more than 10 inputs"
    )
    parser.add_argument("--progress", action="store_true", help="show how far it is")


def join_box(arguments: Sequence[str]) -> list[str]:
    """Join ``--box`` with the numbers (or the word ``data``) that follow it, so that it may stand anywhere.

    argparse by itself takes ``-1e-3`` for an option and the MODEL behind the numbers for one more of them.

    Examples
    --------
    >>> from relutope.cli_options import join_box
    >>> join_box(["complex", "--box", "-1e-3", "1", "model.npz"])
    ['complex', '--box=-1e-3,1', 'model.npz']
    """
    joined: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*joined, word, *rest]
        if word == "--box":
            values: list[str] = []
            if rest and rest[0] == "data":
                values.append(rest.pop(0))
            while rest and values != ["data"] and _is_number(rest[0]):
                values.append(rest.pop(0))
            if not values and rest and not rest[0].startswith("-"):
                values.append(rest.pop(0))  # to be named as what is no number
            word = "--box=" + ",".join(values)
        joined.append(word)
    return joined


def box_from_numbers(numbers: Sequence[float], input_dim: int) -> Box:
    """The box that 2 or 2 d numbers mean.

    Raises
    ------
    ValueError
        If there is another number of them, or they bound no box.
    """
    if len(numbers) not in (2, 2 * input_dim):
        raise ValueError(
            f"--box has {len(numbers)} numbers; legal: 2 for every axis, or {2 * input_dim} (lo1 hi1 ...) "
            f"for {input_dim} inputs"
        )
    try:
        return Box(numbers[0], numbers[1]) if len(numbers) == 2 else Box(numbers[::2], numbers[1::2])
    except ValueError as error:
        raise ValueError(f"--box is {' '.join(f'{value:g}' for value in numbers)}: {error}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _box(text: str) -> list[float] | Literal["data"]:
    if text == "data":
        return "data"
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; legal: numbers or the word data") from None


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text) if "/" in text else Fraction(float(text))
    except (ValueError, OverflowError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r}; legal: a finite number, or a fraction p/q") from None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _count(text: str) -> int:
    return int(_positive(int, text, "an integer >= 1"))


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}; legal: an integer >= 0")
    return int(text)


def _epsilon(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}; legal: a finite number >= 0")
    return value


def _seconds(text: str) -> float:
    return float(_positive(float, text, "a number > 0"))


def _bytes(text: str) -> int:
    digits = text.lower().removesuffix("b").removesuffix("i")
    unit = digits[-1:] if digits[-1:] in BYTE_UNITS else ""
    value = _positive(float, digits.removesuffix(unit), "a number >= 1, optionally with K, M, G or T")
    return max(1, int(value * (1 << BYTE_UNITS[unit])))


def _positive(kind: type[int] | type[float], text: str, legal: str) -> int | float:
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}; legal: {legal}")
    return value
