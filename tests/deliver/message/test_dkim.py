"""What we sign, as a stranger's verifier takes it (dkimpy)."""

import base64
import hashlib
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from syndicate.deliver.message.dkim import SIGNED_FIELDS, DkimKeyring, body_hash
from syndicate.deliver.message.message import Message, MessageTemplate
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.worker import configured_transports
from syndicate.model.editions import EditionKind
from tests.deliver.dkim_keys import keys, records, verdicts
from tests.deliver.editions import content, drain_ledger, freeze, reader, subscribe

BOTH = ("rsa", "ed25519")


DOMAIN = "example.org"


PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=300
)


@pytest.fixture
def config(publication, tmp_path):
    def make(*kinds: str, sender="Morning Post <news@example.org>", mail=None, **key):
        mail = {"from": sender, "dkim": keys(tmp_path, *kinds, **key), **(mail or {})}
        newsletters = [{"name": "breaking", "title": "Eilmeldungen für Größenwahn"}]
        web = {"url": "https://post.example"}
        return publication(mail=mail, newsletters=newsletters, web=web)

    return make


def signed(
    config, *, kind=EditionKind.ALERT, domain=DOMAIN, name="Ada", email="ada@x.example", **said
):
    who = reader(config, kind=kind, name=name, email=email)
    signer = DkimKeyring.of(config).signer(domain)
    assert signer is not None
    return bytes(signer.sign(MessageTemplate.of(content(**said), who.headers).render(who)))


def fields(raw: bytes) -> list[bytes]:
    head = raw.partition(b"\r\n\r\n")[0]
    return re.split(rb"\r\n(?![ \t])", head)


def tag(field: bytes, name: str) -> str:
    found = re.search(rf"[:;]\s*{name}=([^;]*)", field.decode())
    assert found, name
    return re.sub(r"\s+", "", found[1])


@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), BOTH], ids=" ".join)
@pytest.mark.parametrize("kind", list(EditionKind))
def test_a_stranger_verifies_every_signature_of_every_kind_of_message(config, kind, kinds):
    given = config(*kinds)

    raw = signed(given, kind=kind, name="Zoë Ⓐ 王", subject="Größe: 「列車」 🚋 " * 12)

    assert verdicts(raw, records(given, DOMAIN)) == [True] * len(kinds)


def test_an_address_beyond_ascii_is_signed_as_the_bytes_that_it_is(config):
    given = config(*BOTH)

    raw = signed(given, email="zoë@x.example")

    assert not raw.isascii()
    assert verdicts(raw, records(given, DOMAIN)) == [True, True]


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=PRINTABLE, subject=PRINTABLE, text=st.text(st.characters(exclude_categories=["Cs"])))
@example(name="محمد " * 50, subject="x" * 1500, text="\n\n\n")
@example(name="", subject="", text="")
@example(name="a\xa0  b", subject="  two  spaces ", text=".\n..\n \n")
def test_any_name_subject_and_text_verifies(config, name, subject, text):
    given = config(*BOTH)

    raw = signed(given, name=name, subject=subject, text=text, html=text)

    assert verdicts(raw, records(given, DOMAIN)) == [True, True]
    assert max(len(line) for line in fields(raw)[0].split(b"\r\n")) <= 78


def test_every_field_of_bulk_mail_is_covered_and_those_that_count_once_more(config):
    raw = signed(config("rsa", mail={"reply_to": "desk@example.org"}))
    signature, *rest = fields(raw)

    listed = tag(signature, "h").split(":")
    there = [field.partition(b":")[0].decode() for field in rest]
    once_more = ["From", "To", "Cc", "Subject", "Date", "Reply-To", "MIME-Version"]

    assert sorted(listed) == sorted(there + once_more)
    assert set(there) <= set(SIGNED_FIELDS)
    assert {
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe",
        "List-Unsubscribe-Post", "Feedback-ID", "Reply-To", "MIME-Version", "Content-Type",
    } <= set(there)  # fmt: skip


def test_a_signature_says_what_it_is(config):
    rsa, ed25519 = fields(signed(config(*BOTH)))[:2]

    for field, algorithm, selector in (
        (rsa, "rsa-sha256", "s-rsa"),
        (ed25519, "ed25519-sha256", "s-ed25519"),
    ):
        assert field.startswith(b"DKIM-Signature: v=1;")
        assert (tag(field, "a"), tag(field, "c")) == (algorithm, "relaxed/simple")
        assert (tag(field, "d"), tag(field, "s")) == (DOMAIN, selector)
        assert not re.search(rb"[;\s][ltx]=", field)
    assert tag(rsa, "bh") == tag(ed25519, "bh")


def test_a_changed_byte_of_the_body_fails(config):
    given = config(*BOTH)
    raw = signed(given)
    end = raw.index(b"\r\n\r\n") + 4

    for at in range(end, len(raw), 37):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        assert verdicts(changed, records(given, DOMAIN)) == [False, False], at
    assert verdicts(raw + b"x\r\n", records(given, DOMAIN)) == [False, False]


