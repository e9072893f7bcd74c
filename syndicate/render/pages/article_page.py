"""The web and AMP pages of an article, and the pages that replace one: withdrawn, moved.

They depend on article, config and templates alone, never on the time of the build. AMP pages
are the article's page as far as AMP allows it (amp.dev/documentation).
"""

import json
from functools import cached_property

from markupsafe import Markup

from syndicate.language import translator
from syndicate.model.articles import Article, CompiledBody
from syndicate.render import addresses
from syndicate.render.article_view import ArticleView, news_article
from syndicate.render.body_renderer import BodyRenderer, ensure_current
from syndicate.render.pages.page_frame import PageFrame, common_values
from syndicate.render.templates import Templates
from syndicate.text import to_utf8


class ArticlePages:
    """The article pages of one publication, as bytes of UTF-8.

    `article` and `amp` compile the body first unless `compiled` is current.
    """

    def __init__(self, frame: PageFrame) -> None:
        self._frame = frame
        self._config = frame.config
        self._bodies = BodyRenderer(frame.config, "page")
        self._amp_bodies = BodyRenderer(frame.config, "amp")
        self._last: tuple[ArticleView, Markup] | None = None

    def article(self, article: Article, compiled: CompiledBody | None = None) -> bytes:
        """Render an article's page."""
        view, data = self._view(article)
        lead, body = self._bodies.render(article, compiled)
        absolute = self._frame.absolute
        return self._frame.render(
            "article",
            story=view,
            article=article,
            canonical=article.canonical_url or absolute(article.address),
            opening=lead,
            body=body,
            description=view.description,
            amp=absolute(addresses.amp(article)) if self._config.amp.enabled else None,
            data=data,
        )

    def amp(self, article: Article, compiled: CompiledBody | None = None) -> bytes:
        """Render an article's AMP page, on which every address is absolute."""
        compiled = ensure_current(article, compiled)
        lead, body = self._amp_bodies.render(article, compiled)
        view, data = self._view(article)
        values = {
            "article": article,
            "story": view,
            "canonical": self._frame.absolute(article.address),
            "description": view.description,
            "opening": lead,
            "body": body,
            "extensions": sorted(compiled.extensions() | self._amp_extensions),
            "data": data,
        }
        return to_utf8(self._amp_templates.render("amp/article.html", values))

    def withdrawn(self, article: Article) -> bytes:
        """Render the page at the address of a retracted article."""
        notice = translator(article.language or self._config.publication.language)
        return self._frame.render("withdrawn", article=article, notice=notice)

    def redirect(self, address: str) -> bytes:
        """Render a page that redirects to `address`, a path from the root."""
        return self._frame.render(
            "redirect", target=address, canonical=self._frame.absolute(address)
        )

    def _view(self, article: Article) -> tuple[ArticleView, Markup]:
        """Return an article's view and its JSON-LD for search engines.

        The last one is cached: its AMP page is rendered right after its page.
        """
        last = self._last
        if last is None or last[0].article is not article:
            data = Markup(news_article(article, self._config))  # noqa: S704 - escaped there
            last = self._last = ArticleView(article, self._config), data
        return last

    @cached_property
    def _amp_templates(self) -> Templates:
        amp, plain = self._config.amp, self._frame.plain
        css = plain.render("amp/amp.css", {"theme": self._config.theme})
        return plain.with_globals(
            {
                **common_values(self._config),
                "link": self._frame.absolute,
                "analytics": amp.analytics,
                "analytics_config": _json(amp.analytics.config),
                "consent": amp.consent,
                "consent_config": _json(_consent(amp.consent.check_url)),
                "css": Markup(css),  # noqa: S704 - our own template
            }
        )

    @cached_property
    def _amp_extensions(self) -> set[str]:
        """The AMP extensions that every page requires, whatever its article contains."""
        slots = (self._config.ads.header, self._config.ads.post_top)
        wanted = {
            "amp-ad": any(slot.amp for slot in slots),
            "amp-analytics": self._config.amp.analytics.wanted,
            "amp-consent": self._config.amp.consent.ask,
        }
        return {extension for extension, is_wanted in wanted.items() if is_wanted}


def _consent(check_url: str | None) -> dict[str, object]:
    """Return the configuration of amp-consent (amp.dev/documentation/components/amp-consent)."""
    remote = {"consentRequired": "remote", "checkConsentHref": check_url} if check_url else {}
    always = {"consentInstanceId": "publication", "consentRequired": True}
    return {**always, "promptUI": "consent-question", **remote}


def _json(value: object) -> Markup:
    """Write JSON so that it can't end the script element around it."""
    written = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(written)  # noqa: S704 - escaped above
