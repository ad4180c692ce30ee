"""The repository checks itself: direction of includes and imports, sizes, flags, version, stub."""

import ast
import importlib.metadata
import inspect
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python" / "relutope"

# The folders of cpp/, each with those that it may include besides itself.
MAY_INCLUDE = {
    "exact": set(),
    "network": {"exact"},
    "cells": {"exact", "network"},
    "homology": set(),
    "curves": {"exact"},
    "verify": {"exact"},
    "bindings": {"exact", "network", "cells", "homology", "curves", "verify"},
}

# The modules of the package; when it is imported, a module imports from earlier lines only.
IMPORT_ORDER = [
    {
        "_core",
        "archive",
        "arguments",
        "bit_masks",
        "coefficients",
        "compressed",
        "effective",
        "errors",
        "files",
        "memory",
    },
    {"activation", "cell_tables", "cells", "domain", "labels", "layers", "network_layers", "npz", "progress"},
    {"evaluation"},
    {"network", "network_summary", "polytope"},
    {"network_members", "slices"},
    {"domains"},
    {"subcomplex"},
    {"closures"},
    {"exchange", "faces", "level_set_queries", "region_queries"},
    {"complex"},
    {"affine_maps", "cell_complex", "location", "polygons", "storage", "subdivision"},
    {"chains", "inequalities", "interior_points", "members", "meshes", "refinement", "volumes"},
    {"contenders", "mesh_files", "regions"},
    {"flat_cells", "formats", "vertex_ranks"},
    {"filtrations", "level_sets", "linear_regions"},
    {"homology"},
    {"bending_angles", "convexity", "dual_graph_plot"},
    {"certificate", "dual_graph", "region_counts"},
    {"data", "loading", "network_info", "plot", "summary"},
    {"linking", "spectral"},
    {"training"},
    {"cli_options"},
    {"cli_input"},
    {
        "cli_boundary",
        "cli_fiedler",
        "cli_homology",
        "cli_info",
        "cli_linking",
        "cli_regions",
        "cli_track",
        "cli_verify",
    },
    {"cli_analyze"},
    {"cli"},
    {"__main__"},
]
# Modules that are folders: their files import one another.
PACKAGES = {"filtrations", "homology", "linking", "loading", "spectral", "training"}
IMPORT_THE_CORE = {
    "activation",
    "affine_maps",
    "cell_complex",
    "certificate",
    "contenders",
    "complex",
    "domains",
    "dual_graph",
    "evaluation",
    "faces",
    "inequalities",
    "interior_points",
    "flat_cells",
    "homology",
    "convexity",
    "level_sets",
    "linear_regions",
    "linking",
    "loading",
    "location",
    "network",
    "network_members",
    "polytope",
    "refinement",
    "regions",
    "storage",
    "subdivision",
    "vertex_ranks",
    "volumes",
}
IMPORTED_ON_USE = {
    "distributed",
    "matplotlib",
    "meshio",
    "networkx",
    "onnx",
    "pandas",
    "plotly",
    "safetensors",
    "scipy",
    "threadpoolctl",
    "toponetx",
    "torch",
    "tqdm",
}


