"""The alert: one story, whole, as on its page."""

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

_OPENING = 1_500
"""Characters shown of a story whose first paragraph alone is past the limit."""


def compose_alert(article: Article, press: MailContext) -> Content:
    """Compose the alert of an article."""
    subject, preheader = alert_subject(article, press.language), alert_preheader(article)
    story = ArticleView.of(article, press.config)
    values = {
        "subject": subject,
        "preheader": preheader,
        "article": article,
        "story": story,
        "url": addresses.absolute(addresses.page(article), press.config),
    }
    return press.content(
        subject=subject,
        preheader=preheader,
        html=_html(story, values, press),
        text=press.text("email/alert.txt", values | {"body": _text(story, press)}),
    )


def _html(story: ArticleView, values: dict[str, Any], press: MailContext) -> str:
    """Render the story, cut at a paragraph where the whole is too long for a mail."""
    lead, text = lead_figure.split_lead_figure(story.article)
    values = values | {"lead": Markup(_set(lead, story, press))}  # noqa: S704 - sanitised at intake
    body = _set(text, story, press)
    html = _printed(body, values, press, whole=True)
    while (excess := len(html.encode()) - MAX_BYTES) > 0 and body:
        room = len(body.encode()) - excess - 1_000
        body = truncate(body, room) or _beginning(story.article, room)
        html = _printed(body, values, press, whole=False)
    return html


def _printed(body: str, values: dict[str, Any], press: MailContext, *, whole: bool) -> str:
    shown = {"body": Markup(body), "whole": whole}  # noqa: S704 - sanitised at intake
    return press.html("email/alert.mjml", values | shown)


def _set(tree: etree._Element, story: ArticleView, press: MailContext) -> str:
    return render_html_body(
        tree,
        article=story.article,
        css=press.style,
        words=press.words,
        config=press.config,
    )


def _beginning(article: Article, room: int) -> str:
    """Return the first words of a story that has no paragraph short enough, if there is room."""
    if room < 10 * _OPENING:
        return ""
    plain = markup.to_text(markup.parse(article.body))
    return str(Markup("<p>{}</p>").format(markup.shorten(plain, _OPENING)))


def _text(story: ArticleView, press: MailContext) -> str:
    lead, tree = lead_figure.split_lead_figure(story.article)
    for element in reversed(lead):
        element.tail, tree.text = tree.text, None
        tree.insert(0, element)
    return render_plain_text(tree, article=story.article, words=press.words, config=press.config)
