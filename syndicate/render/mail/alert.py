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
from syndicate.render.mail.subject import alert_preheader, alert_subject
from syndicate.text import shorten

_BEGINNING = 1_500
"""Characters of an article whose first paragraph alone exceeds the limit."""


def compose_alert(article: Article, context: MailContext) -> Content:
    """Compose the alert of an article; raise TemplateError."""
    subject, preheader = alert_subject(article, context.language), alert_preheader(article)
    view = ArticleView.of(article, context.config)
    values = {
        "subject": subject,
        "preheader": preheader,
        "article": article,
        "story": view,
        "url": addresses.absolute(addresses.page(article), context.config),
    }
    return context.content(
        subject=subject,
        preheader=preheader,
        html=_html(view, values, context),
        text=context.text("email/alert.txt", values | {"body": _text(view, context)}),
    )


def _html(view: ArticleView, values: dict[str, Any], context: MailContext) -> str:
    """Render the article, truncated after a paragraph if it is too long for a mail."""
    lead, text = lead_figure.split_lead_figure(view.article)
    values = values | {"lead": Markup(_body(lead, view, context))}  # noqa: S704 - sanitised at intake
    body = _body(text, view, context)
    html = _render(body, values, context, whole=True)
    while (excess := len(html.encode()) - MAX_BYTES) > 0 and body:
        room = len(body.encode()) - excess - 1_000
        body = truncate(body, room) or _beginning(view.article, room)
        html = _render(body, values, context, whole=False)
    return html


def _render(body: str, values: dict[str, Any], context: MailContext, *, whole: bool) -> str:
    values = values | {"body": Markup(body), "whole": whole}  # noqa: S704 - sanitised at intake
    return context.html("email/alert.mjml", values)


def _body(tree: etree._Element, view: ArticleView, context: MailContext) -> str:
    return render_html_body(
        tree, article=view.article, css=context.style, words=context.words, config=context.config
    )


def _beginning(article: Article, room: int) -> str:
    """Return the beginning of an article without a paragraph short enough, if there is room."""
    if room < 10 * _BEGINNING:
        return ""
    plain = markup.to_text(markup.parse(article.body))
    return str(Markup("<p>{}</p>").format(shorten(plain, _BEGINNING)))


def _text(view: ArticleView, context: MailContext) -> str:
    lead, tree = lead_figure.split_lead_figure(view.article)
    for element in reversed(lead):
        element.tail, tree.text = tree.text, None
        tree.insert(0, element)
    return render_plain_text(tree, article=view.article, words=context.words, config=context.config)
