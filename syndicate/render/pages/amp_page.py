"""AMP pages: the same story, as AMP allows it (amp.dev/documentation)."""

import json
from functools import cached_property
from typing import Any

from markupsafe import Markup

from syndicate.body import markup
from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.model.compiled_body import CompiledBody
from syndicate.render import addresses, ui_strings
from syndicate.render.article_view import ArticleViews, text_direction
from syndicate.render.body_renderer import BodyRenderer, ensure_current
from syndicate.render.templates import Templates


class AmpPages:
    """The AMP pages of one publication; every address in them is absolute."""

    def __init__(
        self, config: Config, templates: Templates, stories: ArticleViews | None = None
    ) -> None:
        """Set `stories` that others tell, too, or tell them here."""
        self._config = config
        self._stories = stories or ArticleViews(config)
        self._plain = templates
        self._bodies = BodyRenderer.of(config, "amp")

    def article(self, article: Article, galley: CompiledBody | None = None) -> bytes:
        """Return an article's AMP page; without its `galley`, its body is cut here."""
        galley = ensure_current(article, galley)
        opening, body = self._bodies.set(article, galley)
        story, data = self._stories.of(article)
        values = {
            "article": article,
            "story": story,
            "canonical": self._absolute(addresses.page(article)),
            "description": story.description,
            "opening": Markup(opening),  # noqa: S704 - sanitised at import
            "body": Markup(body),  # noqa: S704 - sanitised at import
            "extensions": sorted(galley.extensions() | self._extensions),
            "data": data,
        }
        return markup.encode(self._templates.render("amp/article.html", values))

    @cached_property
    def _templates(self) -> Templates:
        return self._plain.with_globals(self._frame)

    @cached_property
    def _frame(self) -> dict[str, Any]:
        """What every page needs."""
        publication, amp = self._config.publication, self._config.amp
        return {
            "publication": publication,
            "language": publication.language,
            "direction": text_direction(publication.language),
            "zone": publication.timezone,
            "words": ui_strings.page_strings(publication.language),
            "ads": self._config.ads,
            "theme": self._config.theme,
            "logo": addresses.masthead(self._config),
            "logo_dark": addresses.masthead_dark(self._config),
            "address": addresses,
            "link": self._absolute,
            "analytics": amp.analytics,
            "analytics_config": _json(amp.analytics.config),
            "consent": amp.consent,
            "consent_config": _json(self._consent),
            "css": Markup(self._css),  # noqa: S704 - our own template
        }

    @cached_property
    def _extensions(self) -> set[str]:
        """The extensions that every page needs, whatever its article holds."""
        slots = (self._config.ads.header, self._config.ads.post_top)
        wanted = {
            "amp-ad": any(slot.amp for slot in slots),
            "amp-analytics": self._config.amp.analytics.wanted,
            "amp-consent": self._config.amp.consent.ask,
        }
        return {extension for extension, is_wanted in wanted.items() if is_wanted}

    @property
    def _consent(self) -> dict[str, object]:
        """What amp-consent is told (amp.dev/documentation/components/amp-consent)."""
        address = self._config.amp.consent.check_url
        asked = {"consentRequired": "remote", "checkConsentHref": address} if address else {}
        return {
            "consentInstanceId": "publication",
            "consentRequired": True,
            "promptUI": "consent-question",
            **asked,
        }

    @cached_property
    def _css(self) -> str:
        return self._plain.render("amp/amp.css", {"theme": self._config.theme})

    def _absolute(self, address: str) -> str:
        return addresses.absolute(address, self._config)


def _json(value: object) -> Markup:
    """Write JSON for a script element: nothing in it ends one."""
    written = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(written)  # noqa: S704 - escaped above
