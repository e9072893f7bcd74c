"""The services of one publication, and what they do together: all that is due, or mail by hand.

Replacing an edition pauses it first, in one short transaction that any sending process
sees before its next message; the rest isn't urgent.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

import structlog

from syndicate import clock
from syndicate.config import Config, Newsletter, Schedule
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.deliver.worker import DeliveryReport, configured_transports, drain
from syndicate.errors import Refused, StoreError, SyndicateError
from syndicate.feedback.doors.poller import DoorPoll, DoorPoller
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.intake.articles.parallel_parse import ImportResult
from syndicate.intake.editions.edition_import import import_edition_files
from syndicate.model.editions import Edition, EditionState, Remaining
from syndicate.model.schedule_slots import FireOutcome, schedule_timing
from syndicate.model.subscribers import Cause
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.build.publisher import Publisher
from syndicate.publish.mirror import Mirror
from syndicate.publish.push.alarm_webhook import AlarmWebhook
from syndicate.publish.push.call_sender import TimeBudget
from syndicate.publish.push.change_notifier import ChangeNotifier
from syndicate.schedule.alarms.build_alarm import record_build
from syndicate.schedule.alarms.monitor import AlarmMonitor
from syndicate.schedule.composer import Composer, ProposedEdition
from syndicate.schedule.corrections import CorrectionReport, Corrections
from syndicate.schedule.firing import SlotDispatcher
from syndicate.schedule.proofs import ProofMail
from syndicate.schedule.release import EditionRelease, add_edition, log_preflight, replacement_of
from syndicate.schedule.retention import RetentionReport, purge_daily
from syndicate.schedule.schedule_start import SlotRequest, first_seen, schedule_start
from syndicate.schedule.staff_mail import StaffMail
from syndicate.store import Heartbeat, Store
from syndicate.store.editions.fires import Fire

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """The results of one pass."""

    taken_in: tuple[ImportResult, ...]
    """The edition files that have changed."""
    built: BuildSummary
    released: tuple[str, ...]
    """What was decided about editions that waited, or had an article that was corrected."""
    fires: tuple[Fire, ...]
    delivered: DeliveryReport
    polled: tuple[DoorPoll, ...] = ()
    """What came back by the mailbox and the Maildir."""
    purged: RetentionReport | None = None
    """None if retention had already run that day."""

    @property
    def failed(self) -> bool:
        """Whether a slot or page failed, due mail can't leave, or reports can't be read.

        Or whether an edition paused itself.
        """
        slots = any(fire.outcome is FireOutcome.FAILED for fire in self.fires)
        # a bounced recipient is no failure
        mail = bool(self.delivered.unavailable or self.delivered.paused)
        unread = any(poll.problem for poll in self.polled)
        return slots or bool(self.built.failed) or mail or unread


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSend:
    """A request to send: what a schedule would compose now, or exactly these articles."""

    newsletter: Newsletter
    schedule: Schedule | None = None
    slugs: Sequence[str] = ()
    segment: str | None = None
    """The audience, in place of the schedule's; None: the schedule's segment, or everybody."""


class Services:
    """The services that publish, compose and deliver for one publication."""

    def __init__(self, store: Store, config: Config) -> None:
        """Build the services; secrets are read later, when mail is about to be sent.

        Raise ConfigError when a package that the mirror needs isn't installed, and
        StoreError when the store can't be written.
        """
        self.store = store
        self.config = config
        self.composer = Composer(store, config)
        self.release = EditionRelease(store, config, self.composer)
        self.corrections = Corrections(store, config, self.composer)
        self.dispatcher = SlotDispatcher(store, config, self.composer, claim_owner.identity())
        store.require_writable(clock.now())
        self.relays = configured_transports(config)
        self.links = SignedLinks(config, store.secret("links"))
        self.proofs = ProofMail(store, config, self.links)
        self.alarms = AlarmMonitor(store, config)
        self._webhook = AlarmWebhook.of(store, config)
        self.staff_mail = StaffMail(store, config, self.relays, self.links)
        self.mirror = Mirror.of(config)
        """A copy of the output for a CDN. Callers update it after they have started delivery."""
        self.notifier = ChangeNotifier.of(store, config)
        """Notifies hubs and search engines. Callers run it after the mirror."""
        self.reports = DoorPoller(store, config, FeedbackRecorder(config, self.links))
        """Reads the mailbox and the Maildir that bounces arrive in."""
        self._publisher = Publisher(store, config)

    def publish(self, at: datetime, *, trial: bool = False) -> BuildSummary:
        """Give newly public articles numbers, and update the output; a `trial` notifies nobody."""
        try:
            summary = self._publisher.publish(at, number=True, trial=trial)
        except SyndicateError as error:
            if not (trial or isinstance(error, StoreError)):
                with suppress(StoreError):
                    record_build(self.store, [str(error)], at)
            raise
        if not trial:
            record_build(self.store, [*map(str, summary.failed)], at)
        if self.notifier is not None:
            self.notifier.record_build(summary, at)
        return summary

    def deliver(self, at: datetime, stop: Event | None = None) -> DeliveryReport:
        """Send everything that is due; once `stop` is set, finish what is in flight and return.

        Proofs that are missing go out with it.
        """
        stop = stop or Event()
        self.notify_staff(at, stop)
        return self.deliver_editions(at, stop)

    def deliver_editions(self, at: datetime, stop: Event) -> DeliveryReport:
        """Send what is due to readers."""
        return drain(self.store, self.config, self.relays, self.links, at=at, stop=stop)

    def notify_staff(self, at: datetime, stop: Event) -> None:
        """Send what is due to the newsroom: to the webhook first, which needs no mail server."""
        self.call_webhook(at, stop)
        self.send_staff_mail(at, stop)

    def send_staff_mail(self, at: datetime, stop: Event) -> None:
        """Send the mail that is due to the newsroom, and proofs that are missing."""
        self.proofs.enqueue_missing(at)
        self.staff_mail.send_due(at, stop)

    def call_webhook(self, at: datetime, stop: Event) -> None:
        """Send the alarms that are due to the webhook, if there is one."""
        if self._webhook is not None:
            self._webhook.send(TimeBudget(at, stop))

    def ring(self, at: datetime) -> None:
        """Check what is wrong at `at`, and notify people of it."""
        if self.alarms.check(at):
            self.notify_staff(at, Event())

    def settle(self, at: datetime) -> list[str]:
        """Correct what was mailed, and decide about waiting editions; return what was done."""
        return [*self.corrections.settle(at), *self.release.settle(at)]

    def tick(self, at: datetime, *, trial: bool = False) -> TickReport:
        """Take in edition files, publish, fire all due slots, and deliver all due mail.

        Once a day apply retention.

        Publishing, slots, selection and retries go by `at`; leases and recorded times go by
        the real clock. A `trial` notifies nobody and stores no schedule's start. Alarms ring
        even where an error ends the pass.
        """
        try:
            report = self._tick(at, trial=trial)
        except StoreError:  # the alarms are there, too
            raise
        except Exception:
            if not trial:
                with suppress(StoreError):
                    self.ring(at)
            raise
        if not trial:
            self.ring(at)
        return report

    def _tick(self, at: datetime, *, trial: bool) -> TickReport:
        taken_in = self.take_in_editions(at)
        summary = self.publish(at, trial=trial)
        released = tuple(self.settle(at))
        fires = tuple(self.dispatcher.fire_all(at, trial=trial))
        delivered = self.deliver(at)
        polled = () if trial else tuple(self.reports.poll_all(Event(), only_due=True))
        purged = purge_daily(self.store, self.config, at=at, stop=Event())
        if not trial:
            with self.store.write() as tx:
                tx.heartbeats.record(Heartbeat.TICK, clock.now())
        return TickReport(
            taken_in=taken_in,
            built=summary,
            released=released,
            fires=fires,
            delivered=delivered,
            polled=polled,
            purged=purged,
        )

    def send(self, order: ManualSend, *, at: datetime) -> tuple[Edition, DeliveryReport] | None:
        """Freeze an edition and deliver it, unless it has to wait; None when nothing is new."""
        self.publish(at)
        frozen = self.composer.freeze(
            lambda: self._propose(order, at=at, keep=True),
            lambda tx, proposal: (
                add_edition(tx, self.config, order.schedule, proposal, at=at)[0],
                proposal,
            ),
        )
        if frozen is None:
            return None
        edition, proposal = frozen
        log_preflight(proposal, edition=edition.key)
        return edition, self.deliver(at)

    def send_test_copy(
        self, order: ManualSend, *, to: str, at: datetime, slot_from: datetime | None = None
    ) -> tuple[SmtpReply, ProposedEdition]:
        """Send one copy that isn't recorded in the ledger, and return what it is a copy of.

        It is made by the file about the schedule's first slot from `slot_from` on, by default the
        next one, if there is a file. Raise Refused when nothing is new or `mail.only` excludes the
        address, and DeliveryError when the mail server refuses the copy.
        """
        self.take_in_editions(at)
        self.publish(at)
        planned = self.planned_slot(order.schedule, slot_from or at) if order.schedule else None
        slot_at = planned[0] if planned is not None else None
        proposal = self._propose(order, at=at, keep=False, slot_at=slot_at)
        if proposal.draft is None:
            raise Refused(
                f"nothing is new for {order.newsletter.name}; name articles with --article SLUG"
            )
        log_preflight(proposal, copy=to)
        reply = send_sample(
            proposal.draft, to, config=self.config, transports=self.relays, links=self.links
        )
        return reply, proposal

    def take_in_editions(self, at: datetime) -> tuple[ImportResult, ...]:
        """Take in the files that editors wrote about editions; return those that changed."""
        return tuple(import_edition_files(self.store, self.config, at=at, only_changed=True))

    def planned_slot(self, schedule: Schedule, after: datetime) -> tuple[datetime, str] | None:
        """Return a schedule's first slot from a time on and the file about it, if there is one."""
        timing = schedule_timing(schedule, self.config.zone(schedule))
        for slot in timing.upcoming(after - timedelta(microseconds=1), 1):
            with self.store.read() as tx:
                files = tx.edition_files.of_slot(schedule.name, slot.due_at)
            if files:
                return slot.due_at, files[0].path
        return None

    def _propose(
        self, order: ManualSend, *, at: datetime, keep: bool, slot_at: datetime | None = None
    ) -> ProposedEdition:
        """Compose the edition; with `keep`, store where a new schedule starts."""
        newsletter, schedule, segment = order.newsletter, order.schedule, order.segment
        if schedule is None:
            return self.composer.propose_articles(newsletter, order.slugs, segment=segment, at=at)
        with self.store.write() if keep else self.store.read() as tx:
            if keep:
                first_seen(tx, schedule, self.config, at=at)
            start = schedule_start(tx, schedule.name, at=at, keep=keep)
        request = SlotRequest(
            newsletter=newsletter,
            schedule=schedule,
            start=start,
            slot_at=slot_at or at,
            at=at,
            segment=segment,
        )
        return self.composer.propose(request)

    def replace(
        self, edition: int, slugs: Sequence[str], cause: Cause
    ) -> tuple[Edition, Remaining, DeliveryReport]:
        """Pause an edition, and send a corrected one to those whom the first hasn't reached.

        Return the corrected one, the counts of the first, and what became of the mail. Raise
        SyndicateError; a paused edition then stays paused.
        """
        with self.store.write() as tx:
            replaced = tx.control.lock_edition(edition)
            if replaced.state is EditionState.SENDING:
                tx.control.pause(edition, replace(cause, why="to be replaced"))
        try:
            self.publish(cause.at)
            result = self.composer.freeze(
                lambda: self.composer.propose_correction(replaced, slugs, at=cause.at),
                lambda tx, proposal: tx.successors.replace(
                    edition, replacement_of(proposal), cause
                ),
            )
        except SyndicateError:
            with self.store.read() as tx:
                now = tx.editions.by_key(edition)
            paused = now is not None and now.state is EditionState.PAUSED
            _log.warning("not replaced", edition=edition, paused=paused)
            raise
        assert result is not None, "a correction is never empty"
        return *result, self.deliver(cause.at)

    def correct(self, slug: str, cause: Cause) -> tuple[CorrectionReport, DeliveryReport]:
        """Correct an article for those who have it wrong, as `Corrections.correct` does.

        Return what was done, and what became of the mail. Raise Refused.
        """
        self.publish(cause.at)
        return self.corrections.correct(slug, cause), self.deliver(cause.at)

    def resend(self, edition: int, cause: Cause) -> tuple[Edition, int, DeliveryReport] | None:
        """Send an edition again to those who provably didn't get it; None if everybody did.

        Return the new edition, how many readers it has, and what became of the mail.
        Raise Refused.
        """
        self.store.sweep(cause.at)
        with self.store.write() as tx:
            first = tx.editions.by_key(edition)
            newsletter = self.config.newsletter(first.newsletter) if first else None
            expire_after = self.config.mail.expire_after
            if newsletter is not None:
                expire_after = self.config.expire_after(newsletter)
            resent = tx.successors.resend(edition, cause, expires_at=cause.at + expire_after)
            if resent is None:
                return None
            readers = tx.deliveries.totals(resent.key).audience
        return resent, readers, self.deliver(cause.at)
