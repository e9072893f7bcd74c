"""The corrections that an edition names, of articles that earlier ones had."""

from collections.abc import Sequence
from datetime import datetime

from syndicate.config import Newsletter
from syndicate.model.articles import Article, new_corrections
from syndicate.model.corrections import MAX_NOTES, ArticleNote
from syndicate.model.editions import Edition, EditionKind, EditionNote
from syndicate.model.reviews import UnsentOutcome
from syndicate.store import Transaction


def due_notes(
    tx: Transaction, newsletter: Newsletter, at: datetime, *, schedule: str | None = None
) -> tuple[ArticleNote, ...]:
    """Return the corrections that the next edition of a newsletter names."""
    if newsletter.corrections == "none":
        return ()
    declined = newsletter.corrections == "send"
    due = tx.corrections.due_notes(newsletter.name, at, schedule=schedule, declined=declined)
    return article_notes(tx, due[:MAX_NOTES], at)


def article_notes(
    tx: Transaction, notes: Sequence[EditionNote], at: datetime
) -> tuple[ArticleNote, ...]:
    """Return notes with their articles as they are now; those that aren't public are left out."""
    articles = {a.key: a for a in tx.published.articles([note.article for note in notes])}
    return tuple(
        article_note(tx, article, since=note.since)
        for note in notes
        if (article := articles.get(note.article))
        and article.number is not None
        and article.is_public(at)
    )


def article_note(tx: Transaction, article: Article, *, since: int) -> ArticleNote:
    """Return a note on an article for readers who had the revision numbered `since`."""
    before = tx.corrections.of_revision(article.key, since)
    corrections = new_corrections(before, article.corrections)
    return ArticleNote(article=article, since=since, corrections=corrections)


def unsent_outcome(tx: Transaction, edition: Edition, newsletter: Newsletter) -> UnsentOutcome:
    """Return what becomes of an edition that waits if nobody approves it, or if it is stopped."""
    if edition.kind is not EditionKind.CORRECTION:
        return UnsentOutcome.STORIES
    is_noted = newsletter.corrections != "none" and tx.corrections.would_be_noted(edition)
    return UnsentOutcome.NOTE if is_noted else UnsentOutcome.NOTHING


def edition_notes(notes: Sequence[ArticleNote]) -> tuple[EditionNote, ...]:
    """Return notes as an edition is stored with them."""
    return tuple(
        EditionNote(article=note.article.key, since=note.since, revision=note.article.revision)
        for note in notes
    )
