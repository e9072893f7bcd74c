"""Copies of one edition: what is read back is what was rendered, with the reader's own in it."""

import re
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.message import MessageTemplate, Recipient
from syndicate.errors import Refused
from syndicate.model.deliveries import Claim
from syndicate.model.editions import CANARY, PLACEHOLDERS, link_marker, placeholder
from tests.deliver.editions import NAME, NONCE, SECRET, content, edition, message, reader
from tests.deliver.parsed_mail import display_name, normal, parse, parts

PUBLICATION = Config.model_validate(
    {
        "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"},
        "newsletters": [{"name": "breaking", "tracking": "readers"}],
        "mail": {"from": "Morning Post <news@example.org>"},
        "web": {"url": "https://post.example"},
        "root": Path("/nowhere"),
    }
)
LEADS = (
    "https://city.example/dam?a=1&b=2#c=d",
    ".https://dots.example/" + "." * 300,
    "From https://odd.example/' \"<é>",
)
"""Where links lead: what has to be escaped, broken, and kept from the beginning of a line."""
MARKERS = {name: placeholder(NONCE, name) for name in PLACEHOLDERS}
MARKERS |= {f"link{number}": link_marker(NONCE, number) for number in range(len(LEADS) + 1)}
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=300
)
ODD = st.sampled_from([".", "\n.", "From ", "\n", "\r", "\r\n", " ", "\t", " \n", "=", "=\n", "x"])
LENGTHS = st.integers(60, 90).map("y".__mul__)
SAID = st.lists(st.one_of(WORDS, ODD, LENGTHS, *map(st.just, MARKERS.values())), max_size=14)
LONG = (b"To:", b"Message-ID:", b"List-Unsubscribe:", b" <")
"""Lines that may be longer than 78 octets: one word of a header, which can't be folded."""


def person(name: str = "Ada", email: str = "ada@example.org") -> Recipient:
    own = {"preferences": "https://post.example/p?a=1&b=2", "view": "", "confirm": "=" * 99}
    ada = reader(PUBLICATION, name=name, email=email)
    canary = "https://post.example/c/?a&b"
    return replace(ada, links={**ada.links, **own}, link_urls=LEADS, canary=canary)


def filled(said: str, who: Recipient, *, html: bool) -> str:
    """Say what a reader is to read, put together in another way than copies are."""
    values = {"name": who.name, "email": who.email, **who.links}
    del values["one_click"]  # it is in the header alone
    values |= {f"link{number}": address for number, address in enumerate(who.link_urls, 1)}
    written = {MARKERS[name]: escape(value) if html else value for name, value in values.items()}
    written[MARKERS[f"link{CANARY}"]] = hidden(who.canary) if html else ""
    read, rest = "", normal(said)
    while rest:
        marker = next((each for each in written if rest.startswith(each)), "")
        read += written.get(marker, rest[0])
        rest = rest[len(marker) or 1 :]
    return read


def hidden(address: str) -> str:
    return (
        f'<a href="{escape(address)}" tabindex="-1" aria-hidden="true" '
        'style="display:none;font-size:0;line-height:0;max-height:0;overflow:hidden"></a>'
    )


@given(text=SAID, html=SAID, name=NAMES, email=st.emails(domains=st.just("example.org")))
@example(text=[NAME], html=[NAME], name="", email="a@example.org")
@example(text=[], html=[], name="x", email="a@example.org")
@example(text=[NAME, NAME, ".", NAME], html=["\n", NAME, " ", NAME, "\n"], name=".", email="a@b.c")
@example(text=[NAME, "\n"], html=["x" * 75, NAME, "x"], name="From me ", email="a@b.c")
@example(text=["\t", NAME, "\t\n"], html=[NAME, "."], name="محمد 🏳️‍🌈 " * 60, email="a@b.c")
@example(text=list(MARKERS.values()), html=list(MARKERS.values()), name="<b>&=", email="a@b.c")
@example(text=["x", "\r"], html=[NAME, "\r"], name="", email="a@b.c")
@example(text=["\r", NAME, "\n"], html=["=\n=", NAME], name="", email="a@b.c")
@example(text=[NAME], html=[NAME], name=NAME, email="x" * 60 + "." + "y" * 150 + "@example.org")
def test_what_is_read_back_is_what_was_rendered(text, html, name, email):
    who = person(name, email)
    said = content(text="".join(text), html="".join(html))
    raw = message(said, who)
    parsed = parse(raw)

    assert parts(raw) == (filled(said.text, who, html=False), filled(said.html, who, html=True))
    assert not parsed.defects
    assert display_name(raw) == name
    assert [to.addr_spec for to in parsed["To"].addresses] == [email]
    assert parsed["Message-ID"] == who.message_id
    assert str(parsed["List-Unsubscribe"]) == f"<{who.links['one_click']}>"
    assert raw == message(said, who)
    assert_fit_for_the_wire(raw)


def assert_fit_for_the_wire(raw: bytes) -> None:
    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert not [line for line in lines if line.startswith((b".", b"From "))]
    assert not [line for line in lines if len(line) > 78 and not line.startswith(LONG)]
    assert max(map(len, lines)) <= 998
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert body.endswith(b"--\r\n")
    assert head


