"""Keep an article's pictures and recording after their source files are gone.

`media/` has a copy of each imported picture. As long as the text of an article is
unchanged, it keeps them.
"""

import re
from dataclasses import replace

from syndicate.body.compiler import compile_body
from syndicate.intake.articles.source_file import ParsedArticle, SourceFile
from syndicate.model.articles import MEDIA, Article, Figure

_MEDIA_SOURCE = re.compile(rf'\s(?:src|poster)="({re.escape(MEDIA)}[^"]+)"')


def restore_earlier_media(
    source_file: SourceFile, parsed: ParsedArticle, article: Article
) -> ParsedArticle:
    """Return the parsed article with the missing pictures and recording it had before.

    The earlier body is kept if its text is unchanged and the new one has no other picture.
    """
    named, new = source_file.revision, parsed.revision
    image, audio = new.image, new.audio
    if named.image and article.image and not (image and image.src):
        image = article.image if _texts(named.image) == _texts(article.image) else image
    if named.audio and article.audio and not audio and named.audio.title == article.audio.title:
        audio = article.audio
    revision = replace(new, image=image, audio=audio)
    earlier = set(_MEDIA_SOURCE.findall(article.body))
    if article.source == source_file.source and earlier > set(_MEDIA_SOURCE.findall(new.body)):
        revision = replace(revision, body=article.body, figures=article.figures)
    if revision == new:
        return parsed
    warning = f"{source_file.path}: the earlier import is kept in place of the missing files"
    return replace(
        parsed,
        revision=revision,
        compiled_body=compile_body(revision, slug=source_file.slug),
        warnings=(*parsed.warnings, warning),
    )


def _texts(figure: Figure) -> tuple[str, str, str]:
    return figure.alt, figure.caption, figure.credit
