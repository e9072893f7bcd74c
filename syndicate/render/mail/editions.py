"""Editions: what a newsletter says, as HTML and as text, once for all of its readers.

Pure: the same articles, newsletter, configuration, templates and day make the same
content, and the same content has the same hash.
"""

from collections.abc import Sequence

from syndicate.config import Config, Newsletter
from syndicate.model.articles import Article
from syndicate.model.editions import Content, Kind
from syndicate.render.mail.alert import alert
from syndicate.render.mail.context import Dateline, Press
from syndicate.render.mail.digest import digest
from syndicate.render.templates import Templates


def compose(
    *,
    kind: Kind,
    articles: Sequence[Article],
    more: Sequence[Article],
    newsletter: Newsletter,
    config: Config,
    templates: Templates,
    dateline: Dateline,
) -> Content:
    """Compose an alert (the first article, whole) or a digest; raise TemplateError.

    `articles` are newest first; `more` are those that the edition has no room
    for, which a digest names.
    """
    press = Press.of(
        articles=[*articles, *more],
        newsletter=newsletter,
        config=config,
        templates=templates,
        dateline=dateline,
    )
    if kind is Kind.ALERT:
        return alert(articles[0], press)
    return digest(articles, more, press)
