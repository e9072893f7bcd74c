"""Request bodies: long, malformed and hostile ones."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.web.forms import MAX_BODY_SIZE, parse_form
from tests.linear_time import assert_linear


@pytest.mark.neighbours
def test_a_body_that_is_too_long_is_not_read(site):
    opened = site()
    long = "x" * (MAX_BODY_SIZE + 1)
    assert opened.sign_up(filler=long).status_code == 400
    sent = {"email": "anna@example.org", "name": long}
    assert opened.client.post("/api/signup", json=sent).status_code == 400
    assert opened.sign_up(**{f"field{n}": "x" for n in range(300)}).status_code == 400
    assert opened.reader() is None


@pytest.mark.neighbours
def test_an_endless_body_ends(site):
    opened = site()

    def endless():
        for _ in range(10_000):
            yield b"x" * 1000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    try:
        answer = opened.client.post("/signup", content=endless(), headers=headers)
    except httpx.TransportError:  # the server hung up, as it may
        return
    assert answer.status_code == 400


MULTIPART = "multipart/form-data; boundary=x"


NAME = 'form-data; name="name"'


def part(disposition: str = NAME, value: bytes = b"x", kind: str = "text/plain") -> bytes:
    """Return a multipart form of one field."""
    head = f"Content-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n"
    return b"--x\r\n" + head.encode() + value + b"\r\n--x--\r\n"


def fields(kind, body):
    form = parse_form(kind, body)
    assert form is not None
    return dict(form)


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "unicode_escape", "utf-7", "nonsense"])
def test_a_multipart_form_is_utf_8_whatever_it_says(charset):
    kind = f"text/plain; charset={charset}"
    assert fields(MULTIPART, part(value="Zoë".encode(), kind=kind)) == {"name": "Zoë"}
    assert fields(MULTIPART, part(value=b"\\ud800", kind=kind)) == {"name": "\\ud800"}
    assert fields(MULTIPART, part(value=b"Zo\xeb", kind=kind)) == {"name": "Zo\ufffd"}


def test_an_attached_file_is_no_field():
    assert fields(MULTIPART, part(f'{NAME}; filename="words.txt"')) == {}


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-8", "utf-16-be"])
def test_no_field_name_has_a_lone_surrogate(charset):
    form = parse_form(MULTIPART, part(f"form-data; name*={charset}''x%5Cud800%ED%A0%80%FF"))
    assert form is None or "".join(form).encode()


@pytest.mark.neighbours
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MULTIPART, part("form-data; name=" + "(" * 900)),
        (MULTIPART, part("form-data; name=" + "(" * 15_000)),
        (MULTIPART, part(kind="text/plain; " + "(" * 900)),
        (MULTIPART, part(kind="text/plain; " + "(" * 15_000)),
        (f"{MULTIPART}; " + "(" * 900, part()),
        (f"{MULTIPART}; " + "(" * 15_000, part()),
    ],
    ids=["name", "long name", "kind", "long kind", "kind of all", "long kind of all"],
)
def test_brackets_in_a_header_are_refused_as_no_form(site, kind, body):
    opened = site()
    answer = opened.client.post("/signup", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert "Something went wrong" in answer.text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda quotes: (MULTIPART, part(f"form-data; name={quotes}")),
        lambda quotes: (MULTIPART, part(kind=f"text/plain; {quotes}")),
        lambda quotes: (f"{MULTIPART}; {quotes}", part()),
    ],
    ids=["name", "kind", "kind of all"],
)
def test_a_long_header_is_refused_at_once(spoil):
    assert parse_form(*spoil('"' * 15_000)) is None

    def read(size):
        form = spoil('"' * (size // 10))
        return lambda: parse_form(*form)

    assert_linear(read)


TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n\0<>\"'&%{}@."), max_size=40
)


NAMES = st.sampled_from(
    ["email", "name", "newsletter", "fields.city", "fields.", "at", "altcha", "subject"]
)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


KINDS = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        "",
    ]
)


BODY = st.binary(max_size=200) | st.sampled_from(
    [b"[" * 9000, b'{"email": ' + b"9" * 5000 + b"}", b'{"email": "\\ud800@example.org"}', b"{}"]
)


@pytest.mark.neighbours
@pytest.mark.parametrize("work", [False, True])
def test_nothing_that_is_sent_breaks_anything(site, work):
    opened = site(
        signup={"fields": [{"name": "city"}], "proof_of_work": work, "per_network": 10_000}
    )
    effort = settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )

    @effort
    @given(st.lists(st.tuples(NAMES, TEXT), max_size=6))
    def forms(pairs):
        files = [(name, (None, value.encode())) for name, value in pairs]
        sent: dict[str, list[str]] = {}
        for name, value in pairs:
            sent.setdefault(name, []).append(value)
        for more in ({"data": sent}, {"files": files}):
            assert opened.client.post("/signup", **more).status_code < 500

    @effort
    @given(st.dictionaries(st.sampled_from(["email", "name", "fields", "newsletters"]), JSON))
    def objects(given_):
        text = json.dumps(given_)
        headers = {"content-type": "application/json"}
        answer = opened.client.post("/api/signup", content=text, headers=headers)
        assert answer.status_code in {202, 400}

    @effort
    @given(KINDS, BODY, st.sampled_from(["/signup", "/api/signup", "/confirm/x"]))
    def bodies(kind, body, path):
        headers = {"content-type": kind}
        assert opened.client.post(path, content=body, headers=headers).status_code < 500

    forms()
    objects()
    bodies()
