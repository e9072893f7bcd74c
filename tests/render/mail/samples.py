"""Articles, publications and templates for the tests of editions."""

from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from lxml import etree, html
from PIL import Image, ImageDraw

from syndicate.config import AdSlot, Config, Newsletter
from syndicate.config.sections.pages import AdsSettings
from syndicate.config.sections.publication import PublicationSettings
from syndicate.model.articles import Article, Comments, Correction, Figure, Person
from syndicate.model.corrections import ArticleNote
from syndicate.model.editions import PLACEHOLDERS, Content, EditionKind, placeholder
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.templates import Templates

AT = datetime(2026, 11, 24, 8, 5, tzinfo=UTC)
URL = "https://post.example"
SHIPPED = Templates()
BREAKING = Newsletter(name="breaking", title="Breaking news")

NASTY = "« Élysée » 👨‍👩‍👧 שלום \u00ad\u00a0\\u{a0} \"q\" 'a' <b> & {{ x }} {% raw %}"
"""What mrml spoils in attributes, and what template engines trip over."""


def config(*, url: str = URL, ads: AdsSettings | None = None, **publication: Any) -> Config:
    values: dict[str, Any] = {
        "id": UUID("6f7a5a5e-6a69-4f8a-9d6e-1c0ffee00001"),
        "title": "Morning Post",
        "url": url,
        "timezone": ZoneInfo("Europe/Berlin"),
        "postal_address": "12 Harbour Street\n20457 Hamburg, Germany",
    }
    return Config(
        publication=PublicationSettings(**(values | publication)),
        newsletters=(BREAKING,),
        ads=ads or AdsSettings(),
        root=Path("/nowhere"),
    )


def article(number: int = 1, title: str = "City opens the dam", **changes: Any) -> Article:
    at = AT - timedelta(hours=number)
    values: dict[str, Any] = {
        "key": number,
        "id": f"urn:example:{number}",
        "slug": f"story-{number}",
        "title": title,
        "body": "<p>The gates were opened early on Tuesday.</p>",
        "date": at,
        "first_seen": at,
        "saved_at": at,
        "number": number,
    }
    return Article(**(values | changes))


def figure(name: str = "dam", **changes: Any) -> Figure:
    values: dict[str, Any] = {
        "src": f"media/{name}.jpg",
        "alt": "A low sun over the hills behind the dam",
        "caption": "The reservoir on Monday evening.",
        "credit": "Ada Marsh",
        "width": 1200,
        "height": 800,
    }
    return Figure(**(values | changes))


def written(picture: Figure) -> str:
    """Write a figure as bodies have it."""
    size = f' width="{picture.width}" height="{picture.height}"' if picture.width else ""
    return (
        f'<figure><img src="{picture.src}" alt="{escape(picture.alt)}"{size}/><figcaption>'
        f"{escape(picture.caption)} <cite>{escape(picture.credit)}</cite></figcaption></figure>"
    )


DAM, HARBOUR = figure("dam"), figure("harbour", alt="Lit windows at night", credit="Jo Lind")

WHOLE = f"""{written(DAM)}<p>The city opened the flood gates early on Tuesday, after four days of
rain had filled the reservoir past its mark, and <a href="/articles/harbour/">the harbour</a> was
cleared in under two hours.</p><h2 id="a1-next">What happens next</h2><p>Until the level falls:</p>
<ul><li>the ferry does not run;</li><li>schools stay shut, see <a href="https://city.example/s?a=1&amp;b=2">the
list</a>.</li></ul>{written(HARBOUR)}<blockquote><p>It was the quietest loud night I remember.</p>
<p>— a ferryman</p></blockquote><table><thead><tr><th>Gauge</th><th>Monday</th></tr></thead><tbody>
<tr><td>Greyhills</td><td>41.2 m</td></tr></tbody></table><pre><code>$ curl level.example
{{{{ level }}}} = 40.8  {{% raw %}}
</code></pre><video src="media/gates.mp4"></video><p>First line,<br/>second line.</p>"""


