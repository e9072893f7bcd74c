"""What a server's last words say about a reader: put off until it expired, or refused in vain."""

import pytest

from syndicate.model.bounces import is_doubtful, judge_deferral
from syndicate.model.feedback import FeedbackKind

SOFT, BLOCKED = FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED


@pytest.mark.parametrize(
    ("code", "reply", "kind"),
    [
        (452, "4.2.2 mailbox full", SOFT),
        (450, "4.2.1 The user you are trying to contact is receiving mail too quickly", SOFT),
        (450, "4.1.2 <ada@x.example>: domain not found", SOFT),
        (451, "4.4.1 connect to mx.example: timed out", SOFT),
        (450, "mailbox busy", SOFT),
        (450, "", SOFT),
        (451, "4.7.1 greylisted, try again later", BLOCKED),
        (421, "4.7.28 unusual rate of mail from your network", BLOCKED),
        (450, "blocked by spamhaus", BLOCKED),
    ],
)
def test_a_deferral_about_the_reader_or_by_policy_is_recorded_as_such(code, reply, kind):
    assert judge_deferral(code, reply) is kind


@pytest.mark.parametrize(
    ("code", "reply"),
    [
        (0, ""),
        (0, "could not be sent in time"),
        (452, "4.3.1 insufficient system storage"),
        (451, "4.3.0 queue file write error"),
        (451, "local error in processing"),
        (452, "too many messages in this session"),
        (451, "4.4.5 system congested"),
        (452, "4.5.3 too many recipients"),
        (450, "4.1.8 your address doesn't resolve"),
        (421, "closing"),
        (421, "relay.example.org:25: 421 4.2.1 closing"),
        (450, "relay.example.org:25: 450 we know no such sender today"),
        (450, "::1:2525: 450 4.7.1 slower"),
        (0, "relay.example.org:25: the server did not answer in time"),
        (550, "4.2.2 odd"),
        (354, "4.2.2 odd"),
        (250, "4.2.2 odd"),
    ],
)
def test_a_deferral_by_a_relay_that_speaks_of_itself_is_about_nobody(code, reply):
    assert judge_deferral(code, reply) is None


@pytest.mark.parametrize(
    ("code", "status", "text", "doubtful"),
    [
        (550, "", "", True),
        (554, "", "transaction failed", True),
        (550, "5.0.0", "rejected", True),
        (550, "", "5.5.0 requested action not taken", True),
        (550, "", "no such user here", False),
        (550, "5.0.0", "mailbox unavailable", False),
        (550, "", "over quota", False),
        (552, "", "5.2.2 mailbox full", False),
        (554, "5.3.0", "mail system trouble", False),
        (450, "", "mailbox busy", False),
        (0, "", "delivery failed", False),
    ],
)
def test_a_refusal_that_does_not_say_why_is_doubtful(code, status, text, doubtful):
    assert is_doubtful(code, status, text) is doubtful
