"""How much memory and how many threads a computation may take when nothing is said."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

#: Share of the available memory that one computation takes by default, in percent.
DEFAULT_SHARE = 80

#: For systems that do not tell their memory.
FALLBACK_BYTES = 4 << 30


def available_memory() -> int:
    """Bytes that can be allocated now.

    The least of what the system, the control group and the limit of the process leave.

    Examples
    --------
    >>> from relutope.memory import available_memory
    >>> available_memory() > 0
    True
    """
    return max(1, min((*_system(), *_control_group(), *_process_limit()), default=FALLBACK_BYTES))


def default_max_bytes() -> int:
    """80 % of the available memory."""
    return available_memory() * DEFAULT_SHARE // 100


def default_threads() -> int:
    """All cores this process may use; 1 in a worker process, where the pool already uses the cores."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and (
        multiprocessing.parent_process() is not None
        or multiprocessing.current_process().name != "MainProcess"
    ):
        return 1
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _system() -> Iterator[int]:
    try:
        for line in _text("/proc/meminfo").splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) * 1024
                return
    except (OSError, ValueError):
        pass
    names = getattr(os, "sysconf_names", {})
    if "SC_PAGE_SIZE" in names:
        pages = "SC_AVPHYS_PAGES" if "SC_AVPHYS_PAGES" in names else "SC_PHYS_PAGES"
        if pages in names:
            yield os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")
    elif sys.platform == "win32":
        yield _windows()


def _windows() -> int:
    if sys.platform == "win32":
        import ctypes

        words = ("total", "available", "page", "free_page", "virtual", "free_virtual", "extended")

        class Status(ctypes.Structure):
            _fields_ = [
                ("length", ctypes.c_ulong),
                ("load", ctypes.c_ulong),
                *((word, ctypes.c_ulonglong) for word in words),
            ]

        status = Status(length=ctypes.sizeof(Status))
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.available)
    return FALLBACK_BYTES


def _control_group() -> Iterator[int]:
    """What the control groups of this process leave; file cache counts as free."""
    for limit_path, usage_path, statistics_path in _control_group_files():
        try:
            limit = int(_text(limit_path))
            usage = int(_text(usage_path))
            idle = [
                int(line.split()[1])
                for line in _text(statistics_path).splitlines()
                if line.startswith(("inactive_file", "total_inactive_file"))
            ]
            yield max(0, limit - usage + max(idle, default=0))
        except (OSError, ValueError):
            pass


@cache
def _control_group_files() -> list[tuple[str, str, str]]:
    """Files with the limit, the usage and the statistics of each control group of this process."""
    files = []
    try:
        groups = _text("/proc/self/cgroup").splitlines()
    except OSError:
        return []
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, limit_name, usage_name = Path("/sys/fs/cgroup"), "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root = Path("/sys/fs/cgroup/memory")
            limit_name, usage_name = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            if (folder / limit_name).exists():
                names = (limit_name, usage_name, "memory.stat")
                files.append((str(folder / names[0]), str(folder / names[1]), str(folder / names[2])))
            if folder == root:
                break
    return files


def _text(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def _process_limit() -> Iterator[int]:
    try:
        import resource
    except ImportError:
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    try:
        used = int(_text("/proc/self/statm").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        used = 0
    yield max(0, limit - used)