def story(**changes: Any) -> Article:
    """An article with everything in it."""
    values: dict[str, Any] = {
        "title": "City opens the dam after four days of rain",
        "section": "City",
        "breaking": True,
        "body": WHOLE,
        "figures": (DAM, HARBOUR),
        "excerpt": "The city opened the flood gates early on Tuesday.",
        "authors": (Person(name="Ada Marsh"), Person(name="Jo Lind", url="https://lind.example")),
        "contributors": (Person(name="Nils Berg", place="Greyhills"), Person(name="Rosa Lund")),
        "comments": Comments(count=3),
    }
    return article(**(values | changes))


def stories() -> list[Article]:
    return [
        story(),
        article(2, "Parliament keeps the night trains", section="Politics", image=HARBOUR,
                excerpt="Members kept the sleeper lines to the coast for another four years."),
        article(3, "Every bee on campus was counted", section="Science",
                excerpt="It took a summer, and the number is smaller than hoped."),
    ]  # fmt: skip


ADS = AdsSettings(
    header=AdSlot(
        mail='<a href="https://shop.example/">Four weeks for one euro</a><script>x</script>'
    ),
    post_top=AdSlot(
        mail='<a href="/sub"><img src="media/ad.png" alt="Subscribe" width="900"/></a>'
    ),
)


def alert(article: Article, **changes: Any) -> Content:
    return _composed(EditionKind.ALERT, [article], **changes)


def digest(articles: list[Article], **changes: Any) -> Content:
    return _composed(EditionKind.DIGEST, articles, **changes)


def both(**changes: Any) -> list[Content]:
    """A mail of one story, and one of several."""
    return [
        alert(story(), **changes),
        digest(stories(), more=[article(9, "Rowers win")], **changes),
    ]


def correction(article: Article, *texts: str, **changes: Any) -> Content:
    corrections = tuple(Correction(at=AT, text=text) for text in texts)
    note = ArticleNote(article=article, since=1, corrections=corrections)
    return _composed(EditionKind.CORRECTION, [article], notes=[note], **changes)


def _composed(kind: EditionKind, articles: list[Article], **changes: Any) -> Content:
    given: dict[str, Any] = {
        "more": [], "newsletter": BREAKING, "config": config(), "templates": SHIPPED,
        "edition_date": AT.astimezone(ZoneInfo("Europe/Berlin")),
    }  # fmt: skip
    return compose_edition(kind=kind, articles=articles, **(given | changes))


def tree(content: Content) -> etree._Element:
    return html.document_fromstring(content.html)


def said(content: Content) -> str:
    """What the mail says, white space folded."""
    body = tree(content).find("body")
    return " ".join("".join(body.itertext()).split())


def filled(content: Content) -> str:
    """The mail as one reader gets it."""
    page = content.html
    values = dict.fromkeys(PLACEHOLDERS, f"{URL}/u/abc")
    values |= {"name": "R. Eader", "email": "reader@example.org"}
    for slot, value in values.items():
        page = page.replace(placeholder(content.nonce, slot), value)
    return page


def draw(folder: Path) -> None:
    """Draw the pictures of the stories."""
    (folder / "media").mkdir(parents=True, exist_ok=True)
    (folder / "assets").mkdir(exist_ok=True)
    Image.new("RGBA", (1200, 80), (27, 27, 27, 200)).save(folder / "assets" / "logo.png")
    for name, sky in (("dam", (120, 160, 190)), ("harbour", (60, 50, 80)), ("ad", (11, 92, 138))):
        picture = Image.new("RGB", (1200, 200 if name == "ad" else 800), sky)
        pen = ImageDraw.Draw(picture)
        for step in range(3):
            ground = tuple(value * (3 - step) // 5 for value in sky)
            pen.polygon(
                [(0, 800), (0, 400 + step * 120), (1200, 520 + step * 90), (1200, 800)], ground
            )
        suffix = "png" if name == "ad" else "jpg"
        picture.save(folder / "media" / f"{name}.{suffix}")
