"""Who signs how: true calls are read, and no other call is."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import (
    CallFailed,
    SecretUnreadable,
    WebhookForged,
    WebhookMalformed,
    WebhookRefused,
    WebhookStale,
)
from syndicate.feedback.providers import mailgun, sendgrid, shared_secret, standard
from syndicate.feedback.providers.hook_reader import make_reader
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.model.feedback import FeedbackKind
from tests.feedback.providers.provider_calls import (
    AT,
    KINDS,
    SECRETS,
    SIGNED_TIME,
    AmazonClient,
    Message,
    bounced,
    delivered,
    hook,
    signed,
    signed_by_sendgrid,
)

SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcw"
    "HBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="
)
SENDGRID_SIGNATURE = (
    "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRam"
    "r2nlxFDWYNH2j/0="
)
SENDGRID_BODY = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'


def read(kind, call, now=AT):
    """Read a call as our server does."""
    return make_reader(hook(kind), AmazonClient())(call.request(now), SECRETS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_call_is_read(kind):
    about = Message()

    (event,) = read(kind, signed(kind, bounced(kind, about)))

    feedback = event.feedback
    assert feedback is not None
    assert feedback.kind is FeedbackKind.HARD_BOUNCE
    assert (feedback.code, feedback.status) == (550, "5.1.1")
    assert "no such user" in feedback.text
    assert feedback.at == AT
    assert feedback.event_id
    reference = feedback.reference
    assert reference.recipient == about.recipient
    named = {id_.strip("<>") for id_ in (*reference.message_ids, *reference.provider_ids)}
    assert named & {about.message_id.strip("<>"), about.provider_id}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_event_has_the_same_id_and_another_one_another(kind):
    first, second = Message(id="event-1"), Message(id="event-2", recipient="bob@example.net")

    ids = [
        read(kind, signed(kind, bounced(kind, about), at=at, id=about.id))[0].id
        for about, at in ((first, AT), (first, AT - timedelta(minutes=2)), (second, AT))
    ]

    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_without_its_proof_is_forged(kind):
    call = signed(kind, bounced(kind, Message()))
    bare = json.loads(call.body)
    if isinstance(bare, dict):
        bare.pop("signature", None)
        bare["Signature"] = "" if kind == "ses" else "none"

    with pytest.raises(WebhookForged):
        read(kind, call.changed(headers={}, query="", body=json.dumps(bare).encode()))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ses"])
def test_a_call_that_another_secret_signed_is_forged(kind):
    call = signed(kind, bounced(kind, Message()))
    other = SENDGRID_KEY if kind == "sendgrid" else "whsec_" + base64.b64encode(b"x" * 24).decode()

    with pytest.raises(WebhookForged):
        make_reader(hook(kind))(call.request(), other)


@pytest.mark.parametrize("kind", SIGNED_TIME)
@pytest.mark.parametrize("later", [timedelta(hours=26), -timedelta(hours=26)])
def test_a_call_that_was_signed_long_ago_or_in_the_future_is_stale(kind, later):
    call = signed(kind, bounced(kind, Message()))

    with pytest.raises(WebhookStale):
        read(kind, call, AT + later)


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("standard", timedelta(minutes=5)),
        ("mailgun", timedelta(hours=12)),
        ("ses", timedelta(minutes=70)),
        ("sendgrid", timedelta(hours=25)),
    ],
)
def test_a_call_may_be_as_old_as_the_providers_last_retry(kind, window):
    call = signed(kind, bounced(kind, Message()))

    assert read(kind, call, AT + window)
    with pytest.raises(WebhookStale):
        read(kind, call, AT + window + timedelta(seconds=1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[" * 100_000, b'"text"', b"17", b"null", b"[[1]]"]
)
def test_what_is_no_object_is_refused_however_it_is_signed(kind, body):
    request = _resigned(kind, body)

    with pytest.raises(WebhookRefused):
        make_reader(hook(kind), AmazonClient())(request, SECRETS[kind])


@pytest.mark.parametrize("kind", ["brevo", "postmark", "sendgrid", "standard"])
def test_what_is_signed_but_no_event_is_malformed(kind):
    with pytest.raises(WebhookMalformed):
        make_reader(hook(kind))(_resigned(kind, b'"text"'), SECRETS[kind])


TRUE_CALLS = {kind: signed(kind, bounced(kind, Message())) for kind in SIGNED_TIME}
"""Signed once, since some signatures are never the same."""


@given(st.data())
def test_no_changed_call_says_anything_else(data):
    kind = data.draw(st.sampled_from(SIGNED_TIME))
    call = TRUE_CALLS[kind]
    true = read(kind, call)
    body, headers = call.body, dict(call.headers)
    where = data.draw(st.sampled_from(["body", *(name for name in headers if "amz" not in name)]))
    if where == "body":
        body = data.draw(mutations(body))
    else:
        headers[where] = data.draw(mutations(headers[where].encode())).decode("latin-1")

    try:
        events = read(kind, call.changed(body=body, headers=headers))
    except (WebhookRefused, CallFailed):  # no such certificate
        return
    # Mailgun doesn't sign the event: a changed one counts as the same
    assert [event.id for event in events] == [event.id for event in true]
    assert kind == "mailgun" or events == true


@given(data=st.data())
def test_no_secret_but_the_right_one_opens(data):
    secret = SECRETS["brevo"]
    guess = data.draw(st.text(max_size=40) | mutations(secret.encode()).map(_latin))
    login = base64.b64encode(f"user:{guess}".encode("utf-8", "replace")).decode()
    proof = data.draw(st.sampled_from([f"Basic {login}", f"Bearer {guess}"]))
    headers = {"authorization": proof}
    request = WebhookRequest(headers=headers, body=b"{}", token=guess, now=AT)

    if guess == secret:
        shared_secret.verify(request, secret)
    else:
        with pytest.raises(WebhookForged):
            shared_secret.verify(request, secret)


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, "umbrella-7"),
        ({"authorization": "Bearer umbrella-7"}, ""),
        ({"authorization": "bearer umbrella-7"}, "wrong"),
        ({"authorization": f"Basic {base64.b64encode(b'anybody:umbrella-7').decode()}"}, ""),
    ],
)
def test_a_secret_may_come_in_the_address_as_a_password_or_as_a_bearer_token(headers, token):
    request = WebhookRequest(headers=headers, body=b"{}", token=token, now=AT)

    shared_secret.verify(request, "umbrella-7")


def test_a_secret_may_name_the_user_as_well():
    def login(pair):
        headers = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return WebhookRequest(headers=headers, body=b"{}", now=AT)

    shared_secret.verify(login(b"brevo:umbrella"), "brevo:umbrella")
    with pytest.raises(WebhookForged):
        shared_secret.verify(login(b"mallory:umbrella"), "brevo:umbrella")
    with pytest.raises(WebhookForged):
        shared_secret.verify(login(b"anybody:"), "")


def test_sendgrids_published_example_is_verified():
    headers = {
        "x-twilio-email-event-webhook-signature": SENDGRID_SIGNATURE,
        "x-twilio-email-event-webhook-timestamp": "1588788367",
    }
    signed_at = datetime.fromtimestamp(1588788367, UTC)
    request = WebhookRequest(headers=headers, body=SENDGRID_BODY, now=signed_at)

    sendgrid.verify(request, SENDGRID_KEY)

    other = WebhookRequest(headers=headers, body=SENDGRID_BODY[:-1], now=signed_at)
    with pytest.raises(WebhookForged):
        sendgrid.verify(other, SENDGRID_KEY)
    with pytest.raises(WebhookStale):
        sendgrid.verify(WebhookRequest(headers=headers, body=SENDGRID_BODY, now=AT), SENDGRID_KEY)


STANDARD_ID, STANDARD_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
STANDARD_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
STANDARD_AT = datetime.fromtimestamp(1614265330, UTC)


@pytest.mark.parametrize("family", ["webhook", "svix"])
@pytest.mark.parametrize(
    "signatures",
    [
        STANDARD_SIGNATURE,
        f"v1,{'A' * 43}= {STANDARD_SIGNATURE}",
        f"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {STANDARD_SIGNATURE}",
    ],
)
def test_the_published_example_of_standard_webhooks_is_verified(family, signatures):
    request = _standard_request(family, signatures)

    standard.verify(request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    standard.verify(request, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.mark.parametrize(
    "signatures", ["", "v1,", STANDARD_SIGNATURE[3:], "v2" + STANDARD_SIGNATURE[2:]]
)
def test_another_version_or_half_a_signature_is_forged(signatures):
    with pytest.raises(WebhookForged):
        standard.verify(_standard_request("webhook", signatures), SECRETS["standard"])


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%", "", "ünïcode"])
def test_what_is_no_secret_of_standard_webhooks_is_named(secret):
    with pytest.raises(SecretUnreadable, match="secret"):
        standard.verify(_standard_request("webhook", STANDARD_SIGNATURE), secret)


@pytest.mark.parametrize("secret", ["", "no key", base64.b64encode(b"\x30\x00").decode()])
def test_what_is_no_key_of_sendgrid_is_named(secret):
    with pytest.raises(SecretUnreadable, match="verification key"):
        sendgrid.read_key(secret)


def test_a_captured_signature_of_mailgun_reports_nothing_else():
    call = signed("mailgun", delivered("mailgun", Message()))
    body = json.loads(call.body)
    body["event-data"] = {"event": "complained", "id": "event-9", "recipient": "bob@example.net"}

    true, false = (
        read("mailgun", call),
        read("mailgun", call.changed(body=json.dumps(body).encode())),
    )

    assert [event.id for event in true] == [event.id for event in false]


@pytest.mark.parametrize(
    "proof", [None, [], {"timestamp": True}, {"timestamp": "1" * 40, "token": "x"}]
)
def test_mailguns_proof_has_a_time_and_a_token(proof):
    request = WebhookRequest(headers={}, body=json.dumps({"signature": proof}).encode(), now=AT)

    with pytest.raises(WebhookForged):
        mailgun.verify(request, SECRETS["mailgun"])


def mutations(content):
    """Content with one byte changed, removed or added, or cut off."""
    places, byte = st.integers(0, len(content) - 1), st.integers(0, 255).map(lambda n: bytes([n]))
    return st.one_of(
        st.builds(lambda at, new: content[:at] + new + content[at + 1 :], places, byte),
        st.builds(lambda at, new: content[:at] + new + content[at:], places, byte),
        st.builds(lambda at: content[:at] + content[at + 1 :], places),
        st.builds(lambda at: content[:at], places),
    )


def _latin(content):
    return content.decode("latin-1")


def _standard_request(family, signatures):
    headers = {f"{family}-id": STANDARD_ID, f"{family}-timestamp": "1614265330"}
    headers[f"{family}-signature"] = signatures
    return WebhookRequest(headers=headers, body=STANDARD_BODY, now=STANDARD_AT)


def _resigned(kind, body):
    """Return a request with any body, and a true signature where it covers the body."""
    call = signed(kind, bounced(kind, Message()))
    if kind == "sendgrid":
        return signed_by_sendgrid(body).request()
    if kind == "standard":
        signature = (
            "v1,"
            + base64.b64encode(
                hmac.digest(
                    base64.b64decode(SECRETS[kind][6:]), b"id.%d." % AT.timestamp() + body, "sha256"
                )
            ).decode()
        )
        headers = {"webhook-id": "id", "webhook-timestamp": str(int(AT.timestamp()))}
        return call.changed(body=body, headers=headers | {"webhook-signature": signature}).request()
    return call.changed(body=body).request()