def tracked_files() -> list[Path]:
    """Return the files that git knows or would add; of a tree without git, all that are not generated."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        names = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
        paths = [ROOT / name for name in names if name]
    else:
        generated = re.compile(r"(^|/)(__pycache__|build|dist|out|\.venv[^/]*|\.\w+_cache|\.hypothesis)/")
        paths = [p for p in ROOT.rglob("*") if not generated.search(p.relative_to(ROOT).as_posix())]
    return [path for path in paths if path.is_file()]


FILES = tracked_files()
CORE = [path for path in FILES if path.is_relative_to(ROOT / "cpp")]
MODULES = [path for path in FILES if path.is_relative_to(PACKAGE) and path.suffix == ".py"]
CPP = [path for path in FILES if path.suffix in {".hpp", ".cpp"}]
PYTHON = [path for path in FILES if path.suffix in {".py", ".pyi"}]


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def without_comments_and_strings(source: str) -> str:
    """Blank out C++ comments, strings and characters, keeping every line break."""
    pattern = re.compile(
        r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])'", re.DOTALL
    )
    return pattern.sub(lambda found: " " + "\n" * found.group().count("\n"), source)


def test_layers_are_linked_as_they_are_included() -> None:
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    for layer in {path.relative_to(ROOT / "cpp").parts[0] for path in CORE} - {"bindings"}:
        found = re.search(rf"relutope_layer\({layer}\b([^)]*)\)", cmake)
        assert found is not None, layer
        assert set(found.group(1).split()) <= {f"relutope_{name}" for name in MAY_INCLUDE[layer]}


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.stem + p.suffix)
def test_includes_go_downward(path: Path) -> None:
    layer = path.relative_to(ROOT / "cpp").parts[0]
    source = path.read_text(encoding="utf-8")
    for quoted in re.findall(r'^\s*#\s*include\s+"([^"]+)"', source, re.MULTILINE):
        assert quoted.split("/")[0] in MAY_INCLUDE[layer] | {layer}, quoted
        assert (ROOT / "cpp" / quoted).is_file(), quoted
    for angled in re.findall(r"^\s*#\s*include\s+<([^>]+)>", source, re.MULTILINE):
        assert not angled.startswith(("pybind11", "Python.h")) or layer == "bindings", angled
        if layer == "exact":
            assert "/" not in angled or angled.startswith("boost/"), angled


def module_level_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported, type-checking blocks left out."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def module_level_imports(tree: ast.Module) -> Iterator[str]:
    """Yield the top packages imported when the module is."""
    for node in module_level_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def own_modules(node: ast.AST) -> set[str]:
    """Return the modules of this package that an import statement names, such as loading for loading.npz."""
    if isinstance(node, ast.ImportFrom) and node.module == "relutope":
        return {alias.name for alias in node.names if not alias.name.startswith("__")}
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("relutope."):
        return {str(node.module).split(".")[1]}
    assert not isinstance(node, ast.ImportFrom) or node.level == 0, "an import is relative"
    return set()


def test_package_imports_go_downward() -> None:
    level = {name: place for place, names_ in enumerate(IMPORT_ORDER) for name in names_}
    for path in MODULES:
        module = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if module == "__init__":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for imported in set().union(*map(own_modules, module_level_nodes(tree))):
            assert level[imported] < level[module] or imported == module in PACKAGES, (module, imported)
            assert imported != "_core" or module in IMPORT_THE_CORE, module
        for imported in set().union(*map(own_modules, ast.walk(tree))):
            assert module.startswith(("cli", "__main__")) or not imported.startswith("cli"), module


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_optional_packages_are_imported_inside_functions(path: Path) -> None:
    imported = set(module_level_imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert not imported & IMPORTED_ON_USE


def test_import_loads_numpy_only() -> None:
    code = "import relutope, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = set(run.stdout.split())
    assert {"relutope", "numpy"} <= loaded
    assert not loaded & IMPORTED_ON_USE


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in CPP + PYTHON}
    assert names([path for path, length in lengths.items() if length >= 400]) == []


def test_python_functions_are_short() -> None:
    long = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                if body[-1].end_lineno - body[0].lineno >= 60:
                    long.append(f"{path.name}: {node.name}")
    assert long == []


def cpp_blocks(source: str) -> Iterator[tuple[int, int]]:
    """Yield first and last line of every outermost block in braces that is no namespace, class or enum."""
    scope = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")
    text = without_comments_and_strings(source)
    depth_inside = 0
    first_line = line = 1
    head = ""
    for character in text:
        line += character == "\n"
        if character == "{":
            if depth_inside > 0 or not scope.search(head):
                first_line = line if depth_inside == 0 else first_line
                depth_inside += 1
            head = ""
        elif character == "}":
            if depth_inside > 0:
                depth_inside -= 1
                if depth_inside == 0:
                    yield first_line, line
            head = ""
        else:
            head = "" if character == ";" else head + character


@pytest.mark.parametrize("path", CPP, ids=lambda p: p.stem + p.suffix)
def test_cpp_functions_are_short(path: Path) -> None:
    long = [lines for lines in cpp_blocks(path.read_text(encoding="utf-8")) if lines[1] - lines[0] >= 60]
    assert long == []


def test_the_block_scan_finds_long_functions() -> None:
    body = "  f('{');  // }\n" * 70
    source = "namespace a {\nstruct B : C<int> {\n  int x{1};\n  void g() const {\n" + body + "  }\n};\n}\n"
    assert [last - first for first, last in cpp_blocks(source)] == [0, 71]


def test_floating_point_flags() -> None:
    flags = re.compile(r"-ffast-math|-Ofast|-march=native|-funsafe-math|-ffp-contract=(?!off)|/fp:fast")
    build_names, suffixes = {"CMakeLists.txt", "pyproject.toml"}, {".cmake", ".yml"}
    build_files = [path for path in FILES if path.name in build_names or path.suffix in suffixes]
    assert names([p for p in build_files if flags.search(p.read_text(encoding="utf-8"))]) == []
    assert "-ffp-contract=off" in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    pragma = re.compile(r"fast-math|FP_CONTRACT\s+ON|fp\s+contract\s*\(\s*(on|fast)")
    assert names([p for p in CPP if pragma.search(p.read_text(encoding="utf-8"))]) == []


def python_numbers(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        yield from (
            token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NUMBER
        )


def test_no_tolerances() -> None:
    epsilon = re.compile(r"\d\.?[eE]-\d")
    for path in CORE:
        assert not epsilon.search(without_comments_and_strings(path.read_text(encoding="utf-8"))), path
    for path in MODULES:
        assert not [number for number in python_numbers(path) if epsilon.search(number)], path


def test_one_version() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == pyproject["project"]["version"] == importlib.metadata.version("relutope")


def test_no_loose_ends() -> None:
    marks = re.compile(
        r"\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b|(?<![\w.])/(?:home|root|tmp|Users|work)/|\.\./(?:shared)\b"
    )
    binary = {".npz", ".png", ".safetensors", ".pt", ".pth"}
    texts = [path for path in FILES if path.suffix not in binary]
    assert names([path for path in texts if marks.search(path.read_text(encoding="utf-8"))]) == []


Members = dict[str, str | list[str]]


def parameters(node: ast.FunctionDef) -> list[str]:
    arguments = node.args
    return [a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs if a.arg != "self"]


def stub_members(body: list[ast.stmt]) -> Members:
    """Return the public names of a stub: for a function its parameters, for everything else what it is."""
    members: Members = {}
    for node in body:
        if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            members[node.name] = "property" if "property" in decorators else parameters(node)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            members[node.name] = "class"
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            members[node.target.id] = "value"
    return members


def real_members(owner: object) -> Members:
    """Return the same of a compiled module or class; pybind11's docstrings begin with a signature."""
    members: Members = {}
    for name, value in vars(owner).items():
        signature = (getattr(owner, name).__doc__ or "").strip().split("\n")[0]
        if name.startswith("_") and not signature.startswith("__init__("):
            continue
        if inspect.isclass(value):
            members[name] = "class"
        elif isinstance(value, property):
            members[name] = "property"
        elif callable(value) or isinstance(value, staticmethod):
            stub = ast.parse(f"def {signature}: ...").body[0]
            assert isinstance(stub, ast.FunctionDef)
            members[name] = parameters(stub)
        else:
            members[name] = "value"
    return members


def test_stub_matches_the_compiled_module() -> None:
    from relutope import _core

    body = ast.parse((PACKAGE / "_core.pyi").read_text(encoding="utf-8")).body
    assert stub_members(body) == real_members(_core)
    for node in body:
        if isinstance(node, ast.ClassDef):
            assert stub_members(node.body) == real_members(getattr(_core, node.name)), node.name
