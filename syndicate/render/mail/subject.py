"""Subjects and preheaders of editions."""

from collections.abc import Sequence

from syndicate.model.articles import Article
from syndicate.render import ui_strings
from syndicate.render.mail.ui_strings import mail_strings
from syndicate.text import one_line, shorten

_ALERT = 200
_DIGEST = 80
_PREHEADER = 140
"""Maximum lengths, in characters."""


def alert_subject(article: Article, language: str) -> str:
    """Return the headline, labelled as breaking news unless it already begins so."""
    headline = one_line(article.title)
    label = ui_strings.page_strings(language).breaking
    is_labelled = headline.casefold().startswith(label.casefold())
    subject = headline if is_labelled or not article.breaking else f"{label}: {headline}"
    return shorten(subject, _ALERT)


def alert_preheader(article: Article) -> str:
    """Return the beginning of the article's summary or text."""
    return shorten(article.summary or article.excerpt, _PREHEADER)


def digest_subject(lead: Article, others: int, language: str) -> str:
    """Return the lead's headline, and the number of other articles."""
    tail = f", {mail_strings(language).more.format(count=others)}" if others else ""
    return shorten(lead.title, _DIGEST - len(tail)) + tail


def digest_preheader(articles: Sequence[Article]) -> str:
    """Return the headlines that the subject has no room for."""
    if len(articles) == 1:
        return alert_preheader(articles[0])
    return shorten(" · ".join(one_line(article.title) for article in articles[1:]), _PREHEADER)
