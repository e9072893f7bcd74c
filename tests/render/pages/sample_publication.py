"""A small publication with articles as a real one has them, and pictures drawn for it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, ImageFilter

from syndicate.config import AdSlot, Config
from syndicate.config.sections.pages import AdsSettings
from syndicate.config.sections.publication import PublicationSettings
from syndicate.model.articles import Article, Comments, Figure, Person

AT = datetime(2026, 11, 24, 13, 17, tzinfo=UTC)

ADS = AdsSettings(
    header=AdSlot(
        html='<a href="https://ad.example/">A quiet word from our sponsor</a>',
        amp={"type": "doubleclick", "width": 320, "height": 50, "data-slot": "/1/header"},
        height=50,
    ),
    post_top=AdSlot(
        html='<a href="https://ad.example/">Coffee by the harbour</a>',
        amp={"type": "doubleclick", "width": 300, "height": 250, "data-slot": "/1/top"},
        height=250,
    ),
)


def publication(**changes: Any) -> PublicationSettings:
    values: dict[str, Any] = {
        "id": UUID("6f1c1d3e-7f0b-4f7e-9d53-0a5f5d1d2a10"),
        "title": "The Harbour Post",
        "url": "https://post.example",
        "language": "en",
        "timezone": ZoneInfo("Europe/Berlin"),
        "description": "News from the river, the port and the city",
    }
    return PublicationSettings(**(values | changes))


def config(root: Path, **changes: Any) -> Config:
    tables = {key: changes.pop(key) for key in ("ads", "amp", "sections", "web") if key in changes}
    return Config(publication=publication(**changes), root=root, **tables)


def figure(name: str = "dam", **changes: Any) -> Figure:
    values: dict[str, Any] = {
        "src": f"media/{name}.jpg",
        "alt": "A concrete dam between dark hills at dusk",
        "caption": "The Arden dam on Monday evening, an hour before the gates were opened.",
        "credit": "Mara Lind for The Harbour Post",
        "width": 1500,
        "height": 1000,
        "type": "image/jpeg",
        "length": 84_211,
    }
    return Figure(**(values | changes))


def article(title: str = "The dam holds", **changes: Any) -> Article:
    values: dict[str, Any] = {
        "key": 1,
        "id": "urn:uuid:2f1f4c0e-5b1d-5e4e-8b4c-0a0a0a0a0a0a",
        "slug": title.lower().replace(" ", "-").replace("’", "").replace(",", ""),
        "title": title,
        "body": "<p>The water stood two hands below the crest.</p>",
        "date": AT - timedelta(minutes=12),
        "first_seen": AT - timedelta(minutes=12),
        "saved_at": AT - timedelta(minutes=12),
    }
    return Article(**(values | changes))


def markup_of(picture: Figure) -> str:
    """Write a figure as `Revision.body` promises it."""
    size = f' width="{picture.width}" height="{picture.height}"' if picture.width else ""
    cite = f" <cite>{picture.credit}</cite>" if picture.credit else ""
    return (
        f'<figure><img src="{picture.src}" alt="{picture.alt}"{size}/>'
        f"<figcaption>{picture.caption}{cite}</figcaption></figure>"
    )


GATES = figure(
    "gates",
    alt="Two engineers in yellow jackets beside a wheel as tall as they are",
    caption="The night crew at the third gate, which had not been moved since 1998.",
    credit="Jonas Weller",
)

LONG = f"""
<p>The water stood two hands below the crest of the Arden dam when the engineers decided, shortly
before four in the morning, to open the third gate. It had not been moved in twenty-eight years.
“We had drawings, and we had a wheel,” said Helene Brandt, who leads the night crew.
“Nobody living had turned it.”</p>
<p>By noon the level had fallen by <em>forty centimetres</em>, and the two villages below it, where
some <a href="https://example.org/evacuation">1,900 people</a> had been told to pack, were quiet.
The river authority called the danger “past for now”, and said that it would keep the gates open
until Thursday.</p>
{markup_of(GATES)}
<h2 id="arden-a-night">A night at the wheel</h2>
<p>The decision was not in any plan. The plan, a binder of 214 pages, knows two gates; the third
was taken out of the books in the spring of 1999 and left in the wall.<sup id="arden-fnref1">
<a href="#arden-fn1">1</a></sup></p>
<blockquote><p>You open a gate for the people below it. Everything else you can explain
afterwards.</p></blockquote>
<p>What the crew had, besides the drawings, was a pump that runs on diesel, four lamps, and a
table that the authority publishes every hour:</p>
<table><thead><tr><th scope="col">Hour</th><th scope="col">Level, m</th><th scope="col">Inflow, m³/s</th><th scope="col">Outflow, m³/s</th></tr></thead>
<tbody><tr><td>02:00</td><td>41.92</td><td>610</td><td>388</td></tr>
<tr><td>04:00</td><td>42.31</td><td>655</td><td>391</td></tr>
<tr><td>06:00</td><td>42.18</td><td>640</td><td>702</td></tr>
<tr><td>12:00</td><td>41.90</td><td>598</td><td>715</td></tr></tbody></table>
<h3 id="arden-what-is-next">What happens next</h3>
<ul><li>The gates stay open until Thursday at noon.</li>
<li>The bridge at Lower Arden stays closed to lorries.</li>
<li>An inquiry will ask who took the third gate out of the books.</li></ul>
<p>The readings are public, as a file that anybody can ask for:</p>
<pre><code>curl https://levels.example/arden.csv?from=2026-11-24T00:00&amp;to=2026-11-24T12:00&amp;columns=level,inflow,outflow</code></pre>
<p>Nobody has asked for it more often, the authority says, than the school in Lower Arden.</p>
<div class="footnotes"><ol><li id="arden-fn1"><p>The entry reads “not in use”.</p></li></ol></div>
"""

STORIES: tuple[dict[str, Any], ...] = (
    {
        "title": "Arden dam holds after engineers open a gate nobody living had turned",
        "section": "Region",
        "breaking": True,
        "summary": "The level has fallen by forty centimetres since four in the morning. Two villages that had been told to pack may stay.",
        "image": figure("dam"),
        "body": LONG,
        "authors": (
            Person(name="Helene Okafor", url="https://post.example/okafor"),
            Person(name="Tomas Reuter"),
        ),
        "contributors": (
            Person(name="David E. Sanger", place="Hanoi"),
            Person(name="Motoko Rich", place="Hanoi"),
            Person(name="Austin Ramzy", place="Hong Kong"),
            Person(name="Choe Sang-Hun", place="Seoul, South Korea"),
        ),
        "tags": ("river", "dam"),
        "comments": Comments(count=12),
        "updated": AT - timedelta(minutes=2),
        "minutes": 47,
    },
    {
        "title": "Ferry line to the islands is saved, for a winter",
        "section": "Port",
        "breaking": True,
        "summary": "The council found the money at half past one in the night, in the account for a bridge that was never built.",
        "image": figure(
            "ferry",
            alt="A white ferry under a low sun",
            caption="The “Möwe” leaving the outer harbour.",
            credit="Ines Halloran",
        ),
        "minutes": 95,
        "authors": (Person(name="Ines Halloran"),),
    },
    {
        "title": "What the tide tables of 1911 still know",
        "section": "Science",
        "summary": "A clerk counted waves for thirty years. Oceanographers have finally read him.",
        "image": figure(
            "tide",
            alt="Rows of handwritten figures on yellowed paper",
            caption="",
            credit="Port archive",
        ),
        "minutes": 60 * 7,
    },
    {
        "title": "Orchard Street gets its trams back",
        "section": "City",
        "summary": "The rails were under the asphalt all along.",
        "image": figure(
            "tram", alt="A red tram between bare trees", caption="Line 4 on a trial run."
        ),
        "minutes": 60 * 11,
    },
    {
        "title": "The baker who writes the weather on his bread",
        "section": "City",
        "summary": "Three cuts for rain, one for sun, and since last winter a fourth that nobody wanted.",
        "minutes": 60 * 26,
    },
    {
        "title": "Why the cranes stand still at noon",
        "section": "Port",
        "excerpt": "It isn’t lunch. It is the light, and a rule from 1968 that the dockers have defended against four harbour masters and one minister.",
        "minutes": 60 * 50,
    },
    {
        "title": "A library opens inside a grain silo",
        "section": "Culture",
        "summary": "Eleven floors, one staircase, no lift: the architects call it a reading exercise.",
        "image": figure("silo", alt="A round concrete hall lined with shelves"),
        "minutes": 60 * 24 * 4,
    },
    {
        "title": "Der Fluss, der rückwärts floss",
        "section": "Region",
        "language": "de",
        "summary": "Zwei Stunden lang stand die Strömung im November still. Dann drehte sie um.",
        "minutes": 60 * 24 * 9,
    },
    {
        "title": "Chess club wins a match by post that began in 1979",
        "section": "Culture",
        "summary": "The last move came on a card with a stamp that is no longer sold.",
        "minutes": 60 * 24 * 400,
    },
)


def edition() -> list[Article]:
    """Return the publication's articles, newest first."""
    made = []
    for number, story in enumerate(STORIES, start=1):
        values = dict(story)
        filed = AT - timedelta(minutes=values.pop("minutes"))
        values.setdefault("excerpt", values.get("summary", ""))
        values |= {"key": number, "id": f"urn:x:{number}", "slug": f"story-{number}"}
        values |= {"date": filed, "first_seen": filed, "saved_at": filed}
        made.append(article(**values))
    return made


