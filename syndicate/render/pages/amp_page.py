"""AMP pages: the article page, as far as AMP allows it (amp.dev/documentation)."""

import json
from functools import cached_property

from markupsafe import Markup

from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.model.compiled_body import CompiledBody
from syndicate.render import addresses
from syndicate.render.article_view import ArticleViews
from syndicate.render.body_renderer import BodyRenderer, ensure_current
from syndicate.render.pages.page_frame import common_values
from syndicate.render.templates import Templates
from syndicate.text import to_utf8


class AmpPages:
    """The AMP pages of one publication; every address in them is absolute."""

    def __init__(
        self, config: Config, templates: Templates, views: ArticleViews | None = None
    ) -> None:
        """Share `views` with the article pages, so that each article is prepared once."""
        self._config = config
        self._views = views or ArticleViews(config)
        self._plain = templates
        self._bodies = BodyRenderer.of(config, "amp")

    def article(self, article: Article, compiled: CompiledBody | None = None) -> bytes:
        """Render an article's AMP page; its body is compiled first unless `compiled` is current."""
        compiled = ensure_current(article, compiled)
        lead, body = self._bodies.render(article, compiled)
        view, data = self._views.of(article)
        values = {
            "article": article,
            "story": view,
            "canonical": self._absolute(article.address),
            "description": view.description,
            "opening": lead,
            "body": body,
            "extensions": sorted(compiled.extensions() | self._extensions),
            "data": data,
        }
        return to_utf8(self._templates.render("amp/article.html", values))

    @cached_property
    def _templates(self) -> Templates:
        amp = self._config.amp
        css = self._plain.render("amp/amp.css", {"theme": self._config.theme})
        return self._plain.with_globals(
            {
                **common_values(self._config),
                "link": self._absolute,
                "analytics": amp.analytics,
                "analytics_config": _json(amp.analytics.config),
                "consent": amp.consent,
                "consent_config": _json(_consent(amp.consent.check_url)),
                "css": Markup(css),  # noqa: S704 - our own template
            }
        )

    @cached_property
    def _extensions(self) -> set[str]:
        """The AMP extensions that every page requires, whatever its article contains."""
        slots = (self._config.ads.header, self._config.ads.post_top)
        wanted = {
            "amp-ad": any(slot.amp for slot in slots),
            "amp-analytics": self._config.amp.analytics.wanted,
            "amp-consent": self._config.amp.consent.ask,
        }
        return {extension for extension, is_wanted in wanted.items() if is_wanted}

    def _absolute(self, address: str) -> str:
        return addresses.absolute(address, self._config)


def _consent(check_url: str | None) -> dict[str, object]:
    """Return the configuration of amp-consent (amp.dev/documentation/components/amp-consent)."""
    remote = {"consentRequired": "remote", "checkConsentHref": check_url} if check_url else {}
    always = {"consentInstanceId": "publication", "consentRequired": True}
    return {**always, "promptUI": "consent-question", **remote}


def _json(value: object) -> Markup:
    """Write JSON so that it can't end the script element around it."""
    written = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(written)  # noqa: S704 - escaped above
