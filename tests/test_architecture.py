"""The shape of the code: imports go one way, and there are no giants."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import syndicate

PACKAGE = Path(syndicate.__file__).parent
ORDER = (
    {"errors"},
    {"clock", "language", "private_file", "workers"},
    {"config"},
    {"model"},
    {"body"},
    {"store"},
    {"intake", "render"},
    {"publish"},
    {"deliver"},
    {"schedule"},
    {"web"},
    {"cli"},
)
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
MODULES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if "templates" not in path.parts and path.parent != PACKAGE
)


def stage(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def imported_stages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: a relative import hides where it goes"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            first, _, rest = name.partition(".")
            found = rest.partition(".")[0]
            if first == "syndicate" and found in RANK:
                yield found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    here = stage(path)
    for there in imported_stages(path):
        same_stage = there == here
        assert same_stage or RANK[there] < RANK[here], f"{here} must not import {there}"
        assert not (here == "render" and there == "store"), "rendering is value in, value out"


def test_every_stage_is_in_the_order():
    stages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert stages - {"templates"} <= set(RANK)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_is_longer_than_four_hundred_lines(path):
    """A migration is one list of tables and may be longer."""
    assert (
        path.parent.name == "versions" or len(path.read_text(encoding="utf-8").splitlines()) <= 400
    )


def test_only_the_store_speaks_sql():
    speakers = {stage(path) for path in MODULES if "sqlalchemy" in path.read_text(encoding="utf-8")}
    assert speakers <= {"store"}


def test_the_clock_is_read_in_one_place():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "datetime.now(" not in text, path
        assert "utcnow(" not in text, path


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
