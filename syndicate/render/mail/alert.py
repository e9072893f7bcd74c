"""Composes alerts: one article in full, as on its page."""

from typing import Any

from lxml import etree
from markupsafe import Markup

from syndicate.body import lead_figure, markup
from syndicate.model.articles import Article
from syndicate.model.editions import Content
from syndicate.render import addresses
from syndicate.render.article_view import ArticleView
from syndicate.render.mail.context import MAX_BYTES, MailContext
from syndicate.render.mail.html_body import render_html_body, truncate
from syndicate.render.mail.plain_text import render_plain_text
from syndicate.text import one_line, shorten

_BEGINNING = 1_500
"""Characters of an article whose first paragraph alone exceeds the limit."""
_SUBJECT, PREHEADER = 200, 140
"""Maximum lengths, in characters."""


def compose_alert(article: Article, context: MailContext) -> Content:
    """Compose the alert of an article; raise TemplateError."""
    values = {
        "subject": _subject(article, context),
        "preheader": alert_preheader(article),
        "article": article,
        "story": ArticleView.of(article, context.config),
        "url": addresses.absolute(article.address, context.config),
    }
    html = _html(article, values, context)
    return context.content(html, "email/alert.txt", values | {"body": _text(article, context)})


def alert_preheader(article: Article) -> str:
    """Return the beginning of the article's summary or text."""
    return shorten(article.summary or article.excerpt, PREHEADER)


def _subject(article: Article, context: MailContext) -> str:
    """Return the headline, labelled as breaking news unless it already begins so."""
    headline, label = one_line(article.title), context.translator.gettext("Breaking")
    is_labelled = headline.casefold().startswith(label.casefold())
    return shorten(
        headline if is_labelled or not article.breaking else f"{label}: {headline}", _SUBJECT
    )


def _html(article: Article, values: dict[str, Any], context: MailContext) -> str:
    """Render the article, truncated after a paragraph if it is too long for a mail."""

    def body(tree: etree._Element) -> str:
        return render_html_body(
            tree,
            article=article,
            css=context.style,
            words=context.translator,
            config=context.config,
        )

    def render(text: str, *, whole: bool) -> str:
        written = {"lead": Markup(opening), "body": Markup(text)}  # noqa: S704 - sanitised at intake
        return context.html("email/alert.mjml", values | written | {"whole": whole})

    lead, text = lead_figure.split_lead_figure(article)
    opening, shown = body(lead), body(text)
    html = render(shown, whole=True)
    while (excess := len(html.encode()) - MAX_BYTES) > 0 and shown:
        room = len(shown.encode()) - excess - 1_000
        shown = truncate(shown, room) or _beginning(article, room)
        html = render(shown, whole=False)
    return html


def _beginning(article: Article, room: int) -> str:
    """Return the beginning of an article without a paragraph short enough, if there is room."""
    if room < 10 * _BEGINNING:
        return ""
    plain = markup.to_text(markup.parse(article.body))
    return str(Markup("<p>{}</p>").format(shorten(plain, _BEGINNING)))


def _text(article: Article, context: MailContext) -> str:
    lead, tree = lead_figure.split_lead_figure(article)
    for element in reversed(lead):
        element.tail, tree.text = tree.text, None
        tree.insert(0, element)
    return render_plain_text(tree, article=article, words=context.translator, config=context.config)
