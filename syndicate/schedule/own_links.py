"""Which links of our own lead nowhere, by the output, the store and the pages that we serve.

Nothing is requested by HTTP.
"""

import posixpath
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, unquote, urlsplit

from syndicate.config import Config
from syndicate.model.editions import Edition
from syndicate.model.old_addresses import storage_key
from syndicate.render import addresses
from syndicate.render.mail.preflight import list_links
from syndicate.store import Store, Transaction

TOKEN_PAGES = frozenset({
    "api", "c", "confirm", "healthz", "hooks", "hub", "metrics", "outbox", "preferences", "readyz",
    "review", "unsubscribe", "view",
})  # fmt: skip
"""First parts of paths that the web server answers, and that nobody links to but by a token."""
_MAX_DIGITS = 9
"""Digits of an edition's number: longer ones don't fit into the store."""
_PORTS = {"http": 80, "https": 443}
_ARTICLES = "articles"


@dataclass(frozen=True, slots=True)
class OwnLinks:
    """The addresses under `publication.url` and `web.url`."""

    store: Store
    config: Config

    def find_dead(self, links: Iterable[str], at: datetime, *, coming: bool = False) -> list[str]:
        """Return the links of our own that lead nowhere at `at`; those to other sites are left out.

        A page that is to be published later leads nowhere yet, and a retracted article no longer.
        With `coming`, nothing is dead before the first build.
        """
        if coming and not self._has_file(addresses.HOME):
            return []
        own = {link: path for link in links if (path := self._path(link)) is not None}
        if not own:
            return []
        with self.store.read() as tx:
            return [link for link, path in own.items() if not self._exists(tx, path, at)]

    def has_dead_link(self, edition: Edition, at: datetime) -> bool:
        """Whether a link in a frozen edition leads nowhere at `at`, where that is an error."""
        if self.config.preflight.dead_link != "error":
            return False
        with self.store.read() as tx:
            content = tx.editions.content(edition.content)
            tracked = tx.clicks.links(edition.key)
        return bool(self.find_dead((*list_links(content), *tracked), at))

    def _path(self, link: str) -> str | None:
        """Return the path of an address from our root; None where it isn't ours to answer."""
        try:
            parts = urlsplit(link)
            is_own = [base for base in self._bases() if _is_below(parts, base)]
        except ValueError:  # such as http://[half
            return None
        if not is_own:
            return None
        path = unquote(parts.path.removeprefix(is_own[0].path)) or "/"
        if "/." in path:
            slash = "/" if path.endswith(("/", "/.", "/..")) else ""
            path = (posixpath.normpath(path).rstrip("/") + slash) or "/"
        return None if path.startswith(self.config.preflight.elsewhere) else path

    def _bases(self) -> list[SplitResult]:
        """Return where we are served, the longer paths first."""
        bases = {urlsplit(self.config.url), urlsplit(self.config.web_url)}
        return sorted(bases, key=lambda base: -len(base.path))

    def _exists(self, tx: Transaction, path: str, at: datetime) -> bool:
        """Whether a path leads somewhere: to an article, a page made on request, or a file."""
        if "\0" in path:  # PostgreSQL takes none
            return False
        first, *rest = path.strip("/").split("/")
        slug = storage_key(f"/{first}/{rest[0]}/") if first == _ARTICLES and rest else None
        owners = tx.articles.slug_owners([slug or storage_key(path)])
        if owners:
            articles = tx.published.articles([*owners.values()])
            public = [article for article in articles if article.is_public(at)]
            if not public or any(article.number is None for article in public):
                return bool(public)  # its page comes with its number
        if first == "newsletters":
            return self._has_newsletter_page(tx, rest)
        if first == "signup":
            offered = any(newsletter.offered for newsletter in self.config.newsletters)
            return path == "/signup" and offered and self.config.signup.enabled
        is_search = path == addresses.SEARCH and self.config.web.search
        if is_search or first in TOKEN_PAGES:
            return True
        return self._has_file(path) or path.startswith(addresses.PRIVATE)

    def _has_newsletter_page(self, tx: Transaction, rest: list[str]) -> bool:
        """Whether the archive has a page: of all newsletters, of one, or of an edition."""
        shown = [newsletter.name for newsletter in self.config.newsletters if newsletter.archive]
        if not rest or rest == [""]:
            return bool(shown)
        name, *inside = rest
        if name not in shown:
            return False
        if len(inside) == 1 and inside[0].isdecimal():
            if len(inside[0]) > _MAX_DIGITS:
                return False
            edition = tx.archive.find(name, int(inside[0]))
            return edition is not None and not edition.withdrawn
        return True

    def _has_file(self, path: str) -> bool:
        """Whether the output has a file for a path, or one that the server redirects to."""
        folder, _, name = path.rstrip("/").rpartition("/")
        candidates = [addresses.output_path(path), addresses.output_path(f"{path}/")]
        if name in addresses.FEED_ALIASES:
            candidates.append(f"{folder}{addresses.FEED_ALIASES[name]}".lstrip("/"))
        if path.lstrip("/") in addresses.ICON_ALIASES:
            return True
        with suppress(OSError, ValueError):  # no file can have such a name
            return any((self.config.output / candidate).is_file() for candidate in candidates)
        return False


def _is_below(parts: SplitResult, base: SplitResult) -> bool:
    """Whether an address is at the same host and port as another one, and below its path."""
    if parts.scheme not in _PORTS or parts.hostname != base.hostname:
        return False
    same_port = (parts.port or _PORTS[parts.scheme]) == (base.port or _PORTS[base.scheme])
    # https and http of one host are the same site
    same_site = same_port or (parts.port is None and base.port is None)
    return same_site and (parts.path == base.path or parts.path.startswith(f"{base.path}/"))
