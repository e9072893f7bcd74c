"""Bounces and hooks in config.toml: each has what it needs, and nothing in vain."""

import base64

import pytest

from syndicate.config import load, missing_feedback_secrets
from syndicate.config.loading.load import secret_warnings
from tests.config.loading.configurations import LIVE, mistakes, write

TOPIC = 'topic = "arn:aws:sns:eu-west-1:123456789012:mail-events"'
ADDRESS = 'address = "bounce@news.example.org"'
LOGIN = 'username = "bounce"\npassword_env = "BOUNCE_PASSWORD"'
SECRET = 'secret_env = "HOOK_SECRET"'


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def bounces(*lines: str, imap: tuple[str, ...] = ()) -> str:
    table = "\n".join((f"{LIVE}[bounces]", *lines))
    return "\n".join((table, "[bounces.imap]", *imap, "")) if imap else f"{table}\n"


def hooks(*tables: tuple[str, ...]) -> str:
    return LIVE + "".join("[[hooks]]\n" + "\n".join(lines) + "\n" for lines in tables)


def hook(kind: str, *lines: str, name: str = "mine") -> tuple[str, ...]:
    return f'name = "{name}"', f'kind = "{kind}"', *lines


@pytest.mark.parametrize("door", ['maildir = "/var/mail/bounces"', "pipe = true"])
def test_a_door_needs_the_address_that_reports_are_sent_to(folder, door):
    (mistake,) = mistakes(folder, bounces(door))

    key = door.partition(" ")[0]
    assert mistake.startswith(f"config.toml:7: bounces.{key}")
    assert mistake.endswith("— needs bounces.address, which the reports are sent to")
    assert load(write(folder, bounces(ADDRESS, door))).bounces.has_door


def test_a_door_that_is_shut_needs_nothing(folder):
    assert not load(write(folder, bounces("pipe = false"))).bounces.has_door
    assert not load(write(folder, bounces(ADDRESS))).bounces.has_door


def test_a_mailbox_needs_an_address_a_user_and_a_password(folder):
    host = 'host = "imap.example.org"'

    assert "needs bounces.address" in mistakes(folder, bounces(imap=(host, LOGIN)))[0]
    assert "needs username, and password_env" in mistakes(folder, bounces(ADDRESS, imap=(host,)))[0]
    user = 'username = "bounce"'
    (mistake,) = mistakes(folder, bounces(ADDRESS, imap=(host, user)))
    assert mistake.endswith("needs password_env or password_file")
    both = (host, LOGIN, 'password_file = "secret"')
    (mistake,) = mistakes(folder, bounces(ADDRESS, imap=both))
    assert "expected one of password_env and password_file, not both" in mistake
    assert load(write(folder, bounces(ADDRESS, imap=(host, LOGIN)))).bounces.has_door


def test_a_mailbox_without_a_host_is_set_in_vain(folder):
    found = mistakes(folder, bounces(ADDRESS, imap=('username = "bounce"', 'folder = "Bounces"')))

    assert [line.partition(" — ")[2] for line in found] == ["has no effect without host"] * 2


@pytest.mark.parametrize(
    "folders",
    [
        ('done = "INBOX"',),
        ('folder = "Bounces"', 'unread = "Bounces"'),
        ('done = "Done"', 'unread = "Done"'),
        ('unread = "Processed"',),
        ('done = "inbox"',),
    ],
)
def test_a_mailbox_has_three_folders(folder, folders):
    imap = ('host = "imap.example.org"', LOGIN, *folders)

    (mistake,) = mistakes(folder, bounces(ADDRESS, imap=imap))

    assert "folder, done and unread have to be three folders" in mistake


@pytest.mark.parametrize("key", ["complaints_alarm", "complaints_wait"])
@pytest.mark.parametrize("percent", ["3", "0.0"])
def test_a_share_of_complaints_is_no_percentage(folder, key, percent):
    (mistake,) = mistakes(folder, bounces(ADDRESS, f"{key} = {percent}"))

    assert mistake.endswith("— expected a share of more than 0 and at most 1; 0.003 is 0.3 %")
    assert load(write(folder, bounces(ADDRESS, f"{key} = 1"))).bounces


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("bounce@news.example.org", True),
        ("a" * 25 + "@news.example.org", True),
        ("a" * 26 + "@news.example.org", False),
        ("bounce+x@news.example.org", False),
        ("Bounces <bounce@news.example.org>", False),
        ("größe@news.example.org", False),
        ("bounce", False),
    ],
)
def test_the_address_has_room_for_a_token(folder, address, fits):
    text = bounces(f'address = "{address}"')
    if not fits:
        (mistake,) = mistakes(folder, text)
        assert "bounces.address" in mistake
        return
    tagged = load(write(folder, text)).bounces.tagged("0" * 38)
    assert tagged is not None
    assert len(tagged.address.partition("@")[0]) <= 64


