"""The inspection of a whole output folder: every file by every checker there is."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import brotli
import feedparser
from lxml import etree, html

from syndicate.config import Config
from tests import checkers
from tests.end_to_end import output_rules
from tests.render.sitemaps import schema
from tests.shared_folder import SHARED

AUTHORS = (
    "Unicode Normalization Form C",
    "Private Use Area",
    "Year may be mistyped",
    "appears to be written in",
)
"""Remarks on what is its author's affair: a text's letters and language, and its date."""
FEED = "Bad value “feed:"
"""What programs for feeds open."""
SERVED = ("search", "newsletters/", "signup")
"""How the addresses begin that pages have from the server."""
SANDBOX = "Setting both “allow-scripts” and “allow-same-origin”"
"""A warning of frames from our own host; those that are let in are others'."""


@dataclass(frozen=True)
class Inspection:
    """What is wrong with the output of a publication; each returns complaints with their file."""

    config: Config

    @cached_property
    def files(self) -> list[str]:
        output = self.config.output
        found = (file for file in output.rglob("*") if file.is_file() and file.name[0] != ".")
        return sorted(file.relative_to(output).as_posix() for file in found)

    def named(self, *names: str) -> list[Path]:
        return [self.config.output / file for file in self.files if Path(file).name in names]

    def rss(self) -> list[str]:
        return list(self._feeds("rss.xml"))

    def atom(self) -> list[str]:
        return list(self._feeds("atom.xml"))

    def json_feed(self) -> list[str]:
        return list(self._feeds("feed.json"))

    def atom_by_its_grammar(self) -> list[str]:
        """By RFC 4287's RELAX NG."""
        assert SHARED is not None
        grammar = etree.RelaxNG(file=str(SHARED / "schema/atom.rng"))
        return [
            f"{self._path(file)}: {grammar.error_log}"
            for file in self.named("atom.xml")
            if not grammar.validate(etree.parse(file))
        ]

    def feeds_as_read(self) -> list[str]:
        """By feedparser, which is lenient, and says where it had to be."""
        found = []
        for file in self.named("rss.xml", "atom.xml"):
            feed = feedparser.parse(file.read_bytes())
            if feed.bozo:
                found.append(f"{self._path(file)}: {feed.bozo_exception}")
        return found

    def sitemaps(self) -> list[str]:
        maps = [
            self.config.output / file for file in self.files if re.match(r"sitemap.*\.xml$", file)
        ]
        home = f"{self.config.url}/"
        return [
            f"{self._path(m)}: {c}"
            for m in maps
            for c in output_rules.sitemap(m.read_bytes(), home)
        ]

    def sitemaps_by_their_grammar(self) -> list[str]:
        """By the published schemas, in which a sitemap of no news at all is none."""
        maps = [
            self.config.output / file for file in self.files if re.match(r"sitemap.*\.xml$", file)
        ]
        return [
            f"{self._path(file)}: {complaint}"
            for file in maps
            if b"<loc>" in file.read_bytes()
            for complaint in schema.complaints(file.read_bytes())
        ]

    def opml(self) -> list[str]:
        data = (self.config.output / "opml.xml").read_bytes()
        named = etree.fromstring(data).xpath("//@xmlUrl | //@htmlUrl")
        return [
            *output_rules.opml(data),
            *(f"{a} isn't there" for a in named if not self._is_there(a)),
        ]

    def html(self) -> list[str]:
        """By the Nu checker."""
        pages = self._pages(amp=False)
        handfuls = (pages[at : at + 300] for at in range(0, len(pages), 300))
        told = [
            one for handful in handfuls for one in checkers.nu(handful)
        ]  # it says 1,000 at most
        return [
            one for one in told if not any(remark in one for remark in (*AUTHORS, SANDBOX, FEED))
        ]

    def amp(self) -> list[str]:
        """By AMP's own validator."""
        found = []
        pages = self._pages(amp=True)
        for handful in (pages[at : at + 100] for at in range(0, len(pages), 100)):
            said = checkers.amp([page.read_bytes() for page in handful])
            for page, complaints in zip(handful, said, strict=True):
                found += [f"{self._path(page)}: {complaint}" for complaint in complaints]
        return found

    def pages(self) -> list[str]:
        """What no checker asks: whatever a page names of ours is there, and JSON-LD is sound."""
        found = []
        for page in [*self._pages(amp=False), *self._pages(amp=True)]:
            tree = html.document_fromstring(page.read_bytes())
            at = f"{self.config.url}/{self._path(page).removesuffix('index.html')}"
            complaints = Counter([*output_rules.linked_data(tree), *self._dead_ends(tree, at)])
            found += [f"{self._path(page)}: {complaint}" for complaint in complaints]
        return found

    def text(self) -> list[str]:
        """No file holds what XML can't, or is anything but UTF-8."""
        found = []
        for path in self.files:
            if path.endswith((".html", ".xml", ".json", ".txt", ".css", ".js")):
                text = (self.config.output / path).read_bytes().decode()
                found += [
                    f"{path}: {letter!r}" for letter in set(output_rules.CONTROL.findall(text))
                ]
        return found

    def twins(self) -> list[str]:
        """What lies compressed beside a file is that file."""
        found = []
        for suffix, unpack in ((".gz", gzip.decompress), (".br", brotli.decompress)):
            for path in (path for path in self.files if path.endswith(suffix)):
                whole = self.config.output / path.removesuffix(suffix)
                if unpack((self.config.output / path).read_bytes()) != whole.read_bytes():
                    found.append(path)
        return found

    # how

    def _feeds(self, name: str) -> Iterator[str]:
        check = {
            "rss.xml": output_rules.rss,
            "atom.xml": output_rules.atom,
            "feed.json": output_rules.json_feed,
        }[name]
        for file in self.named(name):
            path = self._path(file)
            found = Counter(check(file.read_bytes(), f"{self.config.url}/{path}"))
            yield from (f"{path}: {complaint}" for complaint in found)

    def _pages(self, *, amp: bool) -> list[Path]:
        pages = [path for path in self.files if path.endswith(".html")]
        return [
            self.config.output / path
            for path in pages
            if (re.fullmatch("articles/[^/]+/amp/index.html", path) is not None) is amp
        ]

    def _path(self, file: Path) -> str:
        return file.relative_to(self.config.output).as_posix()

    def _dead_ends(self, tree: etree._Element, at: str) -> Iterator[str]:
        """Places that a page names and that aren't there; authors may link to what they like."""
        for element in tree.iter(etree.Element):
            ours = element.tag in ("img", "amp-img", "source") or not _is_authors(element)
            for name in ("href", "src", "poster", "srcset"):
                value = element.get(name)
                if value is None or not ours or element.get("rel") == "amphtml canonical":
                    continue
                listed = (
                    [part.split()[0] for part in value.split(", ")] if name == "srcset" else [value]
                )
                for address in listed:
                    if not self._is_there(urljoin(at, address)):
                        yield f"<{element.tag} {name}> to {address} leads nowhere"

    def _is_there(self, address: str) -> bool:
        """Whether an address is elsewhere, or has a file or a page of our server behind it."""
        home = f"{self.config.url}/"
        if not address.startswith(home):
            return True
        path = unquote(urlsplit(address).path).removeprefix(urlsplit(home).path)
        if path.startswith(SERVED):
            return True
        return (f"{path}index.html" if path.endswith("/") or not path else path) in self._there

    @cached_property
    def _there(self) -> set[str]:
        return set(self.files)


def _is_authors(element: etree._Element) -> bool:
    """Whether an author wrote it."""
    return any("body" in str(e.get("class", "")).split() for e in element.iterancestors())
