"""What judges our pages: AMP's own validator, the Nu HTML checker, axe.

`tests/checkers/install` brings them here; without them the tests that ask are skipped.
"""

import atexit
import functools
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from tests.requirements import require

MAIL_RULES = ("wcag2a", "wcag2aa", "wcag21aa")
"""The tags of axe's rules for mail: landmarks are the mail program's own."""
HERE = Path(__file__).parent
_MODULES = HERE / "node_modules"
_ENGINE = _MODULES / "validator_wasm.js"
_NU = _MODULES / "vnu-jar/build/dist/vnu.jar"
_AXE = _MODULES / "axe-core/axe.min.js"
_INSTALL = "run tests/checkers/install"
_SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


def barriers(page: Page, narrow: int, wide: int) -> list[str]:
    """Return what axe has against a page in either theme and at either width, narrow at the end.

    That the page scrolls sideways is one more fault. A theme colours and a width arranges; so one
    of each will do, but for `SYNDICATE_LOOKS=all`, which looks at each theme at each width.
    """
    looks: list[tuple[Literal["light", "dark"], int]] = [("light", wide), ("dark", narrow)]
    if os.environ.get("SYNDICATE_LOOKS") == "all":
        looks = [("light", narrow), ("dark", wide), *looks]
    found = []
    for theme, width in looks:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        faults = axe(page)
        if page.evaluate(_SIDEWAYS):
            faults.append("the page scrolls sideways")
        found += [f"{theme}, {width} wide: {fault}" for fault in faults]
    return found


def amp(pages: Sequence[bytes]) -> list[list[str]]:
    """Return what AMP's validator has against each page, warnings too."""
    require(shutil.which("node"), "node is missing")
    require(_ENGINE.exists(), f"AMP's validator is missing: {_INSTALL}")
    validator = _amp_validator()
    assert validator.stdin
    assert validator.stdout
    # in ASCII: no line end is left in what JSON has escaped
    validator.stdin.write(f"{json.dumps([page.decode() for page in pages])}\n")
    validator.stdin.flush()
    line = validator.stdout.readline()
    assert line, "AMP's validator has ended; see above"
    found: list[list[str]] = json.loads(line)
    return found


@functools.cache
def _amp_validator() -> subprocess.Popen[str]:
    """Start the validator, for all tests of this process."""
    process = subprocess.Popen(
        ["node", HERE / "check_amp.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def nu(files: Sequence[Path]) -> list[str]:
    """Return what the Nu checker has against HTML files, warnings and remarks too."""
    require(shutil.which("java"), "java is missing")
    require(_NU.exists(), f"the Nu checker is missing: {_INSTALL}")
    done = subprocess.run(
        [
            "java",
            "-XX:+UseSerialGC",  # it is over before anything better pays
            "-XX:TieredStopAtLevel=1",
            "-Xss16m",
            "-jar",
            _NU,
            "--format",
            "json",
            "--stdout",
            "--exit-zero-always",
            *files,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        f"{Path(m['url']).name}:{m.get('lastLine')} {m['message']} | {m.get('extract', '')}"
        for m in json.loads(done.stdout)["messages"]
    ]


def axe(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Return what axe has against the page that a browser shows, by all rules or those tagged so."""
    require(_AXE.exists(), f"axe is missing: {_INSTALL}")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text())
    # nothing in a frame is ours to run in: it would only wait for an answer from each; and nobody
    # reads selectors, which take long to make
    how: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False, "selectors": False}
    if rules:
        how["runOnly"] = list(rules)
    result: dict[str, Any] = page.evaluate("(how) => axe.run(document, how)", how)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