@pytest.mark.parametrize("kind", ["sendgrid", "mailgun", "postmark", "brevo", "standard"])
def test_a_hook_needs_one_secret(folder, kind):
    (mistake,) = mistakes(folder, hooks(hook(kind)))
    assert mistake.endswith("— needs secret_env or secret_file")
    (mistake,) = mistakes(folder, hooks(hook(kind, SECRET, 'secret_file = "secret"')))
    assert "expected one of secret_env and secret_file, not both" in mistake
    (mistake,) = mistakes(folder, hooks(hook(kind, SECRET, TOPIC)))
    assert "hooks[1].topic" in mistake or "topic" in mistake
    assert mistake.endswith('— has an effect only with kind = "ses"')
    assert load(write(folder, hooks(hook(kind, SECRET)))).hooks[0].kind == kind


def test_amazon_needs_a_topic_and_no_secret(folder):
    (mistake,) = mistakes(folder, hooks(hook("ses")))
    assert mistake.endswith("— needs topic, the ARN of the SNS topic that may report")
    (mistake,) = mistakes(folder, hooks(hook("ses", TOPIC, SECRET)))
    assert mistake.endswith("— has no effect: Amazon signs with a certificate")
    assert load(write(folder, hooks(hook("ses", TOPIC)))).hooks[0].topic


@pytest.mark.parametrize(
    ("arn", "fits"),
    [
        ("arn:aws:sns:eu-west-1:123456789012:mail-events", True),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:mail", True),
        ("arn:aws-cn:sns:cn-north-1:123456789012:mail", True),
        ("arn:aws:ses:eu-west-1:123456789012:mail", False),
        ("arn:aws:sns:eu-west-1:12345:mail", False),
        ("arn:aws:sns:eu-west-1:123456789012:mail:5be8f5b6-9f2", False),
        ("mail-events", False),
    ],
)
def test_a_topic_is_its_arn(folder, arn, fits):
    text = hooks(hook("ses", f'topic = "{arn}"'))
    if fits:
        load(write(folder, text))
    else:
        assert "expected the ARN of an SNS topic such as" in mistakes(folder, text)[0]


def test_two_hooks_of_one_kind_have_two_names(folder):
    two = hooks(hook("brevo", SECRET), hook("brevo", SECRET))

    (mistake,) = mistakes(folder, two)

    assert mistake.endswith("— there are two hooks of that name")
    assert mistake.startswith("config.toml:11: ")
    load(write(folder, hooks(hook("brevo", SECRET), hook("brevo", SECRET, name="other"))))


def test_a_hook_of_a_provider_that_we_dont_know_is_refused_with_those_that_we_do(folder):
    (mistake,) = mistakes(folder, hooks(hook("sparkpost", SECRET)))

    assert 'expected "ses", "sendgrid", "mailgun", "postmark", "brevo" or "standard"' in mistake


_EXPECTED = {"standard": '"whsec_" and base64', "sendgrid": "the verification key"}
KEY = base64.b64encode(b"0Y0\x13 some key").decode()


@pytest.mark.parametrize(
    ("kind", "secret", "fits"),
    [
        ("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", True),
        ("standard", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", True),
        ("standard", "not base64!", False),
        ("standard", "whsec_", False),
        ("sendgrid", KEY, True),
        ("sendgrid", "SG.api-key", False),
        ("mailgun", "any text!", True),
    ],
)
def test_a_secret_of_the_wrong_form_is_missing_as_long_as_it_is(
    folder, monkeypatch, kind, secret, fits
):
    monkeypatch.setenv("HOOK_SECRET", secret)
    path = write(folder, hooks(hook(kind, SECRET)))
    config = load(path)

    missing = [secret.key for secret in missing_feedback_secrets(config)]
    assert missing == ([] if fits else ["hooks.mine.secret_env"])
    warnings = secret_warnings(path, config)
    assert all(f"expected {_EXPECTED[kind]}" in line for line in warnings)
    assert all("no bounce comes in by it until then" in line for line in warnings)


def test_a_secret_that_cant_be_read_is_named_with_its_line(folder, monkeypatch):
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    path = write(folder, hooks(hook("brevo", SECRET)))

    (warning,) = secret_warnings(path, load(path))

    assert warning.startswith("config.toml:9: ")
    assert "HOOK_SECRET is not set; no bounce comes in by it until then" in warning
