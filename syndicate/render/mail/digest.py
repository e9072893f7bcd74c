"""Composes an edition of several stories, in the style of its newsletter.

A digest has a lead with its picture, two stories with small ones, and a sentence of each other
story; a brief has numbered stories of a few sentences; a letter has what an editor wrote, then
links. Further stories are headlines, and beyond `MAX_HEADLINES` a number.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, islice
from typing import Any

from syndicate.body import markup
from syndicate.config.sections.newsletters import Style
from syndicate.language import translator
from syndicate.model import pictures
from syndicate.model.articles import Article
from syndicate.model.editions import Content
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.mail.context import MailContext
from syndicate.render.mail.editors_words import sponsor_values
from syndicate.render.mail.html_body import shown_height
from syndicate.render.mail.subject_line import PREHEADER_LENGTH, edition_subject, story_preheader
from syndicate.render.mail.tables import COLUMN
from syndicate.render.reading_time import reading_minutes
from syndicate.text import isolate, one_line, shorten, whole_sentences

MAX_HEADLINES = 20
"""How many further articles get a headline; the rest, two or more, are only counted."""

STYLE_TEMPLATES: Mapping[Style, str] = {
    "digest": "email/digest",
    "brief": "email/brief",
    "letter": "email/editors_letter",
}
"""Templates without suffix; `email/letter` is a letter to one person."""
_LEAD_SUMMARY, _SUMMARY = 360, 220
"""Maximum lengths in characters, of summaries those of a digest's lead and of the next two."""
_SENTENCE, _SENTENCES = 160, 320
"""Maximum lengths in characters, of one sentence about a story and of a few."""
_SHORT = 40
"""Characters of a sentence that another one may follow."""
_FEW = 4
"""Sentences of a story in a brief."""
_DATELINE = re.compile("^[A-Z\xc0-\xde][A-Z\xc0-\xde .,'/-]{2,40} [\u2013\u2014] ")
"""As in "KARSUND, North Coast": the place from which a story was sent."""
_PICTURED = 2
"""Stories of a digest with a small picture, beside the lead."""
_BEFORE_AD = 3
"""Stories before an advertisement."""
_THUMBNAIL = pictures.THUMBNAIL[0] // 2
"""The width of a picture beside a summary, in pixels."""
_ENDS = tuple(".!?:\u2026\u3002\uff01\uff1f")
"""The last characters of a summary that needs no full stop."""
_Group = tuple[str, Sequence[Article]]
"""Articles under the name of a section, which may be empty."""
_Spelling = Callable[[str | None], str]
"""Returns a story's section as `[[sections]]` spells it."""


def compose_digest(
    articles: Sequence[Article], more: Sequence[Article], context: MailContext, *, by_section: bool
) -> Content:
    """Compose an edition of articles, the lead first, and of the headlines of `more`.

    With `by_section` stories are under the names of their sections; an order of the editor's own
    stays. Raise TemplateError.
    """
    lead, *others = articles
    style = context.newsletter.style
    by_section = by_section and style == "digest"
    if by_section:
        spell = context.config.section_title
        groups = _runs(others, spell) if context.brief.stories else _sections(lead, others, spell)
    else:
        shown = others if style == "digest" else articles
        groups = _divided(shown, _stories_before_ad(context, len(shown), followed=bool(more)))
    named = more if len(more) <= MAX_HEADLINES + 1 else more[:MAX_HEADLINES]
    values = {
        **_head(articles, more, context),
        **_story_values(lead, groups, context, followed=bool(more)),
        "by_section": by_section,
        "named": [_headline(article, context) for article in named],
        "more": len(more),
        "counted": len(more) - len(named),
    }
    template = STYLE_TEMPLATES[style]
    html = context.html(f"{template}.mjml", values)
    return context.content(html, f"{template}.txt", values)


def _head(
    articles: Sequence[Article], more: Sequence[Article], context: MailContext
) -> dict[str, Any]:
    """Return subject and preheader, which has the headlines that the subject doesn't have."""
    lead, *others = articles
    around, language = text_direction(context.language), context.config.publication.language
    headlines = " · ".join(
        isolate(one_line(article.title), around, text_direction(article.language or language))
        for article in (*others, *more)
    )
    preheader = shorten(headlines, PREHEADER_LENGTH) or story_preheader(lead)
    return {
        "subject": edition_subject(lead, context),
        "preheader": context.brief.preheader or preheader,
    }


def _story_values(
    lead: Article, groups: Sequence[_Group], context: MailContext, *, followed: bool
) -> dict[str, Any]:
    """Return the values of the stories: `lead`, `groups`, `stories`, `ad_after`, `minutes`.

    `lead` is in a group, too, but not of a digest; `stories` are those of all groups. The
    advertisement comes after the group at the position `ad_after`; -1 is before all groups.
    `followed` says whether headlines of further stories follow.
    """
    articles = [article for _, group in groups for article in group]
    pictured = [article.key for article in articles if article.lead][:_PICTURED]
    stories = [_story(article, context, pictured=article.key in pictured) for article in articles]
    following = iter(stories)
    shown = [
        {"section": name, "stories": [*islice(following, len(group))]} for name, group in groups
    ]
    summary = shorten(lead.summary or lead.excerpt, _LEAD_SUMMARY)
    return {
        "lead": _pictured(lead, context, small=False) | {"summary": summary},
        "groups": shown,
        "stories": stories,
        "ad_after": _ad_position(
            groups, _stories_before_ad(context, len(articles), followed=followed), followed=followed
        ),
        "minutes": reading_minutes(
            " ".join(f"{values['title']} {values['summary']}" for values in stories)
        ),
    }


