"""What a message costs: encoded once and filled in, beside Jinja and EmailMessage per reader.

python -m bench.messages [--rounds N]

60 KB of HTML with 30 personal places, and 6 KB of text. All ways are measured in turn in
every round, by the CPU time of one core; what counts is their ratio in the same round.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime
from itertools import count
from pathlib import Path

import jinja2

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.message import EditionHeaders, MessageTemplate, Recipient
from syndicate.model.deliveries import Claim
from syndicate.model.editions import Content, Edition, EditionKind, link_marker, placeholder

RATIO = 100.0
"""How many times the messages of the plain way there are to be, at least."""
PLAIN = "Jinja + EmailMessage for each reader"
OURS = "encoded once, filled in"
SIGNED = "  and what is theirs signed"
TRACKED = "  and of 30 places all counted links"
WEIGHT, PLACES = 60_000, 30
PLACEHOLDERS = ("name", "unsubscribe", "preferences", "view", "email")
NONCE = "0123456789abcdef"
SUBJECT = "The tram lines return to the harbour"
TOLD = (
    "The harbour gets its tram lines back after eleven years, says the city council; it is " * 2
    + "told.\n"
)
STORY = (
    '<p style="margin:0 0 16px;font-family:Georgia,serif">The city\'s <b>tram lines</b> return to '
    "the harbour after eleven years, the council says; Königsallee follows in spring.</p>\n"
)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

CONFIG = Config.model_validate(
    {
        "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"},
        "newsletters": [{"name": "news"}, {"name": "counted", "tracking": "readers"}],
        "mail": {"from": "Morning Post <news@example.org>"},
        "web": {"url": "https://post.example"},
        "root": Path("/nowhere"),
    }
)
LINKS = SignedLinks(CONFIG, b"0" * 32)

_Way = Callable[[int], bytes]
"""Makes the copy of the reader of a number."""
_Round = dict[str, float]
"""Seconds of a message by each way."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    ways = all_ways()
    assert read(ways[PLAIN](1)) == read(ways[OURS](1)) == read(ways[SIGNED](1))
    rounds = [{name: seconds(way) for name, way in ways.items()} for _ in range(wanted.rounds)]
    report(rounds)
    if ratio(rounds, OURS) < RATIO:
        sys.exit(f"There were to be {RATIO:g} times the messages of the plain way.")


def all_ways() -> dict[str, _Way]:
    """Make ready what is made once for each way."""
    news = prepare("news", markers())
    counted = prepare("counted", [link_marker(NONCE, number + 1) for number in range(PLACES)])
    known = [news.reader(number) for number in range(1000)]
    plain = plainly(content(expressions()))
    return {
        PLAIN: lambda number: plain(known[number % 1000]),
        OURS: lambda number: bytes(news.template.render(known[number % 1000])),
        SIGNED: news.whole,
        TRACKED: counted.whole,
    }


def seconds(way: _Way, least: float = 0.5) -> float:
    """Return the seconds of CPU that a message takes."""
    began = time.process_time()
    for made in count(1):
        way(made)
        if made % 20 == 0 and (spent := time.process_time() - began) > least:
            return spent / made
    raise AssertionError


def report(rounds: Sequence[_Round]) -> None:
    print(f"{'':38} {'CPU µs':>8} {'messages/s':>11} {'ratio':>7}")
    for name in rounds[0]:
        best = min(each[name] for each in rounds)
        print(f"{name:38} {best * 1e6:8.1f} {1 / best:11,.0f} {ratio(rounds, name):7.1f}")


def ratio(rounds: Sequence[_Round], name: str) -> float:
    """Return how many messages there are to one of the plain way's, in the median round."""
    return statistics.median(each[PLAIN] / each[name] for each in rounds)


# ours


@dataclass(frozen=True)
class Prepared:
    """An edition as our connections have it."""

    headers: EditionHeaders
    tracked: TrackedLinks
    template: MessageTemplate

    def reader(self, number: int) -> Recipient:
        """Return a claimed delivery's reader, with everything that is signed for them."""
        claim = Claim(
            edition=41,
            subscriber=number,
            email=f"reader{number}@example.org",
            name=f"Ada Lovelace {number}",
            newsletter=self.headers.newsletter,
            attempt=1,
        )
        return Recipient.of(claim, self.headers, LINKS, self.tracked)

    def whole(self, number: int) -> bytes:
        """Return a reader's copy."""
        return bytes(self.template.render(self.reader(number)))


def prepare(newsletter: str, places: Sequence[str], weight: int = WEIGHT) -> Prepared:
    frozen = tuple(f"https://city.example/{number}" for number in range(PLACES))
    edition = Edition(
        key=41,
        newsletter=newsletter,
        schedule=None,
        kind=EditionKind.DIGEST,
        subject=SUBJECT,
        content="",
        upto=1,
        created_at=NOON,
        slot_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )
    headers = EditionHeaders.of(edition, CONFIG)
    tracked = TrackedLinks.of(41, newsletter, frozen, CONFIG)
    return Prepared(headers, tracked, MessageTemplate.of(content(places, weight), headers))


def content(places: Sequence[str], weight: int = WEIGHT) -> Content:
    """Say as much as a long digest does, or less, with a link to each of some places."""
    stories = STORY * (weight // len(places) // len(STORY))
    html = "".join(f'{stories}<p><a href="{place}">Read on</a></p>\n' for place in places)
    text = "".join(f"{TOLD}{place}\n" for place in places)
    return Content(subject=SUBJECT, preheader="", html=html, text=text, nonce=NONCE)


def markers() -> list[str]:
    """Return what stands in the personal places before a copy is filled in."""
    return [placeholder(NONCE, PLACEHOLDERS[n % len(PLACEHOLDERS)]) for n in range(PLACES)]


# the plain way


def expressions() -> list[str]:
    """Return what stands in the same places of a Jinja template."""
    return [f"{{{{ {PLACEHOLDERS[number % len(PLACEHOLDERS)]} }}}}" for number in range(PLACES)]


def plainly(said: Content) -> Callable[[Recipient], bytes]:
    """Compile templates once, then render and encode everything for each reader."""
    text = jinja2.Environment().from_string(said.text)
    html = jinja2.Environment(autoescape=True).from_string(said.html)

    def write(reader: Recipient) -> bytes:
        slots = {"name": reader.name, "email": reader.email, **reader.links}
        message = EmailMessage(SMTP)
        message["From"] = str(reader.headers.sender)
        message["To"] = f"{reader.name} <{reader.email}>"
        message["Subject"] = said.subject
        message["Date"] = format_datetime(reader.headers.date)
        message["Message-ID"] = reader.message_id
        message["List-Id"] = f"<{reader.headers.newsletter}.{reader.headers.domain}>"
        message["List-Unsubscribe"] = f"<{reader.links['one_click']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Precedence"] = "bulk"
        message["Feedback-ID"] = reader.headers.feedback_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.render(slots), cte="quoted-printable")
        message.add_alternative(html.render(slots), subtype="html", cte="quoted-printable")
        return message.as_bytes()

    return write


def read(raw: bytes) -> tuple[str, ...]:
    """Read a message back, for comparison."""
    parts = message_from_bytes(raw, policy=default).iter_parts()
    return tuple(str(part.get_content()).replace("\r\n", "\n").rstrip("\n") for part in parts)


if __name__ == "__main__":
    main()