def test_a_field_that_is_changed_or_taken_away_fails(config):
    given = config(*BOTH, mail={"reply_to": "desk@example.org"})
    raw = signed(given)
    ours, rest = fields(raw)[:2], fields(raw)[2:]
    body = raw.partition(b"\r\n\r\n")[2]

    def whole(*others):
        return b"\r\n".join([*ours, *others]) + b"\r\n\r\n" + body

    assert verdicts(whole(*rest), records(given, DOMAIN)) == [True, True]
    for number, field in enumerate(rest):
        others = rest[:number], rest[number + 1 :]
        changed = field[:-1] + bytes([field[-1] ^ 1])
        assert verdicts(whole(*others[0], changed, *others[1]), records(given, DOMAIN)) == [
            False,
            False,
        ], field
        assert verdicts(whole(*others[0], *others[1]), records(given, DOMAIN)) == [False, False], (
            field
        )


@pytest.mark.parametrize("name", ["From", "Subject", "To", "Date", "Reply-To", "Cc"])
def test_a_field_that_is_added_fails(config, name):
    given = config(*BOTH)
    raw = signed(given)

    for added in (
        f"{name}: evil@x.example\r\n".encode() + raw,
        raw.replace(b"\r\n\r\n", f"\r\n{name}: evil@x.example\r\n\r\n".encode(), 1),
    ):
        assert verdicts(added, records(given, DOMAIN)) == [False, False]


def test_what_relays_do_on_the_way_does_no_harm(config):
    given = config(*BOTH)
    raw = signed(given, subject="One two three")

    folded = raw.replace(b"Subject: One two three", b"SUBJECT:  One\r\n\t two   three ")
    traced = b"Received: from a by b; Tue, 24 Nov 2026 12:00:00 +0000\r\n" + folded

    assert traced != raw
    assert verdicts(traced, records(given, DOMAIN)) == [True, True]


def test_another_key_in_dns_fails(config, tmp_path):
    given = config("rsa")
    wrong = dict.fromkeys(records(given, DOMAIN), "v=DKIM1; k=rsa; p=" + "A" * 300)

    assert verdicts(signed(given), wrong) == [False]


def test_the_same_copy_has_the_same_signatures_on_every_attempt(config):
    given = config(*BOTH)

    assert signed(given) == signed(given)


@pytest.mark.parametrize("body", [b"", b"x", b"x\r\n", b"x\r\n\r\n\r\n", b"\r\n", b"x \r\n"])
def test_the_body_is_canonicalised_as_the_standard_says(body):
    canonical = re.sub(rb"(\r\n)*\Z", b"", body) + b"\r\n"

    assert body_hash(body) == hashlib.sha256(canonical).digest()


def test_a_known_body_has_the_hash_that_rfc_6376_names():
    # 3.4.3: the empty body
    assert base64.b64encode(body_hash(b"")) == b"frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="


def test_several_fields_of_a_name_are_signed_from_the_last_up(config):
    given = config("rsa")
    signer = DkimKeyring.of(given).signer(DOMAIN)
    assert signer is not None
    copy = Message((b"From: a@example.org\r\n", b"Cc: one\r\n", b"CC: two\r\n"), [b"x\r\n"])

    raw = bytes(signer.sign(copy))

    assert verdicts(raw, records(given, DOMAIN)) == [True]
    swapped = raw.replace(b"one", b"tmp").replace(b"two", b"one").replace(b"tmp", b"two")
    assert verdicts(swapped, records(given, DOMAIN)) == [False]


# who signs for whom


@pytest.mark.parametrize(
    ("sender", "signing", "by"),
    [
        ("news@example.org", None, "example.org"),
        ("news@mail.example.org", None, "mail.example.org"),
        ("news@mail.example.org", "example.org", "example.org"),
        ("news@Mail.Example.ORG", "example.org", "example.org"),
        ("news@bücher.example", None, "xn--bcher-kva.example"),
        ("news@bücher.example", "BÜCHER.example", "xn--bcher-kva.example"),
        ("news@notexample.org", "example.org", None),
        ("news@example.org", "mail.example.org", None),
    ],
)
def test_a_key_signs_for_its_domain_and_those_below(config, sender, signing, by):
    given = config("ed25519", sender=sender, **({"domain": signing} if signing else {}))
    domain = reader(given).headers.domain
    with capture_logs() as logs:
        signer = DkimKeyring.of(given).signer(domain)

    assert [log["event"] for log in logs] == ([] if by else ["mail goes out unsigned"])
    assert ([seal.domain for seal in signer.keys] if signer else None) == ([by] if by else None)
    if by:
        assert verdicts(signed(given, domain=domain), records(given, domain)) == [True]


def test_while_a_key_is_gone_nothing_leaves(sqlite_store, config, tmp_path):
    given = config("rsa")
    subscribe(sqlite_store, "ada@x.example")
    freeze(sqlite_store)
    (tmp_path / "rsa.pem").unlink()

    delivered = drain_ledger(sqlite_store, given, configured_transports(given))

    [reason] = delivered.unavailable
    assert reason.startswith("mail.dkim s-rsa: ")
    assert "rsa.pem can't be read" in reason
    assert not Outbox.of(given).messages()
