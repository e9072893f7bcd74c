"""The shape of the code: imports go one way, names are used once, maps are true, nothing is a giant."""

import ast
import builtins
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import syndicate
from tests import ROOT

PACKAGE = Path(syndicate.__file__).parent
ORDER = (
    {"errors"},
    {"clock", "language", "private_file", "text", "workers"},
    {"config"},
    {"model"},
    {"body"},
    {"store"},
    {"intake", "render"},
    {"publish"},
    {"deliver"},
    {"feedback"},
    {"schedule"},
    {"web"},
    {"cli"},
)
"""Each imports only what stands before it."""
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "templates" not in path.parts)
FOLDERS = sorted({path.parent for path in FILES})
TEMPLATES = sorted(path for path in (PACKAGE / "templates").rglob("*") if path.is_file())
MIGRATIONS = PACKAGE / "store/database/migrations"
SQL_FOLDERS = ("store/", "publish/records/")
"""The store, and the records that lie beside the output."""
SQL = re.compile(
    r"\b(import|from) (sqlalchemy|sqlite3|psycopg)\b|\.(execute|executemany|executescript)\("
    r"|\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b"
)
REFUSED = re.compile(r"(?<![a-z])(told|anew|whoever|hark|stir)(?![a-z])", re.IGNORECASE)
"""Words of a private language, also as parts of identifiers."""
MAP_LINES = 15
FOLDER_FILES = 20
MODULE_LINES = 400


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def dotted(path: Path) -> str:
    """Name a file as an import does."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in FILES}


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Name the modules of ours that a file imports, at the top or later."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it goes"
            assert node.module
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in names]
        else:
            continue
        yield from (name for name in names if name in MODULES)


def children(folder: Path) -> set[str]:
    """Name the modules of a folder, and with a slash the folders in it."""
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return modules | {f"{path.name}/" for path in FOLDERS if path.parent == folder}


def test_every_package_is_in_the_order():
    assert {name.rstrip("/") for name in children(PACKAGE)} - {"__main__"} == set(RANK)


def test_imports_go_one_way():
    for path in FILES:
        here = relative(path).removesuffix(".py").partition("/")[0]
        if here in {"__init__", "__main__"}:
            continue
        for name in imported(path):
            there = name.removeprefix("syndicate").strip(".").partition(".")[0]
            if not there or there == here:
                continue
            assert RANK[there] < RANK[here], f"{relative(path)} must not import {name}"
            assert (here, there) != ("render", "store"), "rendering is value in, value out"


@pytest.mark.parametrize("folder", FOLDERS, ids=relative)
def test_the_parts_of_a_folder_import_each_other_in_no_circle(folder):
    here = dotted(folder / "__init__.py")
    graph: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        if not module.startswith(f"{here}."):
            continue
        part = module.removeprefix(f"{here}.").partition(".")[0]
        for name in imported(path):
            if name.startswith(f"{here}."):
                graph[part].add(name.removeprefix(f"{here}.").partition(".")[0])
        graph[part].discard(part)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle in {here}: {' → '.join(error.args[1])}")


def test_the_packages_that_our_owners_chose_are_used():
    used = {
        alias.name.partition(".")[0] if isinstance(node, ast.Import) else node.module
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for name in ("feedgen", "mjml", "jinja2", "apscheduler"):
        assert any(module and module.split(".")[0] == name for module in used), name


def test_a_class_name_is_used_once():
    found = Counter(
        node.name
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in found.items() if count > 1] == []


def test_no_module_is_called_like_one_of_python_or_like_a_test():
    taken = set(sys.stdlib_module_names) | set(dir(builtins))
    for path in FILES:
        if path.stem.startswith("__"):
            continue
        assert path.stem not in taken, relative(path)
        assert not re.match(r"test_|.*_test$", path.stem), relative(path)


def test_the_private_language_of_the_beginning_is_gone():
    for path in FILES:
        for number, line in enumerate(text(path).splitlines(), 1):
            assert not REFUSED.search(line), f"{relative(path)}:{number}: {line.strip()}"


@pytest.mark.parametrize("folder", FOLDERS, ids=relative)
def test_the_map_of_a_folder_names_what_is_in_it_and_nothing_else(folder):
    if folder.is_relative_to(MIGRATIONS):
        return  # Alembic's layout, numbered
    drawn = ast.get_docstring(tree(folder / "__init__.py")) or ""
    named = Counter(re.findall(r"`([^`]+)`", drawn))
    assert set(named) == children(folder)
    assert max(named.values()) == 1
    assert len(drawn.splitlines()) <= MAP_LINES


def test_folders_and_modules_are_small_enough_to_be_held_in_the_head():
    for folder in FOLDERS:
        assert len([name for name in children(folder) if name[-1] != "/"]) <= FOLDER_FILES, folder
    assert max(Counter(path.parent for path in TEMPLATES).values()) <= FOLDER_FILES
    tests = (path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)
    in_folders = Counter(path.parent for path in tests if path.stem != "__init__")
    assert [folder for folder, count in in_folders.items() if count > FOLDER_FILES] == []
    for path in FILES:
        if not path.is_relative_to(MIGRATIONS):
            assert len(text(path).splitlines()) <= MODULE_LINES, relative(path)
    for path in (ROOT / "tests").rglob("*.py"):
        assert len(text(path).splitlines()) <= MODULE_LINES, path


def test_sql_is_in_the_store_and_in_the_records_beside_the_output():
    found = {relative(path) for path in FILES if SQL.search(text(path))}
    assert [name for name in found if not name.startswith(SQL_FOLDERS)] == []
    assert all(any(name.startswith(folder) for name in found) for folder in SQL_FOLDERS)
    for page in ("README.md", "docs/architecture.md"):
        assert "publish/records/" in (ROOT / page).read_text(encoding="utf-8")


def test_the_clock_is_read_in_one_place():
    readers = [
        relative(path) for path in FILES if re.search(r"\butcnow\(|datetime\.now\(", text(path))
    ]
    assert readers == ["clock.py"]


@pytest.mark.neighbours
def test_the_command_line_starts_without_what_its_commands_work_with():
    started = (
        "import sys; import syndicate.cli.app;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", started], capture_output=True, text=True, check=True
    )
    heavy = {"pydantic", "sqlalchemy", "jinja2", "lxml", "PIL", "httpx", "cryptography", "babel"}
    assert heavy.isdisjoint(done.stdout.split())


def defined(path: Path) -> set[str]:
    """Name the functions and classes of a file, and methods as `Class.method`."""
    found = set()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{method.name}"
                for method in node.body
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


def test_the_walks_of_the_architecture_page_lead_through_functions_that_exist():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    steps = re.findall(r"`([\w/]+\.py):([\w.]+)`", page)
    assert len(steps) > 30
    for file, name in steps:
        assert (PACKAGE / file).is_file(), file
        assert name in defined(PACKAGE / file), f"{file}:{name}"


def test_the_contents_of_the_decisions_are_true():
    page = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    contents = re.findall(r"^- \[([^]]+)\]\(#[\w-]+\): (\d+) decisions$", page, re.MULTILINE)
    rooms = page.split("\n## ")[1:]
    assert contents == [(room.splitlines()[0], str(room.count("\n### "))) for room in rooms]
    for entry in page.split("\n### ")[1:]:
        lines = entry.split("\n## ")[0].strip().splitlines()[1:]
        assert len(lines) <= 8, entry


def test_every_folder_of_tests_is_collected(pytestconfig):
    skipped = pytestconfig.getini("norecursedirs")
    folders = {file.parent for file in (ROOT / "tests").rglob("test_*.py")}
    names = {name for folder in folders for name in folder.relative_to(ROOT).parts}
    names -= {"checkers", "node_modules"}
    assert not [name for name in names if any(fnmatch(name, pattern) for pattern in skipped)]


def test_tests_are_where_the_package_has_what_they_test():
    folders = {relative(folder) for folder in FOLDERS}
    apart = {"checkers", "demo", "end_to_end", "render/pages", "render/sitemaps", "simulation"}
    apart |= {
        "deliver/outages",
        "schedule/corrections",
        "schedule/edition_files",
        "schedule/release",
    }
    apart |= {"web/every_page", "web/readers/signup", "web/readers/unsubscribe", "web/webhooks"}
    """Neighbours for tests, whole publications, and one module's many tests."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        if "node_modules" in path.parts:
            continue
        folder = path.parent.relative_to(ROOT / "tests").as_posix()
        assert folder == "." or folder in folders | apart, path
