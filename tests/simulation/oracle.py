"""An oracle: what a newsroom sends, when and to whom, predicted from its history alone.

It was written from docs/configuration.md, docs/decisions.md and docs/glossary.md, and imports
nothing of the package. It is slow and plain on purpose: lists are searched, nothing is stored.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.simulation import events
from tests.simulation.predictions import PredictedEdition, Reader, Story
from tests.simulation.rules import DAY, EPOCH, Rule, duration, select

TWO_HOURS = timedelta(hours=2)


class Oracle:
    """Predicts what is sent."""

    def __init__(self, timetable: events.Timetable) -> None:
        self._segments = timetable.segments
        self.rules = [
            Rule(str(table["name"]), table, ZoneInfo(str(table.get("timezone", timetable.zone))))
            for table in timetable.schedules
        ]
        self.stories: dict[str, Story] = {}
        self.readers: dict[str, Reader] = {}
        self.editions: list[PredictedEdition] = []
        self.fires: dict[tuple[str, datetime], str] = {}
        self.outcomes: Counter[str] = Counter()
        """How often each outcome was recorded; a slot that fails has another one later."""
        self._number = 0
        self._pageless: set[str] = set()
        self._folder: dict[str, events.Planned] = {}
        """The files that editors have written about editions."""
        self._plans: dict[str, events.Planned] = {}
        """The same as the last pass has read them."""

    def apply(self, event: events.Event) -> None:
        """Let something happen."""
        match event:
            case events.Filed() | events.Retracted() | events.Restored():
                self._change_story(event)
            case events.PageLost(slug=slug):
                self._pageless.add(slug)
            case events.PageMended(slug=slug):
                self._pageless.discard(slug)
            case events.Planned() | events.PlanDropped():
                self._folder.pop(event.name, None)
                if isinstance(event, events.Planned):
                    self._folder[event.name] = event
            case events.Approved() | events.Rejected():
                self._decide(event)
            case events.Passed(at=at):
                self._pass(at)
            case events.Restarted():
                pass  # nobody notices
            case events.Joined() | events.Returned() | events.Suppressed():
                self._join(event)
            case _:
                self._change_reader(event)

    def _change_story(self, event: events.Filed | events.Retracted | events.Restored) -> None:
        if not isinstance(event, events.Filed):
            self.stories[event.slug].retracted = isinstance(event, events.Retracted)
            return
        story = self.stories.get(event.slug)
        if story is None:
            story = self.stories[event.slug] = Story(event.slug, event.at, event)
            story.corrected.append(event.corrections)
            return
        if replace(event, at=story.file.at) == story.file:
            return  # the file is as it was
        if story.file.draft:  # nobody has seen it yet
            story.first_seen = event.at
        story.file = event
        story.revision += 1
        story.corrected.append(event.corrections)

    def _join(self, event: events.Joined | events.Returned | events.Suppressed) -> None:
        reader = self.readers.setdefault(event.reader, Reader())
        if isinstance(event, events.Suppressed):
            reader.suppressed = True
            return
        newsletter, has_left = event.newsletter, event.newsletter in reader.left
        comes_back = has_left and isinstance(event, events.Returned)
        if not reader.suppressed and (newsletter not in reader.since or comes_back):
            reader.since[newsletter] = self._number
            reader.left.discard(newsletter)

    def _change_reader(self, event: events.Event) -> None:
        reader = self.readers.get(event.reader)  # type: ignore[attr-defined]
        if reader is None or not reader.since:
            return  # nobody is known by that address
        match event:
            case events.Left(newsletter=newsletter):
                reader.left |= {newsletter} & set(reader.since)
            case events.Undone(newsletter=newsletter):
                reader.left.discard(newsletter)
            case events.Rested(until=until):
                reader.rests_until = until
            case events.Tagged(member=member):
                reader.member = member
            case _:
                raise AssertionError(event)

    # a pass

    @property
    def has_unread_plans(self) -> bool:
        """Whether an editor has written something since the last pass."""
        return self._folder != self._plans

    def _pass(self, at: datetime) -> None:
        self._plans = dict(self._folder)
        self._assign_numbers(at)
        self._settle(at)
        for rule in self.rules:
            self._fire(rule, at)
        for edition in self.editions:
            if edition.state == "sent" and edition.reached is None:
                still = (n for n in edition.audience if self._takes(n, edition.newsletter, at))
                edition.reached = frozenset(still)

    def _assign_numbers(self, at: datetime) -> None:
        new = [
            story
            for story in self.stories.values()
            if story.is_public(at)
            and (not story.number or (story.file.breaking and not story.numbered_breaking))
        ]
        for story in sorted(new, key=lambda one: (one.published, one.slug)):
            self._number += 1
            story.number, story.numbered_breaking = self._number, story.file.breaking

    def _settle(self, at: datetime) -> None:
        """Decide what waits: it is too late, has changed, or its hold is over."""
        waiting = [edition for edition in self.editions if edition.state == "waiting"]
        outdated = [self._is_outdated(e) or self._is_mended(e, at) for e in waiting]
        for edition, changed in zip(waiting, outdated, strict=True):
            if edition.approve_by is not None and edition.approve_by <= at:
                self._reject(edition)
            elif changed:
                self._compose_again(edition, at)
            elif edition.release_at is not None and edition.release_at <= at:
                linked = {*edition.stories, *edition.notes}
                if self._pageless & linked and not edition.approved:
                    self._compose_again(edition, at)  # what nobody has seen has a dead link
                else:
                    self._send(edition, at)

    def _fire(self, rule: Rule, at: datetime) -> None:
        if rule.began_at is None:
            rule.began_at, rule.began_after = at, self._number
        last, due = rule.last_slot, rule.due(at)
        if not due:
            return
        max_late = rule.duration("max_late")
        if last is not None and max_late is not None and at - due[-1] > max_late:
            for slot in due:
                self.fires.setdefault((rule.name, slot), "skipped")
            rule.last_slot = due[-1]
            return
        for slot in due[:-1]:
            self.fires.setdefault((rule.name, slot), "skipped")
        outcome = self._compose(rule, due[-1], at)
        self.outcomes[outcome] += 1
        self.fires[rule.name, due[-1]] = outcome
        rule.last_slot = due[-1] if outcome != "failed" else next(reversed(due[:-1]), last)

    def _compose(self, rule: Rule, slot: datetime, at: datetime) -> str:
        """Make the edition of a slot; return the outcome."""
        edition = self._edition(rule, slot, at)
        if edition is None:
            return "skipped"
        if not edition.stories or self._pageless & set(edition.stories):
            return "failed"
        before = self._waiting(rule.name)
        if before is not None and before.content == edition.content:
            return "skipped"  # nothing is new: the one that waits stays as it is
        self.editions.append(edition)
        if before is not None:
            self._reject(before)
        if edition.approve_by is None and edition.release_at == at:
            self._send(edition, at)
        return "edition"

    def _compose_again(self, edition: PredictedEdition, at: datetime) -> None:
        rule = next(rule for rule in self.rules if rule.name == edition.schedule)
        again = self._edition(rule, edition.slot, at)
        if again is None:
            self._reject(edition)
            return
        if not again.stories or self._pageless & set(again.stories):
            return  # it keeps waiting
        if edition.approve_by is not None and again.approve_by is not None:
            again.approve_by = edition.approve_by
        self.editions.append(again)
        self._reject(edition)
        self.fires[rule.name, edition.slot] = "edition"

    def _edition(self, rule: Rule, slot: datetime, at: datetime) -> PredictedEdition | None:
        """Compose what a schedule has now; None when nothing is new."""
        newsletter = rule.table["newsletter"]
        released = [e for e in self.editions if e.schedule == rule.name and e.state == "sent"]
        covered = released[-1].upto if released else 0
        window = [story for story in self.stories.values() if self._in_window(story, rule, covered)]
        carried = {
            slug
            for edition in self.editions
            if edition.newsletter == newsletter
            and (
                edition.state == "sent"
                or (edition.state == "waiting" and edition.schedule != rule.name)
            )
            for slug in edition.stories
        }
        carried |= {slug for edition in released for slug in edition.left_out}
        new = [one for one in window if one.is_public(at) and one.slug not in carried]
        plan = self._plan(rule, slot)
        named, findings = self._named(rule, plan, slot, at)
        leave_out = {slug for one in readable(plan) for slug in one.leave_out} & {*self.stories}
        taken = named or select(rule, [one for one in new if one.slug not in leave_out], at)
        if named:
            leave_out |= {one.slug for one in new if rule.selects(one) and one not in named}
        if not taken and not (findings and any(one.stories for one in readable(plan))):
            return None
        # an article that was postponed after it got its number still has its turn to come
        postponed = [one.number for one in window if not one.retracted and not one.is_public(at)]
        hold, within = rule.duration("hold") or timedelta(), rule.duration("approve_by")
        approve_by = None
        notes = self._notes(newsletter, rule, at)
        dead_links = self._pageless & set(notes)
        if rule.table.get("approve") or findings or dead_links:
            within = within or rule.duration("max_late")
            approve_by = slot + within if within else at + TWO_HOURS
        return PredictedEdition(
            schedule=rule.name,
            newsletter=newsletter,
            slot=slot,
            stories=tuple(one.slug for one in taken),
            revisions=tuple(one.revision for one in taken),
            notes=notes,
            breaking=tuple(one.file.breaking and at < one.published + DAY for one in taken),
            day=slot.astimezone(rule.zone).date(),
            upto=min(postponed) - 1 if postponed else self._number,
            newest=max((one.number for one in taken), default=0),
            state="waiting",
            made_at=at,
            plan=plan,
            findings=findings,
            left_out=frozenset(leave_out),
            for_everybody=bool(named),
            approve_by=approve_by,
            release_at=at + hold if approve_by is None else None,
        )

    def _notes(self, newsletter: str, rule: Rule, at: datetime) -> dict[str, int]:
        """The articles that have a correction which no edition of the newsletter has told."""
        known: dict[str, int] = {}
        for edition in self.editions:
            is_other = edition.state == "waiting" and edition.schedule != rule.name
            if edition.newsletter == newsletter and (edition.state == "sent" or is_other):
                told = {**dict(zip(edition.stories, edition.revisions, strict=True))}
                for slug, revision in (*told.items(), *edition.notes.items()):
                    known[slug] = max(known.get(slug, 0), revision)
        due = []
        for slug, revision in known.items():
            story = self.stories[slug]
            new = set(story.corrected[-1]) - set(story.corrected[revision - 1])
            if new and story.is_public(at):
                due.append((min(new), slug, story.revision))
        # the oldest correction comes first, and ten are enough for one edition
        return {slug: revision for _, slug, revision in sorted(due)[:10]}

    def _plan(self, rule: Rule, slot: datetime) -> tuple[events.Planned, ...]:
        """The files about a slot, by name; the first one counts."""
        about = [plan for plan in self._plans.values() if rule.is_about(plan, slot)]
        return tuple(sorted(about, key=lambda plan: plan.name))

    def _named(
        self, rule: Rule, plan: tuple[events.Planned, ...], slot: datetime, at: datetime
    ) -> tuple[list[Story], frozenset[tuple[str, str]]]:
        """The stories that an editor named, and what keeps the edition from leaving."""
        findings = {("draft", one.name) for one in plan if one.draft and not one.misspelt}
        findings |= {("misspelt", one.name) for one in plan if one.misspelt}
        findings |= {("misnamed", one.name) for one in plan if rule.is_misnamed(one, slot)}
        findings |= {("second file", one.name) for one in plan[1:]}
        named: list[Story] = []
        for slug in (s for one in readable(plan) for s in (*one.stories, *one.leave_out)):
            story = self.stories.get(slug)
            if story is None:
                findings.add(("unknown", slug))
            elif slug not in plan[0].stories:
                pass
            elif story.retracted:
                findings.add(("retracted", slug))
            elif not story.is_public(at) or not story.number:
                findings.add(("not public", slug))
            else:
                named.append(story)
        return named, frozenset(findings)

    def _is_mended(self, edition: PredictedEdition, at: datetime) -> bool:
        """Whether an edition that a file keeps would now be kept for other reasons, or none."""
        rule = next(rule for rule in self.rules if rule.name == edition.schedule)
        if edition.approve_by is None or not edition.findings or not edition.plan:
            return False
        plan = self._plan(rule, edition.slot)
        return edition.findings != self._named(rule, plan, edition.slot, at)[1]

    def _in_window(self, story: Story, rule: Rule, covered: int) -> bool:
        assert rule.began_at is not None
        begin_with = rule.table.get("begin_with")
        back = duration(begin_with) if begin_with not in {None, "all"} else timedelta()
        begun = (
            begin_with == "all"
            or story.number > rule.began_after
            or story.published > rule.began_at - back
        )
        return bool(story.number) and story.number > covered and begun

    # decisions

    def _decide(self, event: events.Approved | events.Rejected) -> None:
        edition, at = self._waiting(event.schedule), event.at
        if edition is None:
            return
        if isinstance(event, events.Rejected):
            self._reject(edition)
        elif edition.approve_by is not None and at >= edition.approve_by:
            pass  # it is too late
        elif self._is_outdated(edition):
            self._compose_again(edition, at)  # nobody has seen what would go out
        elif edition.approve_by is not None:
            self._approve(edition, at)
        elif edition.release_at is not None and edition.release_at <= at:
            self._send(edition, at)  # approved before, and its hold is over

    def _approve(self, edition: PredictedEdition, at: datetime) -> None:
        rule = next(rule for rule in self.rules if rule.name == edition.schedule)
        edition.approved, edition.approve_by = True, None
        edition.release_at = at + (rule.duration("hold") or timedelta())
        if edition.release_at <= at:
            self._send(edition, at)

    def _send(self, edition: PredictedEdition, at: datetime) -> None:
        rule = next(rule for rule in self.rules if rule.name == edition.schedule)
        edition.state, edition.sent_at = "sent", at
        edition.audience = frozenset(
            name
            for name, reader in self.readers.items()
            if reader.takes(edition.newsletter, at)
            and (edition.for_everybody or reader.since[edition.newsletter] < edition.newest)
            and ("segment" not in rule.table or reader.member)
        )

    def _reject(self, edition: PredictedEdition) -> None:
        """It counts as never composed."""
        edition.state = "rejected"
        self.fires[edition.schedule, edition.slot] = "skipped"

    def _waiting(self, schedule: str) -> PredictedEdition | None:
        waits = [e for e in self.editions if e.schedule == schedule and e.state == "waiting"]
        assert len(waits) < 2, "at most one edition of a schedule waits"
        return waits[0] if waits else None

    def _is_outdated(self, edition: PredictedEdition) -> bool:
        rule = next(rule for rule in self.rules if rule.name == edition.schedule)
        stories = [self.stories[slug] for slug in edition.stories]
        written = [replace(plan, at=EPOCH) for plan in self._plan(rule, edition.slot)]
        if written != [replace(plan, at=EPOCH) for plan in edition.plan]:
            return True
        carried = [*zip(stories, edition.revisions, strict=True)]
        carried += [(self.stories[slug], revision) for slug, revision in edition.notes.items()]
        return any(story.retracted or story.revision != revision for story, revision in carried)

    def _takes(self, name: str, newsletter: str, at: datetime) -> bool:
        return self.readers[name].takes(newsletter, at)


def readable(plan: tuple[events.Planned, ...]) -> tuple[events.Planned, ...]:
    """The file that counts of those about a slot; one that can't be read says nothing."""
    return tuple(one for one in plan[:1] if not one.misspelt)
