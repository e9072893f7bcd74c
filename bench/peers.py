"""The generators that Syndicate is compared with, each with a site that puts out the same.

The sites lie in `sites/`: per article a page with canonical, OpenGraph and
JSON-LD, and an AMP page, both with the sections in head and foot, a reading
time, a card to sign up and the three stories before it in its section; a front
page with a block for each section; sections, tags and authors in pages of 30,
each with RSS, Atom and JSON Feed of 50 whole articles; a sitemap. Eleventy has two:
with its templates in JavaScript, the fastest that it offers, and in Nunjucks, as
its own starter has them.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import ours

HERE = Path(__file__).parent
_SITES = HERE / "sites"
_PELICAN = HERE.parent / ".venv-pelican"
_MODULES = HERE / "node_modules"
_ELEVENTY = {"@11ty/eleventy": "3", "@11ty/eleventy-plugin-rss": "3", "markdown-it-anchor": "10"}
"""Eleventy and the plugins of its sites, with their versions."""
_NODEMAILER = HERE / "nodemailer"
_INSTALLING = 300
"""Seconds after which installing a peer is given up."""
_AMP_STYLE = re.compile(
    r"<style amp-boilerplate>.*?</noscript>\s*<style amp-custom>.*?</style>", re.DOTALL
)


class Missing(Exception):  # noqa: N818 - it says what the peer is
    """A peer isn't there and can't be installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A generator, and the site that it builds."""

    name: str
    command: tuple[str, ...]
    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "public"

    def build(self) -> float:
        """Build the whole site into an empty folder; return the seconds."""
        shutil.rmtree(self.output, ignore_errors=True)
        return ours.timed(self.command, self.folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How a peer is found, and where its site wants articles and what AMP pages begin with."""

    name: str
    site: str
    """Its folder in `sites/`."""
    command: Callable[[], tuple[str, ...]]
    articles: str
    amp_style: str

    def peer(self, folder: Path, articles: Path, style: str) -> Peer:
        """Lay out its site; raise Missing."""
        command = self.command()
        shutil.copytree(_SITES / self.site, folder)
        shutil.copytree(articles, folder / self.articles, dirs_exist_ok=True)
        (folder / self.amp_style).write_text(style, encoding="utf-8")
        return Peer(name=self.name, command=command, folder=folder)


def peers(work: Path, articles: Path, style: str) -> list[Peer]:
    """Lay out the site of every peer that is there, Hugo first; say why one isn't."""
    (work / _MODULES.name).symlink_to(_MODULES)  # where Node looks for what a site imports
    found = []
    for kind in _KINDS:
        try:
            found.append(kind.peer(work / kind.site, articles, style))
        except Missing as reason:
            print(f"{kind.name} is left out: {reason}")
    return found


def amp_style(page: Path) -> str:
    """Take what every AMP page of ours begins with, so that the peers' weigh the same."""
    found = _AMP_STYLE.search(page.read_text(encoding="utf-8"))
    assert found, f"{page} has no AMP style"
    return found.group()


def _hugo() -> tuple[str, ...]:
    hugo = shutil.which("hugo")
    if hugo is None:
        raise Missing("there is no hugo; install Debian's package")
    return (hugo, "--quiet")


def _eleventy() -> tuple[str, ...]:
    node = _node()
    if not all((_MODULES / package).exists() for package in _ELEVENTY):
        _npm(HERE, *(f"{package}@{version}" for package, version in _ELEVENTY.items()))
    return (node, str(_MODULES / "@11ty" / "eleventy" / "cmd.cjs"), "--quiet")


def nodemailer() -> tuple[str, ...]:
    """Return the command of a sender with its pool; raise Missing."""
    node = _node()
    if not (_NODEMAILER / "node_modules" / "nodemailer").exists():
        _npm(_NODEMAILER, "nodemailer@10")
    return (node, str(_NODEMAILER / "pool.cjs"))


def _pelican() -> tuple[str, ...]:
    pelican = _PELICAN / "bin" / "pelican"
    if not pelican.exists():
        pip = (str(_PELICAN / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet")
        _install((sys.executable, "-m", "venv", str(_PELICAN)))
        _install((*pip, "pelican[markdown]>=4.11,<5"))
    options = ("--quiet", "--settings", "pelicanconf.py", "--output", "public")
    return (str(pelican), *options, "content")


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise Missing("there is no node")
    return node


def _npm(folder: Path, *packages: str) -> None:
    npm = ("npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund")
    _install((*npm, "--prefix", str(folder), *packages))


def _install(command: tuple[str, ...]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALLING)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()
        raise Missing(f"it can't be installed: {said[-1] if said else error}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"it can't be installed: {error}") from error


_KINDS = (
    _Kind(
        name="Hugo",
        site="hugo",
        command=_hugo,
        articles="content/articles",
        amp_style="layouts/partials/boilerplate.html",
    ),
    _Kind(
        name="Eleventy, JavaScript",
        site="eleventy",
        command=_eleventy,
        articles="articles",
        amp_style="boilerplate.html",
    ),
    _Kind(
        name="Eleventy, Nunjucks",
        site="eleventy-nunjucks",
        command=_eleventy,
        articles="content/articles",
        amp_style="_includes/boilerplate.html",
    ),
    _Kind(
        name="Pelican",
        site="pelican",
        command=_pelican,
        articles="content/articles",
        amp_style="theme/templates/boilerplate.html",
    ),
)
