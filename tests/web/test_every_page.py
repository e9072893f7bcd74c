"""Every kind of page, by checkers that know nothing of us, and with words too long for a column."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from syndicate import clock
from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.model.articles import Comments, Figure, Person
from syndicate.model.editions import Draft, EditionKind, Item
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.templates import Templates
from syndicate.store import Store
from tests import checkers
from tests.publish.newsroom import PICTURE, Newsroom
from tests.web.known_reader import KnownReader, path_of, subscribe_anna
from tests.web.test_outbox import letter, put

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]

LONG = "Donaudampfschifffahrtsgesellschaften"
"""36 letters."""
ENDLESS = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzesentwurfskommission"
"""More than 80."""
WIDTHS = (360, 768, 1024, 1280)
TABLES: dict[str, Any] = {
    "publication": {"title": f"{LONG}kurier", "description": ENDLESS},
    "newsletters": [
        {"name": "breaking", "title": ENDLESS, "description": ENDLESS},
        {"name": "briefing", "title": LONG, "description": LONG},
    ],
    "signup": {"fields": [{"name": "city", "label": ENDLESS, "required": True}]},
}
BODY = (
    f"<p>{ENDLESS} <code>{ENDLESS}</code> <a href='/'>https://example.org/{ENDLESS}</a></p>"
    f"<h2 id='x-a'>{ENDLESS}</h2><ul><li>{ENDLESS}</li></ul><ol><li>{ENDLESS}</li></ol>"
    f"<blockquote><p>{ENDLESS}</p></blockquote><dl><dt>{ENDLESS}</dt><dd>{ENDLESS}</dd></dl>"
    f"<pre><code>{ENDLESS * 3}</code></pre><details><summary>{ENDLESS}</summary><p>x</p></details>"
    f"<table><tbody><tr><td>{ENDLESS}</td><td>12,804</td><td>{ENDLESS}</td></tr></tbody></table>"
)
ACCEPTED = (
    *("appears to be written in", "is obsolete", "xmlns:", "mso-table-", "should be omitted"),
    *("supported-color-schemes", "@container", "“container”"),
)
"""The language of our words; what mail needs, since an edition is one; what the checker lacks."""
STICKS_OUT = """() => {
  const found = [];
  const clipped = (element) => {
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.overflowX !== 'visible' || style.clipPath !== 'none') return true;
    }
    return false;
  };
  const block = (element) => {
    let e = element;
    while (getComputedStyle(e).display.startsWith('inline')) e = e.parentElement;
    return e;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(parent.tagName)) continue;
    if (clipped(parent) || parent.closest('.skip')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const column = block(parent).getBoundingClientRect();
    for (const box of range.getClientRects()) {
      if (box.width && (box.right > Math.min(column.right, innerWidth) + 1 || box.left < column.left - 1))
        { found.push(parent.tagName + '.' + parent.className + ': ' + node.data.trim().slice(0, 40)); break; }
    }
  }
  if (document.documentElement.scrollWidth > innerWidth)
    found.push('the page is ' + document.documentElement.scrollWidth + ' wide');
  return found;
}"""


@dataclass(frozen=True)
class Place:
    """A publication of long words on the web, and where a reader's own pages are."""

    client: httpx.Client
    newsroom: Newsroom
    anna: KnownReader

    @property
    def reader(self) -> str:
        return self.anna.path

    @property
    def unsubscribe(self) -> str:
        return path_of(self.anna.links.unsubscribe(self.anna.key, "breaking"))

    def url(self, path: str) -> str:
        return str(self.client.base_url).rstrip("/") + path


@pytest.fixture
def place(
    web: Callable[..., httpx.Client], sqlite_store: Store, publication: Callable[..., Config]
) -> Place:
    client = web(**TABLES)
    newsroom = Newsroom(sqlite_store, publication(**TABLES))
    fill(newsroom)
    anna = subscribe_anna(client, sqlite_store, newsroom.config)
    put(newsroom.config.path("outbox"), 1, letter(f"{ENDLESS} {LONG}", html=f"<p>{ENDLESS}</p>"))
    return Place(client, newsroom, anna)


def fill(newsroom: Newsroom) -> None:
    """File stories and editions whose every word is too long."""
    now = clock.now()
    newsroom.keep_picture()
    picture = Figure(
        src=PICTURE.src, alt=ENDLESS, caption=ENDLESS, credit=ENDLESS, width=10, height=10
    )
    for number in range(34):
        newsroom.file(
            f"story-{number}",
            title=f"{(LONG, ENDLESS)[number % 2]} {number}",
            summary=f"{ENDLESS} {LONG}",
            body=BODY,
            excerpt=ENDLESS,
            section=ENDLESS,
            tags=(ENDLESS, LONG),
            authors=(Person(name=ENDLESS, place=ENDLESS, url=f"https://{LONG}.example/"),),
            contributors=(Person(name=ENDLESS, place=ENDLESS),),
            comments=Comments(count=3, url="https://example.org/"),
            image=picture if number % 3 else None,
            breaking=number < 2,
            date=now - timedelta(hours=number),
            at=now,
        )
    newsroom.file("gone", date=now, at=now)
    newsroom.build(at=now)
    newsroom.retract("gone", at=now)
    newsroom.build(at=now)
    for kind in (EditionKind.ALERT, EditionKind.DIGEST):
        freeze(newsroom, kind)