def draw(folder: Path) -> None:
    """Draw the pictures that the articles show."""
    folder.mkdir(parents=True, exist_ok=True)
    skies = {
        "dam": ((38, 52, 70), (214, 148, 98)),
        "gates": ((24, 30, 38), (196, 160, 70)),
        "ferry": ((120, 158, 178), (246, 214, 160)),
        "tide": ((226, 208, 168), (198, 172, 122)),
        "tram": ((176, 188, 190), (222, 214, 200)),
        "silo": ((92, 84, 76), (206, 190, 164)),
    }
    for number, (name, (top, bottom)) in enumerate(skies.items()):
        _landscape(number, top, bottom).save(folder / f"{name}.jpg", quality=82)


def _landscape(number: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", (1500, 1000))
    brush = ImageDraw.Draw(picture)
    for y in range(1000):
        mixed = tuple(a + (b - a) * y // 1000 for a, b in zip(top, bottom, strict=True))
        brush.line((0, y, 1500, y), fill=mixed)
    brush.ellipse((980 - 90 * number, 330, 1130 - 90 * number, 480), fill=(250, 232, 196))
    for layer in range(4):
        shade = tuple(channel * (4 - layer) // 6 for channel in top)
        peaks = [
            (x, 520 + 100 * layer + (x * (7 + number) * (layer + 3)) % 130)
            for x in range(0, 1501, 150)
        ]
        brush.polygon([(0, 1000), *peaks, (1500, 1000)], fill=shade)
    return picture.filter(ImageFilter.GaussianBlur(2))
