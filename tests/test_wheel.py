"""The wheel: built here, installed into an environment of its own, and put to work there."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.neighbours import require

ROOT = Path(__file__).parents[1]
SHIPPED = {"", ".css", ".html", ".js", ".mako", ".mjml", ".mo", ".po", ".py", ".svg", ".txt"}
"""What is in the wheel by the ends of its files' names; nothing that an editor or a tool left."""
pytestmark = pytest.mark.slow


def run(*words: object, cwd: Path) -> str:
    ran = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def syndicate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel that was installed into a clean environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(sys.executable, *build, "--wheel-dir", folder, ROOT, cwd=folder)
    [wheel] = folder.glob("syndicate-*.whl")
    assert {Path(name).suffix for name in ZipFile(wheel).namelist()} <= SHIPPED
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    pip = (folder / "venv/bin/python", "-m", "pip", "install", "--quiet")
    installed = subprocess.run(
        [*pip, "-c", ROOT / "constraints.txt", wheel], capture_output=True, text=True, check=False
    )
    require(installed.returncode == 0, f"a package registry: {installed.stderr[-300:]}")
    return folder / "venv/bin/syndicate"


def test_a_wheel_brings_everything_that_a_publication_needs(syndicate, tmp_path):
    run(syndicate, "init", "post", cwd=tmp_path)
    post = tmp_path / "post"
    (post / "articles/ferry.md").write_text("---\ntitle: Ferry\nbreaking: true\n---\nText.\n")
    (post / "readers.csv").write_text("email\nada@example.org\n")
    run(syndicate, "subscribers", "import", "readers.csv", "--newsletter", "breaking", cwd=post)
    assert "no mistakes" not in run(syndicate, "check", cwd=post)
    assert "new" in run(syndicate, "import", "articles", cwd=post)
    assert "rss.xml" in run(syndicate, "build", cwd=post)
    assert "1 accepted" in run(syndicate, "tick", cwd=post)
    assert (post / "feeds/articles/ferry/amp/index.html").is_file()
    assert len(list((post / "outbox").glob("*.eml"))) == 1
    run(syndicate, "templates", "copy", "email/digest.mjml", cwd=post)


def test_a_wheel_speaks_german(syndicate):
    said = "from syndicate.web.words import words_in; print(words_in('de').undo_button)"
    assert run(syndicate.with_name("python"), "-c", said, cwd=syndicate.parent) == (
        "Wieder abonnieren\n"
    )
