"""Applies the file that an editor wrote about a slot to what the schedule would select."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syndicate.config import EditionFilter
from syndicate.intake.editions.named_stories import find_stories
from syndicate.model.article_selection import Selection, matches, select_articles
from syndicate.model.articles import Article
from syndicate.model.edition_files import EditionBrief, EditionFile
from syndicate.model.editions import Edition, WaitingEdition
from syndicate.schedule.schedule_start import SlotRequest
from syndicate.store import Transaction
from syndicate.store.editions.edition_files import joined_version


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPlan:
    """What an editor planned for an edition; without a file it changes nothing."""

    path: str = ""
    """The file; empty without one."""
    version: str = ""
    brief: EditionBrief = field(default_factory=EditionBrief)
    stories: tuple[Article, ...] = ()
    """The articles to carry, in order; empty where the schedule selects them."""
    leave_out: frozenset[int] = frozenset()
    """The keys of articles to leave out."""
    carried_before: int = 0
    """How many of the stories an earlier edition of the newsletter carried."""
    findings: tuple[str, ...] = ()
    """Why the edition has to wait for a person."""

    @classmethod
    def read(cls, tx: Transaction, request: SlotRequest) -> "EditionPlan":
        """Return the plan for a slot, with the articles as they are when it is composed."""
        schedule, newsletter = request.schedule.name, request.newsletter.name
        files = tx.edition_files.of_slot(schedule, request.slot_at)
        if not files:
            return cls()
        file = files[0]
        named = find_stories(tx, file, at=request.at, coming=request.is_preview)
        carriers = tx.editions.carriers(newsletter, schedule)
        return cls(
            path=file.path,
            version=joined_version(files),
            brief=file.brief,
            stories=named.stories,
            leave_out=named.leave_out,
            carried_before=sum(article.key in carriers for article in named.stories),
            findings=(*_findings(files), *named.mistakes),
        )

    @classmethod
    def words(cls, tx: Transaction, edition: Edition) -> "EditionPlan":
        """Return what an editor wrote around the stories of an edition, which are others by now."""
        files = edition.schedule and tx.edition_files.of_slot(edition.schedule, edition.slot_at)
        if not files:
            return cls()
        brief = replace(files[0].brief, stories=(), leave_out=())
        findings = _findings(files)
        version = joined_version(files)
        return cls(path=files[0].path, version=version, brief=brief, findings=findings)

    def select(
        self, candidates: Sequence[Article], rule: EditionFilter, *, at: datetime
    ) -> Selection:
        """Choose the articles: those that the editor named, else those of the schedule."""
        if self.stories:
            named = {article.key for article in self.stories}
            rest = [a for a in candidates if a.key not in named and matches(a, rule)]
            return Selection(taken=self.stories, omitted=tuple(rest))
        kept = [article for article in candidates if article.key not in self.leave_out]
        omitted = tuple(article for article in candidates if article.key in self.leave_out)
        return replace(select_articles(kept, rule, at=at), omitted=omitted)

    def left_out(self, selection: Selection) -> tuple[int, ...]:
        """Return the keys of the articles that the schedule never carries any more."""
        return tuple(sorted({*self.leave_out, *(a.key for a in selection.omitted)}))

    @property
    def note(self) -> str:
        """How it goes on after the summary of a selection; empty without a file."""
        if not self.path:
            return ""
        before = self.carried_before
        again = f", {before} of them in an earlier edition too" if before else ""
        return f"{again}, by {self.path}"


def _findings(files: Sequence[EditionFile]) -> tuple[str, ...]:
    first, *others = files
    both = (f"{o.path}: {first.path} is about the same slot; remove one of them" for o in others)
    return (*(finding for file in files for finding in file.findings), *both)


def findings_have_changed(tx: Transaction, waiting: WaitingEdition, *, at: datetime) -> bool:
    """Whether an edition that waits for a person would have other findings by its file now.

    A story that was missing may have been filed since. Findings of a file begin with its path.
    """
    edition, findings = waiting.edition, waiting.terms.findings
    if waiting.terms.approve_by is None or not findings or edition.schedule is None:
        return False
    files = tx.edition_files.of_slot(edition.schedule, edition.slot_at)
    if not files:
        return False
    before = {f for f in findings if any(f.startswith(file.path) for file in files)}
    return before != {*_findings(files), *find_stories(tx, files[0], at=at).mistakes}
