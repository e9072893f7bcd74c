"""Earlier media: what an article keeps of pictures whose files are no longer beside it.

`media/` has a copy of each picture that was imported. As long as the text of an
article is the same, its pictures are known, so none is lost with its source.
"""

import re
from dataclasses import replace

from syndicate.body import compile_body
from syndicate.intake.articles.source_file import ParsedArticle, SourceFile
from syndicate.model.articles import MEDIA, Article, Figure, Recording

_MEDIA_SOURCE = re.compile(rf'\s(?:src|poster)="({re.escape(MEDIA)}[^"]+)"')


def restore_earlier_media(
    source_file: SourceFile, parsed: ParsedArticle, article: Article
) -> ParsedArticle:
    """Return what was set with the pictures and the recording that its article had before.

    A body is kept where its text is unchanged and no other picture is in it now.
    """
    now = parsed.revision
    kept = replace(
        now,
        image=_image(source_file.revision.image, now.image, article.image),
        audio=_audio(source_file.revision.audio, now.audio, article.audio),
    )
    before = set(_MEDIA_SOURCE.findall(article.body))
    if article.source == source_file.source and before > set(_MEDIA_SOURCE.findall(now.body)):
        kept = replace(kept, body=article.body, figures=article.figures)
    if kept == now:
        return parsed
    warning = f"{source_file.path}: what was imported before stays in place of what is missing"
    return replace(
        parsed,
        revision=kept,
        compiled_body=compile_body(kept, slug=source_file.slug),
        warnings=(*parsed.warnings, warning),
    )


def _image(named: Figure | None, now: Figure | None, before: Figure | None) -> Figure | None:
    """Return the earlier lead picture where the one that is named, in the same words, is gone."""
    if named is None or before is None or (now is not None and now.src):
        return now
    return before if _texts(named) == _texts(before) else now


def _audio(
    named: Recording | None, now: Recording | None, before: Recording | None
) -> Recording | None:
    if named is None or before is None or now is not None or named.title != before.title:
        return now
    return before


def _texts(figure: Figure) -> tuple[str, str, str]:
    return figure.alt, figure.caption, figure.credit
