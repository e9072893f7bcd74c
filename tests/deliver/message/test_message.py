import re
from html import escape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.config import Config
from syndicate.deliver.message.message import EditionHeaders, MessageTemplate
from syndicate.errors import Refused
from syndicate.model.editions import EditionKind
from tests.deliver.editions import EMAIL, LEAVE, NAME, content, draft, message, reader
from tests.deliver.parsed_mail import display_name, normal, parse, parts

PUBLICATION = Config.model_validate(
    {
        "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"},
        "newsletters": [
            {"name": "breaking", "title": "Breaking news", "reply_to": "Desk <desk@example.org>"}
        ],
        "mail": {"from": "Morning Post <news@example.org>"},
        "web": {"url": "https://post.example"},
        "root": Path("/nowhere"),
    }
)
ONCE = (
    "From To Subject Date Message-ID Reply-To List-Id List-Unsubscribe List-Unsubscribe-Post "
    "Feedback-ID Auto-Submitted Precedence MIME-Version Content-Type"
)
PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=400
)


def test_every_header_is_there_once():
    parsed = parse(message(content(), reader(PUBLICATION)))

    assert sorted(parsed.keys()) == sorted(ONCE.split())
    assert parsed["From"] == "Morning Post <news@example.org>"
    assert parsed["To"] == "Ada <ada@example.org>"
    assert parsed["Reply-To"] == "Desk <desk@example.org>"
    assert parsed["Date"] == "Tue, 24 Nov 2026 12:00:00 +0000"
    assert parsed["List-Id"] == "Breaking news <breaking.example.org>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(
        r"<https://post\.example/unsubscribe/[\w-]+>", str(parsed["List-Unsubscribe"])
    )
    assert parsed["Feedback-ID"].count(":") == 3
    assert parsed["Feedback-ID"].startswith("41:breaking:")
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert not parsed.defects


@pytest.mark.parametrize("kind", list(EditionKind))
def test_the_size_that_a_server_is_told_is_that_of_the_whole(kind):
    who = reader(PUBLICATION, kind=kind, name="Zoë", email="zoë@x.example")
    whole = MessageTemplate.of(content(html="<p>.\n.\r\n</p>"), who.headers).render(who)

    assert whole.size == len(bytes(whole))
    assert whole.size == len(b"".join(whole.pieces))


def test_the_text_stands_before_the_html():
    parsed = parse(message(content(), reader(PUBLICATION)))

    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_has_no_headers_of_a_mailing_list():
    parsed = parse(message(content(), reader(PUBLICATION, kind=EditionKind.LETTER)))

    assert not [name for name in parsed if name.startswith("List-") or name == "Precedence"]
    assert parsed["Auto-Submitted"] == "auto-generated"


def test_the_same_reader_gets_the_same_bytes_on_every_attempt():
    assert message(content(), reader(PUBLICATION)) == message(content(), reader(PUBLICATION))


def test_the_address_alone_stands_for_a_reader_without_a_name():
    assert parse(message(content(), reader(PUBLICATION, name="")))["To"] == "ada@example.org"


def test_slots_are_escaped_in_html_and_plain_in_text():
    raw = message(content(), reader(PUBLICATION, name='Tom & "Jo" <b>'))
    plain, marked = (part.get_content() for part in parse(raw).iter_parts())

    assert 'Dear Tom & "Jo" <b> <ada@example.org>' in plain
    assert "Dear Tom &amp; &quot;Jo&quot; &lt;b&gt; &lt;ada@example.org&gt;" in marked
    assert "SLOT" not in plain + marked


def test_a_name_that_looks_like_a_marker_is_only_a_name():
    plain = next(parse(message(content(), reader(PUBLICATION, name=LEAVE))).iter_parts())

    assert f"Dear {LEAVE} <" in plain.get_content()


@given(name=PRINTABLE, subject=PRINTABLE, body=st.text(st.characters(exclude_categories=["Cs"])))
@example(name="محمد " * 60, subject="🏳️‍🌈" * 80, body="." + "ű" * 3000 + " \n.\n\nFrom me\n")
@example(name="=?utf-8?b?eA==?=", subject="=?utf-8?b?eA==?=", body="x")
@example(name="O'\"Neil\\, J. (=?x?=) <a@b>", subject=" =?utf-8?b?eA==?= ", body="=\t \n" * 5)
@example(name="x" * 500, subject="y" * 2000, body="--=_alternative--\n--=_alternative\n")
@example(name="a, b; c:", subject="", body="")
def test_what_is_read_back_is_what_was_written(name, subject, body):
    said = content(subject=subject, text=body + NAME, html=body + EMAIL + NAME)
    raw = message(said, reader(PUBLICATION, name=name))
    parsed = parse(raw)

    assert parts(raw) == (normal(body) + name, normal(body) + "ada@example.org" + escape(name))
    assert parsed["Subject"] == subject
    assert [who.addr_spec for who in parsed["To"].addresses] == ["ada@example.org"]
    assert display_name(raw) == name
    assert raw.isascii()
    long = [line for line in raw.split(b"\r\n") if len(line) > 78]
    assert [line.partition(b":")[0] for line in long] in ([], [b"List-Unsubscribe"])
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert b" \r\n" not in raw.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("bad", ["Ada\r\nBcc: all@example.org", "A\nB", "A\rB", "A\0B", "A\x1bB"])
def test_nothing_can_be_slipped_into_a_header(bad):
    with pytest.raises(Refused):
        message(content(), reader(PUBLICATION, name=bad))
    with pytest.raises(Refused):
        message(content(subject=bad), reader(PUBLICATION))
    with pytest.raises(Refused):
        message(content(), reader(PUBLICATION, email=f"ada@example.org{bad}"))
    with pytest.raises(Refused):
        message(content(), reader(PUBLICATION, email=f"{bad}@example.org"))


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@example.org", "ada@", "a b@x.org", "<a@x.org>", "a@x.org,b@x.org", "a@-.-é"],
)
def test_what_is_no_address_is_refused(email):
    with pytest.raises(Refused):
        _ = reader(PUBLICATION, email=email).envelope


def test_a_domain_beyond_ascii_is_written_by_idna():
    ada = reader(PUBLICATION, email="ada@bücher.example")

    assert ada.envelope.recipient == "ada@xn--bcher-kva.example"
    assert b"<ada@xn--bcher-kva.example>" in message(content(), ada)


def test_an_address_beyond_ascii_is_written_in_utf_8():
    raw = message(content(), reader(PUBLICATION, email="adá@example.org"))

    assert "<adá@example.org>".encode() in raw
    assert raw.partition(b"\r\n\r\n")[2].isascii()


def test_a_surrogate_in_the_text_is_refused_rather_than_raised_from_the_codec():
    with pytest.raises(Refused):
        message(content(text="\ud800"), reader(PUBLICATION))


def test_an_edition_whose_newsletter_left_the_config_is_from_the_publication():
    imprint = EditionHeaders.of(draft(newsletter="evening"), PUBLICATION)

    assert str(imprint.sender) == "Morning Post <news@example.org>"
    assert imprint.title == "Evening"