def _story(article: Article, context: MailContext, *, pictured: bool) -> dict[str, Any]:
    """Return the values of a story with what its newsletter's style says of it.

    In a digest those that are `pictured` have a small picture and a longer summary.
    """
    style, summary = context.newsletter.style, article.summary or article.excerpt
    if style == "brief":
        return _headline(article, context) | {"summary": _few_sentences(article)}
    if style == "digest" and pictured:
        return _pictured(article, context, small=True) | {"summary": shorten(summary, _SUMMARY)}
    sentence = whole_sentences(summary, _SENTENCE, count=1)
    if len(sentence) < _SHORT:
        sentence = whole_sentences(summary, _SENTENCE, count=2)
    return _headline(article, context) | {"summary": sentence}


def _headline(article: Article, context: MailContext) -> dict[str, Any]:
    """Return the values of an article of which a mail has the headline, and no picture.

    `gettext` translates into its language, or into that of the mail.
    """
    config = context.config
    language = article.language or config.publication.language
    return {
        "title": article.title,
        "url": addresses.absolute(article.address, config),
        "section": config.section_title(article.section),
        "breaking": article.breaking,
        "paid_by": sponsor_values(article.sponsor, config),
        "picture": None,
        "language": language,
        "direction": text_direction(language),
        "gettext": translator(language, context.language).for_templates["gettext"],
    }


def _pictured(article: Article, context: MailContext, *, small: bool) -> dict[str, Any]:
    """Return the values of an article with its picture, across the column or beside the text.

    `picture` is what to load, with an absolute address; `width` and `height` are those displayed
    in pixels, where a height of None is unknown.
    """
    values, picture = _headline(article, context), article.lead
    if picture is None:
        return values
    loaded = pictures.mail_thumbnail(picture) if small else pictures.mail_picture(picture)
    room = _THUMBNAIL if small else COLUMN
    width = min(loaded.width or room, room)
    shown = replace(loaded, src=addresses.figure(loaded, context.config))
    return values | {"picture": shown, "width": width, "height": shown_height(loaded, width)}


def _few_sentences(article: Article) -> str:
    """Return some sentences about an article: its summary, and if that is one, the beginning."""
    summary = one_line(article.summary)
    if whole_sentences(summary, _SENTENCES, count=1) != summary:
        return whole_sentences(summary, _SENTENCES, count=_FEW)
    paragraphs = markup.parse(article.body).iterchildren("p")
    beginning = " ".join(one_line("".join(p.itertext())) for p in islice(paragraphs, _FEW))
    beginning = _DATELINE.sub("", beginning)
    if summary and not summary.endswith(_ENDS):
        summary += "."
    text = f"{summary} {beginning}".strip() or article.excerpt
    return whole_sentences(text, _SENTENCES, count=_FEW)


def _stories_before_ad(context: MailContext, count: int, *, followed: bool) -> int:
    """Return how many of `count` stories in groups come before the advertisement.

    The other advertisement comes after everything, so some story is between them, unless
    `followed` by headlines. The lead of a digest is in no group, and what an editor wrote in a
    letter comes before all stories.
    """
    style = context.newsletter.style
    if style == "letter" and context.brief.opening:
        return 0
    if style == "digest":
        return _BEFORE_AD - 1 if followed or count >= _BEFORE_AD else 0
    return min(_BEFORE_AD, count if followed else max(count - 1, 1))


def _divided(stories: Sequence[Article], first: int) -> list[_Group]:
    """Divide stories without sections where the advertisement comes, unless none follow."""
    parts = (stories[:first], stories[first:]) if first else (stories,)
    return [("", part) for part in parts if part]


def _ad_position(groups: Sequence[_Group], first: int, *, followed: bool) -> int:
    """Return the position of the group after which `first` stories were shown, or -1.

    Unless headlines follow, it isn't the last group.
    """
    counts = accumulate(len(group) for _, group in groups)
    last = len(groups) - 1
    reached = (position for position, count in enumerate(counts) if count >= first)
    position = next(reached, last) if first else -1
    return position if followed else min(position, last - 1)


def _runs(stories: Sequence[Article], spell: _Spelling) -> list[_Group]:
    """Group stories that follow each other by section: an editor has put them in this order."""
    runs = groupby(stories, key=lambda article: spell(article.section))
    return [(name, list(run)) for name, run in runs]


def _sections(lead: Article, others: Sequence[Article], spell: _Spelling) -> list[_Group]:
    """Group stories by section, in the order in which the sections first appear in the edition.

    Those without a section come last, under no name.
    """
    groups: dict[str, list[Article]] = {spell(lead.section): []}
    for article in others:
        groups.setdefault(spell(article.section), []).append(article)
    unnamed = groups.pop("", [])
    return [(name, group) for name, group in (*groups.items(), ("", unnamed)) if group]
