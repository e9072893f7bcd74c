"""Mail to the newsroom: it outlives a crash, is tried again, and reaches no subscriber."""

from datetime import timedelta
from threading import Event

from syndicate.deliver.outbox import Outbox
from syndicate.errors import PermanentFailure, RelayUnavailable
from syndicate.model.editions import Content
from syndicate.schedule.staff_mail import StaffMessage
from tests.schedule.conftest import BREAKING, MINUTE, NOW

MAREN = "maren@example.org"
CONTENT = Content(
    subject="The disk is full", preheader="", html="<p>Full.</p>", text="Full.", nonce="n1"
)


def enqueue(harness, *, subject="The disk is full", key="disk"):
    content = Content(subject=subject, preheader="", html="<p>Full.</p>", text="Full.", nonce="n1")
    with harness.store.write() as tx:
        StaffMessage(to=MAREN, key=key, content=content).enqueue(tx, NOW)


class DownRelay:
    """A relay that opens no session."""

    def __init__(self, harness, error):
        [relay] = harness.services.relays
        self.settings, self.error = relay.settings, error

    def open(self):
        raise self.error


def with_relay(harness, relay):
    services = harness.services
    object.__setattr__(services.staff_mail, "transports", (relay,))
    return services.staff_mail


def test_it_is_sent_once_from_the_publication_and_is_not_list_mail(harness):
    enqueue(harness)
    harness.tick()
    harness.tick(NOW + MINUTE)
    assert harness.mail() == [(MAREN, "The disk is full")]
    [message] = Outbox.of(harness.config).messages()
    assert message.name.startswith("staff-")
    header = message.path.read_text()
    assert "List-Unsubscribe" not in header
    assert harness.config.mail.sender.address in header


def test_a_later_one_about_the_same_replaces_what_has_not_left(harness):
    enqueue(harness, subject="91 % full")
    enqueue(harness, subject="95 % full")
    enqueue(harness, subject="A certificate ends", key="certificate")
    harness.tick()
    assert sorted(subject for _, subject in harness.mail()) == ["95 % full", "A certificate ends"]


def test_what_a_relay_does_not_take_is_tried_again_and_given_up_after_a_day(harness):
    enqueue(harness)
    staff_mail = with_relay(harness, DownRelay(harness, RelayUnavailable("it is down")))
    assert staff_mail.send_due(NOW, Event()) == 0
    assert harness.services.staff_mail.send_due(NOW, Event()) == 0
    assert harness.services.staff_mail.send_due(NOW + MINUTE, Event()) == 1
    enqueue(harness)
    assert harness.services.staff_mail.send_due(NOW + timedelta(days=2), Event()) == 0


def test_what_is_refused_for_good_is_not_tried_again(harness):
    enqueue(harness)
    staff_mail = with_relay(harness, DownRelay(harness, PermanentFailure("no such person", 550)))
    staff_mail.send_due(NOW, Event())
    assert harness.services.staff_mail.send_due(NOW + timedelta(hours=5), Event()) == 0


def test_an_address_outside_of_mail_only_is_held_back(make_harness):
    harness = make_harness(schedules=[BREAKING], mail={"only": ["@elsewhere.example"]})
    enqueue(harness)
    harness.tick()
    assert harness.mail() == []
