"""Which files of `media/` an article's pages load."""

import re
from collections.abc import Iterator

from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Article

_LOADED = re.compile(rf'\s(?:src|poster)="({re.escape(MEDIA)}[^"]+)"')


def media(article: Article) -> Iterator[str]:
    """Iterate over them; some may come twice."""
    named = (article.image,) if article.image else ()
    for figure in (*named, *article.figures):
        if figure.local:
            yield from pictures.files(figure)
    if article.audio and article.audio.local:
        yield article.audio.src
    if MEDIA in article.body:  # of few articles; the pattern looks at every space
        yield from _LOADED.findall(article.body)
