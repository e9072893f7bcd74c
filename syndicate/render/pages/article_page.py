"""The web page of an article, and the pages that replace one: withdrawn, moved.

They depend on article, config and templates alone, never on the time of the build.
"""

from syndicate.language import translator
from syndicate.model.articles import Article
from syndicate.model.compiled_body import CompiledBody
from syndicate.render import addresses
from syndicate.render.article_view import ArticleViews
from syndicate.render.body_renderer import BodyRenderer
from syndicate.render.pages.page_frame import PageFrame


class ArticlePages:
    """The article pages of one publication, as bytes of UTF-8."""

    def __init__(self, frame: PageFrame, views: ArticleViews | None = None) -> None:
        """Share `views` with the AMP pages, so that each article is prepared once."""
        self._frame = frame
        self._config = frame.config
        self._views = views or ArticleViews(frame.config)
        self._bodies = BodyRenderer.of(frame.config, "page")

    def article(self, article: Article, compiled: CompiledBody | None = None) -> bytes:
        """Render an article's page; its body is compiled first unless `compiled` is current."""
        view, data = self._views.of(article)
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

    def withdrawn(self, article: Article) -> bytes:
        """Render the page at the address of a retracted article."""
        notice = translator(article.language or self._config.publication.language)
        return self._frame.render("withdrawn", article=article, notice=notice)

    def redirect(self, address: str) -> bytes:
        """Render a page that redirects to `address`, a path from the root."""
        return self._frame.render(
            "redirect", target=address, canonical=self._frame.absolute(address)
        )
