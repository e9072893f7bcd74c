"""Finds every kind of page that a publication has: what a build wrote, and what the server makes.

Nothing is listed by hand but where a reader comes from, so a new kind of page is found by itself.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from tests.web.every_page.hurtful_publication import HurtfulPublication

_HREF = re.compile(r'<a\s[^>]*?href="([^"#]+)')
_NUMBER = re.compile(r"\d+")
_AMP = ("long-words", "tables", "notes")
"""The stories whose AMP pages are looked at: their text is laid out as on the page."""
_PER_KIND = 2
"""How many pages of a kind are looked at, where they aren't the stories that hurt."""


def kind_of(path: str) -> str:
    """Return what pages of a kind have in common: of two names the first, and no number."""
    first, *rest = path.strip("/").split("?")[0].split("/")
    rest = ["*", *rest[1:]] if rest else []
    return "/".join(_NUMBER.sub("#", part) for part in (first, *rest))


def built(place: HurtfulPublication, most: int = _PER_KIND) -> list[str]:
    """Return the addresses of a few pages of each kind in the output, and of every story."""
    hurt = [f"/articles/{slug}/" for slug in (*place.hurting, "withdrawn")]
    hurt += [f"/articles/{slug}/amp/" for slug in _AMP]
    return [*hurt, *_few((path for path in _output(place) if path not in hurt), most)]


def one_of_each(place: HurtfulPublication) -> list[str]:
    """Return the address of one page of each kind in the output."""
    return [*_few(_output(place), 1)]


def _output(place: HurtfulPublication) -> Iterator[str]:
    output = place.config.output
    for name in sorted(file.relative_to(output).as_posix() for file in output.rglob("*.html")):
        yield f"/{name.removesuffix('index.html')}"


def served(place: HurtfulPublication, most: int = _PER_KIND) -> list[str]:
    """Return the addresses of pages that the server makes, found by following links."""
    waiting = [
        "/",
        "/newsletters/",
        "/signup",
        "/outbox",
        place.reader,
        place.unsubscribe,
        place.view,
    ]
    waiting += ["/nowhere/", "/search?q=Donau", "/search?q=nothing-has-this"]
    known = {*built(place)} - {"/"}
    kinds: dict[str, int] = {}
    found: list[str] = []
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        if path in known or kinds.get(kind, 0) >= most:
            continue
        known.add(path)
        if _is_file(place, path) and path != "/":
            continue
        answer = place.client.get(path)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        found += [path] if path != "/" else []
        waiting += _links(place, path, answer.text)
    return found


def _few(paths: Iterable[str], most: int) -> Iterator[str]:
    kinds: dict[str, int] = {}
    for path in paths:
        kind = kind_of(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= most:
            yield path


def _links(place: HurtfulPublication, path: str, page: str) -> Iterator[str]:
    for href in _HREF.findall(page):
        parts = urlsplit(urljoin(place.origin + path, href.replace("&amp;", "&")))
        if f"{parts.scheme}://{parts.netloc}" == place.origin:
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def _is_file(place: HurtfulPublication, path: str) -> bool:
    name = path.split("?", maxsplit=1)[0].removeprefix("/")
    return (place.config.output / (name if name[-1:] != "/" else f"{name}index.html")).is_file()
