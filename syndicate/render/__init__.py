"""Renders articles as pages, feeds and mail: values in, bytes out; no store, clock or network.

`pages` web and AMP pages, with the head and foot of `site_frame`; `feeds/` RSS, Atom and JSON
Feed; `mail/` editions and letters; `sitemaps` also makes robots.txt. `article_view` is what they
show of an article, `article_end` what follows it, `structured_data` what search engines read of
it; `topics` are the lists and feeds it belongs to,
`addresses` where everything is served, `amp_cache` where Google keeps AMP pages, `formatting` how a
language writes dates, `reading_time` how long a text takes, `rhythm` how often a newsletter comes,
`newsletter_offer` the newsletters that a page offers, `authors` what is shown of those who have a
file, `topic_head` what stands over a list, `share_card` what previews of links show,
`search_excerpt` what a reader searched for, `open_search` how browsers find our search.
`templates` finds and renders Jinja templates, fast, and finds the line of a mistake in MJML;
`template_check` tries every template.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from syndicate.config import Config
from syndicate.model.own_pages import OwnPage
from syndicate.model.people import NOBODY, People
from syndicate.render.share_card import ShareCard
from syndicate.render.templates import PACKAGED, Templates

_LIBRARIES = ("babel", "jinja2", "lxml", "markupsafe")


def fingerprint(
    config: Config, templates: Templates, own_pages: Iterable[OwnPage] = (), people: People = NOBODY
) -> str:
    """Return a digest of all that rendering depends on besides articles."""
    digest = hashlib.sha256(_code())
    linked = [(page.address, page.title) for page in own_pages if page.footer]
    digest.update(repr((linked, bool(people.listed))).encode())
    digest.update(config.model_dump_json().encode())
    digest.update(ShareCard.of(config).digest.encode())
    for folder in templates.folders:
        if folder != PACKAGED:
            digest.update(_files(folder))
    return digest.hexdigest()


@cache
def _code() -> bytes:
    """Return a digest of what we deliver: code, translations and templates.

    The versions of rendering libraries are in it, too. Like code, our templates don't change
    while a process runs.
    """
    code = hashlib.sha256(" ".join(version(name) for name in _LIBRARIES).encode())
    package = Path(__file__).parents[1]
    for file in sorted([*package.rglob("*.py"), *package.rglob("*.mo")]):
        code.update(file.read_bytes())
    code.update(_files(PACKAGED))
    return code.digest()


def _files(folder: Path) -> bytes:
    """Return a digest of the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.digest()