def test_a_hundred_links_each_count_the_clicks_of_their_reader():
    links = SignedLinks(PUBLICATION, SECRET)
    leads = TrackedLinks.of(
        41, "breaking", tuple(f"https://city.example/{n}" for n in range(100)), PUBLICATION
    )
    places = [link_marker(NONCE, number) for number in range(1, 101)]
    said = content(text="\n".join(places), html=" ".join(places) + link_marker(NONCE, CANARY))
    template = MessageTemplate.of(said, edition(PUBLICATION))
    for subscriber in (7, 8):
        claim = Claim(
            edition=41, subscriber=subscriber, email="ada@example.org", name="Ada",
            newsletter="breaking", attempt=1,
        )  # fmt: skip
        raw = bytes(template.render(Recipient.of(claim, edition(PUBLICATION), links, leads)))
        text, html = parts(raw)
        counted = [links.read_click(each.rpartition("/")[2]) for each in text.split("\n")]
        assert counted == [(41, number, subscriber) for number in range(1, 101)]
        assert html.startswith(" ".join(text.split("\n")))
        (canary,) = re.findall(r'/c/([\w-]+)" tabindex', html)
        assert links.read_click(canary) == (41, CANARY, subscriber)


@pytest.mark.parametrize(
    ("text", "html", "encodings"),
    [
        ("وصلت العبّارة إلى الميناء القديم. ", "<p>وصلت العبّارة إلى الميناء</p>", ["base64"] * 2),
        ("連絡船の運航を見合わせる。", '<p style="margin:0 0 16px">船</p>', ["base64", "quoted-printable"]),
        ("Auf dem Fluß lag Nebel; am Kai stand niemand.", "<p>Übermut</p>", ["quoted-printable"] * 2),
        ("", "", ["quoted-printable"] * 2),
    ],
)  # fmt: skip
def test_each_part_is_written_in_the_shorter_way(text, html, encodings):
    markers = "".join(MARKERS.values())
    said = content(text=text * 40 + markers + text * 3, html=html * 60 + markers + html)
    who = person("Ωμέγα")
    raw = message(said, who)

    assert [part["Content-Transfer-Encoding"] for part in parse(raw).iter_parts()] == encodings
    assert parts(raw) == (filled(said.text, who, html=False), filled(said.html, who, html=True))
    for part in parse(raw).iter_parts():
        if part["Content-Transfer-Encoding"] == "base64":
            assert all(str(part.get_payload()).splitlines()), "filters count empty lines in base64"
    assert_fit_for_the_wire(raw)


def test_a_reader_whose_clicks_are_not_counted_gets_no_hidden_link():
    said = content(html=f"<p>Hello</p>{link_marker(NONCE, CANARY)}")

    assert parts(message(said, replace(person(), canary="")))[1] == "<p>Hello</p>"


def test_copies_of_two_readers_differ_in_what_is_their_own_alone():
    ada, ben = (message(content(), person(n, f"{n}@example.org")) for n in ("ada", "ben"))

    assert ada != ben
    assert ada.replace(b"ada", b"ben") == ben


def test_a_message_is_its_fields_an_empty_line_and_its_body():
    made = MessageTemplate.of(content(), edition(PUBLICATION)).render(person("محمد " * 30))

    assert bytes(made) == b"".join(made.fields) + b"\r\n" + made.body
    assert all(re.fullmatch(rb"[A-Za-z-]+:(?: .+\r\n)+", field) for field in made.fields)
    names = [field.partition(b":")[0].decode() for field in made.fields]
    assert names == list(parse(bytes(made)).keys())


@pytest.mark.parametrize(
    "email", ["محمد@example.org", "ü" * 30 + "@example.org", "🚋@xn--bcher-kva.example"]
)
def test_an_address_beyond_ascii_is_in_utf_8_in_its_header_and_quoted_in_the_body(email):
    said = content(text=MARKERS["email"], html=MARKERS["email"])
    raw = message(said, person(email=email))

    assert parts(raw) == (email, email)
    assert f"<{email}>".encode() in raw.partition(b"\r\n\r\n")[0]
    assert raw.partition(b"\r\n\r\n")[2].isascii()


@pytest.mark.parametrize(
    "bad", ["A\r\nBcc: all@example.org", "A\nB", "A\rB", "A\0B", "A\x85B", "A\u2028B", "A\ud800B"]
)
def test_a_reader_who_can_not_be_written_to_spoils_no_other_copy(bad):
    template = MessageTemplate.of(content(), edition(PUBLICATION))
    with pytest.raises(Refused):
        template.render(person(bad))
    with pytest.raises(Refused):
        template.render(person(email=f"{bad}@example.org"))

    assert parts(bytes(template.render(person())))[0].startswith("Dear Ada <ada@example.org>")


@pytest.mark.parametrize("part", ["text", "html", "subject"])
def test_an_edition_that_can_not_be_written_is_refused(part):
    with pytest.raises(Refused):
        MessageTemplate.of(content(**{part: "\ud800"}), edition(PUBLICATION))


def test_a_link_that_can_not_be_written_is_refused():
    with pytest.raises(Refused):
        message(content(text=link_marker(NONCE, 1)), replace(person(), link_urls=("\ud800",)))