def freeze(newsroom: Newsroom, kind: EditionKind) -> None:
    now, config = clock.now(), newsroom.config
    with newsroom.store.read() as tx:
        articles = tx.published.since(EPOCH, now, limit=12)
    content = compose_edition(
        kind=kind,
        articles=articles[:6],
        more=articles[6:],
        newsletter=config.newsletters[0],
        edition_date=now.astimezone(config.publication.timezone),
        config=config,
        templates=Templates(),
    )
    draft = Draft(
        newsletter="breaking",
        schedule=None,
        kind=kind,
        content=content,
        items=(Item(article=articles[0].key, revision=1),),
        upto=1,
        newest=1,
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    with newsroom.store.write() as tx:
        tx.editions.add(draft)


def published(place: Place) -> Iterator[str]:
    """One page of each kind that a build writes."""
    made = [path for path in place.newsroom.files() if path.endswith(".html")]
    kinds = ("index.html", "breaking.html", "latest/", "sections/", "tags/", "authors/")
    for kind in (*kinds, "subscribe/", "articles/story-1/", "articles/story-2/", "articles/gone/"):
        yield from [
            f"/{path.removesuffix('index.html')}" for path in made if path.startswith(kind)
        ][:2]


def served(place: Place) -> Iterator[str]:
    """The pages that the server makes."""
    yield from ("/newsletters/", "/newsletters/breaking/", "/newsletters/briefing/")
    yield from ("/newsletters/breaking/1/", "/newsletters/breaking/2/")
    yield from (
        "/signup",
        "/signup?newsletter=breaking",
        "/outbox",
        place.reader,
        place.unsubscribe,
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    yield context.new_page()
    context.close()


def judge(page: Page, name: str) -> list[str]:
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{name} at {width}: {fault}" for fault in page.evaluate(STICKS_OUT)]
    return found


def test_no_word_leaves_its_column_on_any_kind_of_page(place, page):
    found, seen = [], 0
    for path in (*published(place), *served(place)):
        answer = page.goto(place.url(path))
        assert answer is not None
        assert answer.status in {200, 410}, path
        found += judge(page, path)
        seen += 1
    assert seen > 25
    assert found == []
    page.goto(place.url("/"))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("[...document.querySelectorAll('.field > *')].map(e => e.clientWidth)")
        assert len(set(wide)) == 1, "the columns of the home page are as wide as each other"


def test_no_word_leaves_its_column_while_a_reader_signs_up_and_decides(place, page):
    found = []
    page.goto(place.url("/signup"))
    page.get_by_label("Email address").fill(f"{LONG}@{LONG}.{LONG}")
    page.get_by_role("button", name="Subscribe").click()
    found += judge(page, "a form with mistakes")
    page.goto(place.url(place.reader))
    for name in (f"Subscribe {LONG}", "Pause"):
        page.get_by_role("button", name=name, exact=True).click()
        found += judge(page, f"preferences after {name}")
    page.goto(place.url(place.unsubscribe))
    page.get_by_role("button", name="Unsubscribe").click()
    found += judge(page, "after leaving")
    page.goto(place.url("/preferences/none"))
    found += judge(page, "a link that is none")
    assert found == []


def answered(place: Place) -> Iterator[str]:
    """What the server answers to forms, to links that lead nowhere, and to letters."""
    client, anna = place.client, place.anna
    yield client.get("/nowhere").text
    yield client.get("/preferences/none").text
    yield client.get("/confirm/none").text
    yield client.post("/signup", data={"email": LONG, "newsletter": "briefing"}).text
    yield client.post("/signup", data={"email": "bo@example.org", "newsletter": "none"}).text
    yield anna.post("address", email="x").text
    yield anna.post("pause").text
    yield anna.post("data").text
    yield client.get(anna.data_link()).text
    yield anna.with_data("erase").text
    yield client.post(place.unsubscribe).text


def test_the_nu_checker_has_nothing_to_say_of_any_kind_of_page(place, tmp_path):
    paths = [path for path in (*published(place), *served(place)) if not path.endswith("/amp/")]
    files = []
    for number, text in enumerate((*(place.client.get(p).text for p in paths), *answered(place))):
        file = tmp_path / f"{number}.html"
        assert text.startswith("<!doctype html>")
        file.write_text(text)
        files.append(file)
    remarks = checkers.nu(files)
    assert [remark for remark in remarks if not any(word in remark for word in ACCEPTED)] == []
    assert [remark for remark in remarks if "“height”" in remark or "“datetime”" in remark] == []


def test_axe_finds_no_barrier_on_amp_pages(place, page):
    for theme, width in (("dark", 360), ("light", 1280)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(place.url("/articles/story-1/amp/"))
        page.evaluate("document.querySelector('style[amp-boilerplate]').remove()")  # it hides all
        assert checkers.axe(page) == []
