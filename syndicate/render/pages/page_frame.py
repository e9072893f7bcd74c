"""What all web pages of a publication share: values, links, style sheet and scripts."""

import hashlib
from functools import cached_property
from typing import Any

from syndicate.config import Config
from syndicate.language import translator
from syndicate.model import pictures
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.templates import Templates
from syndicate.text import shorten, to_utf8

TEASER_LENGTH = 150
"""Characters of the line under a headline in a list."""


class PageFrame:
    """Renders the page templates of one publication."""

    def __init__(self, config: Config, templates: Templates) -> None:
        self.config = config
        self.plain = templates
        self._base = addresses.base(config)

    def render(self, name: str, **values: Any) -> bytes:
        """Render `page/<name>.html` as UTF-8; raise TemplateError."""
        return to_utf8(self.templates.render(f"page/{name}.html", values))

    def absolute(self, address: str) -> str:
        """Return an address from the root with scheme and host."""
        return addresses.absolute(address, self.config)

    def assets(self) -> dict[str, bytes]:
        """Return the files that pages load, by their path in the output."""
        return {addresses.output_path(asset[0]): asset[1] for asset in self._assets.values()}

    @cached_property
    def templates(self) -> Templates:
        """The templates, with the values that every page needs."""
        return self.plain.with_globals(
            {
                **common_values(self.config),
                "summary_line": lambda article: shorten(article.excerpt, TEASER_LENGTH),
                "icon": addresses.icon_of(self.config),
                "feeds": addresses.FEEDS,
                "link": self._linked,
                "absolute": self.absolute,
                # a picture as pages load it
                "figure": lambda pic: self._linked(f"/{pic.src}") if pic.local else pic.src,
                "srcset": lambda picture: pictures.srcset(picture, self._linked("/")),
                "source": lambda picture: pictures.source(picture, self._linked("/")),
                "preview": pictures.preview,
                "picture": lambda picture: addresses.figure(picture, self.config),
                "asset": lambda name: self._linked(self._assets[name][0]),
            }
        )

    @cached_property
    def _assets(self) -> dict[str, tuple[str, bytes]]:
        """Address and content of each asset; the address changes with the content."""
        config = self.config
        values = {"ads": config.ads, "publication": config.publication, "theme": config.theme}
        assets = {}
        for name in ("page.css", "breaking.js", "favicon.svg"):
            content = self.plain.render(f"page/{name}", values).encode()
            stem, _, suffix = name.rpartition(".")
            digest = hashlib.sha256(content).hexdigest()[:8]
            assets[name] = (f"/assets/{stem}.{digest}.{suffix}", content)
        return assets

    def _linked(self, address: str) -> str:
        return self._base + address


def common_values(config: Config) -> dict[str, Any]:
    """Return the values that web pages and AMP pages share."""
    publication = config.publication
    return {
        "publication": publication,
        "language": publication.language,
        "direction": text_direction(publication.language),
        "zone": publication.timezone,
        **translator(publication.language).for_templates,
        "ads": config.ads,
        "theme": config.theme,
        "logo": addresses.masthead(config),
        "logo_dark": addresses.masthead_dark(config),
        "address": addresses,
    }
