"""The command line: ``relutope COMMAND``, see ``relutope --help``.

Exit codes: 0 done; 2 bad input; 3 a limit or Ctrl-C ended the computation; 4 a complex was not certified;
5 a series was printed, but some checkpoints, or metrics at them, failed; 141 nobody reads the output.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from relutope.cli_options import Options, build_parser, join_box
from relutope.errors import IncompleteError, MissingExtraError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: the arguments of the process.

    Returns
    -------
    int
        The exit code.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(build_parser().parse_args(join_box(arguments)))
        sys.stdout.flush()  # so that a reader that is gone is noticed here
        return code
    except BrokenPipeError:
        return _without_reader()
    except IncompleteError as error:
        return _fail(f"{error} ({_cost(error.progress)})", 3)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 2)
    except (ValueError, TypeError, MissingExtraError) as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("interrupted", 3)


def _run(options: Options) -> int:
    if options.command == "complex":
        return _complex(options)
    if options.command == "boundary":
        from relutope.cli_boundary import boundary

        return boundary(options)
    if options.command == "fiedler":
        from relutope.cli_fiedler import fiedler

        return fiedler(options)
    if options.command == "homology":
        from relutope.cli_homology import homology

        return homology(options)
    if options.command == "linking":
        from relutope.cli_linking import linking

        return linking(options)
    if options.command == "info":
        from relutope.cli_info import info

        return info(options)
    if options.command == "verify":
        from relutope.cli_verify import verify_file

        return verify_file(options)
    if options.command == "track":
        from relutope.cli_track import track_files

        return track_files(options)
    if options.command == "regions":
        from relutope.cli_regions import regions

        return regions(options)
    from relutope.cli_analyze import analyze

    return analyze(options)


def _complex(options: Options) -> int:
    from relutope.cli_input import compute, report, resolve

    job = resolve(options)
    complex_ = compute(job, options)
    result = report(job, complex_)
    if options.save is not None:
        complex_.save(options.save)
        result["saved"] = options.save
    if options.json:
        print(json.dumps(result))
    else:
        print("\n".join(_readable(result)))
    return 0


def _readable(result: dict[str, Any]) -> list[str]:
    from relutope.cli_input import where_text

    lines = [result["network"], *(f"  note: {note}" for note in result["notes"]), where_text(result)]
    lines += [f"cells of dimension {k}: {count:,}" for k, count in enumerate(result["f_vector"])]
    lines.append(f"regions: {result['regions']:,}, bounded: {result['bounded_regions']:,}")
    lines.append(f"Euler characteristic: {result['euler_characteristic']}")
    lines.append(f"signs decided exactly: {result['exact_signs']:,}")
    lines.append(f"seconds: {result['seconds']:.3f}")
    if "saved" in result:
        lines.append(f"saved: {result['saved']}")
    return lines


def _cost(progress: dict[str, Any]) -> str:
    """What is not in the message already."""
    parts = [("seconds", "{:.3g} s"), ("bytes", "{:,} bytes")]
    return ", ".join(form.format(progress[key]) for key, form in parts if key in progress)


def _without_reader() -> int:
    """Nobody reads what is printed, such as ``head`` that has enough: end in silence, as by SIGPIPE."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + 13


def _fail(message: str, code: int) -> int:
    print(f"relutope: error: {' '.join(message.split())}", file=sys.stderr)
    return code
