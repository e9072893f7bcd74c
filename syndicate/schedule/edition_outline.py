"""What an edition is to be made of, before it is rendered, and the state that it was read in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from syndicate.config import Newsletter
from syndicate.model.article_selection import Selection
from syndicate.model.articles import Article
from syndicate.model.corrections import ArticleNote, WrongCopies
from syndicate.model.editions import EVERYBODY, EditionKind
from syndicate.render.mail.edition_content import edition_kind
from syndicate.schedule.edition_plan import EditionPlan
from syndicate.store import Transaction


@dataclass(frozen=True, slots=True)
class StoreState:
    """What changes when an article is published or retracted, or an edition is frozen.

    It changes when an edition that waits is decided, too: its articles are new, or no longer.
    """

    newest_number: int
    """The newest public number."""
    retracted: int
    newest_edition: int
    waiting: tuple[int, ...]
    """The editions of a newsletter that wait."""

    @classmethod
    def read(cls, tx: Transaction, newsletter: str) -> Self:
        """Read the state that an edition of a newsletter depends on."""
        newest, waiting = tx.editions.newest_key(newsletter), tx.waiting.keys_of(newsletter)
        return cls(*tx.articles.publication_marker(), newest, tuple(waiting))


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionOutline:
    """An edition before it is rendered: its articles, and what goes around them."""

    newsletter: Newsletter
    selection: Selection
    plan: EditionPlan = field(default_factory=EditionPlan)
    """What its editor wrote about it."""
    notes: tuple[ArticleNote, ...] = ()
    corrects: WrongCopies | None = None
    is_correction: bool = False
    by_section: bool = False
    schedule: str | None = None
    """None if it is sent by hand: to everybody who has subscribed by now."""
    segment: str | None = None
    upto: int | None = None
    """The public number that its window ends with; None for the newest."""
    state: StoreState
    """The store's state that this was read in."""
    edition_date: datetime
    """When its slot was due, in the zone of the schedule."""
    at: datetime
    """When it is composed."""
    coming: bool = False
    """Whether that is a time to come, as in `OwnLinks.find_dead`."""

    @property
    def kind(self) -> EditionKind:
        """What it is, by its size unless it is a correction."""
        if self.is_correction:
            return EditionKind.CORRECTION
        return edition_kind(self.newsletter, len(self.selection.carried))

    @property
    def newest(self) -> int:
        """The newest public number that it carries: who subscribed later isn't in the audience."""
        next_number = self.state.newest_number + 1
        if self.schedule is None:
            return next_number
        if self.plan.stories:  # an editor may choose from the archive: everybody gets it
            return EVERYBODY
        return max(article.number or next_number for article in self.selection.carried)

    def is_numbered(self, article: Article) -> bool:
        """Whether an article has its public number; in a preview some only would have one."""
        return article.number is not None and article.number <= self.state.newest_number
