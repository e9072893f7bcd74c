"""Every kind of page and mail of a publication made to hurt, by checkers that know nothing of us."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route
from playwright.sync_api import Response as Answer

from syndicate import clock
from syndicate.render.templates import Templates
from syndicate.web.preview.samples import PreviewOrder, PreviewSample, SampleComposer
from tests import checkers
from tests.web.every_page import page_kinds
from tests.web.every_page.answers import answers
from tests.web.every_page.hurtful_publication import LONG, HurtfulPublication, hurtful
from tests.web.known_reader import path_of

pytestmark = [pytest.mark.browser, pytest.mark.neighbours, pytest.mark.slow]

WIDTHS: Sequence[int] = (360, 768, 1280)
MAIL_WIDTHS = (320, 640)
GEOMETRY = (Path(__file__).parent / "geometry.js").read_text()
EDITIONS = ("digest", "brief", "editors_letter")
SEARCHES = ("/search", "/search?q=Donau", "/search?q=nothing-has-this")
LETTERS = ("confirm", "welcome", "leave_address", "new_address", "data", "code", "proof")
MAX_HOME_PAGE = 60_000
"""Bytes of HTML, CSS and script of a home page, uncompressed."""
ACCEPTED = (
    *("appears to be written in", "is obsolete", "xmlns:", "mso-table-", "should be omitted"),
    *("supported-color-schemes", "@container", "“container”", "“field-sizing”"),
    "allow-scripts allow-same-origin",
    "Trailing slash on void elements",
    "Bad value “feed:",
)
"""The language of our words; what mail needs, since an edition is one; what the checker lacks;
what players of other origins need; and an address that programs for feeds open.
"""
SHIFTS = """() => new Promise((done) => {
  const shifts = [];
  const seen = (list) => shifts.push(...list.getEntries());
  new PerformanceObserver(seen).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(shifts.flatMap((shift) => shift.sources.map(
    ({ node }) => `${shift.value.toFixed(4)} ${node && (node.outerHTML || node.data).slice(0, 80)}`))), 100);
})"""
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HurtfulPublication]:
    """The publication in English."""
    with hurtful(tmp_path_factory.mktemp("hurtful") / "left", "en") as place:
        yield place


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HurtfulPublication]:
    """The publication in Arabic."""
    with hurtful(tmp_path_factory.mktemp("hurtful") / "right", "ar") as place:
        yield place


@pytest.fixture(params=["left", "right"])
def place(
    request: pytest.FixtureRequest, left: HurtfulPublication, right: HurtfulPublication
) -> HurtfulPublication:
    """The publication in either direction; both are named, so that one process makes them for all."""
    return left if request.param == "left" else right


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def show(page: Page, place: HurtfulPublication, path: str) -> None:
    """Show a page; an AMP page without AMP's script, which would make it visible."""
    answer = page.goto(place.origin + path)
    assert answer is not None
    assert answer.status in {200, 404, 410}, path
    if path.endswith("/amp/"):
        page.evaluate("document.querySelector('style[amp-boilerplate]').remove()")


def judge(page: Page, name: str, widths: Sequence[int] = WIDTHS) -> list[str]:
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{name} at {width}: {fault}" for fault in page.evaluate(GEOMETRY)]
    return found


def mails(place: HurtfulPublication) -> dict[str, PreviewSample]:
    """Compose a mail of each kind, and an alert of each story that hurts."""
    composer = SampleComposer(
        store=place.store, config=place.config, templates=Templates(), at=clock.now()
    )
    named = {slug: PreviewOrder(name="alert", slugs=(slug,)) for slug in place.hurting}
    named |= {name: PreviewOrder(name=name) for name in (*EDITIONS, *LETTERS)}
    return {name: composer.compose(order) for name, order in named.items()}


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p style='margin-bottom:-30px'>One line</p><p>Other line</p>", "over each other"),
        ("<img style='height:99px;width:99px;margin-bottom:-50px' alt=''><p>Text", "over each"),
        ("<div style='height:10px;overflow:hidden'>Words that are cut<br>off</div>", "cut off"),
        (f"<div style='width:99px'>{LONG}</div>", "sticks out"),
        ("<div style='width:900px'>x</div>", "the page is"),
        (f"<div style='overflow:auto'><p style='width:900px'>{LONG}</div>", ""),
        ("<p style='position:absolute;overflow:hidden;clip-path:inset(50%)'>x</p>", ""),
    ],
)
def test_the_geometry_is_judged(page, html, fault):
    page.set_viewport_size({"width": 360, "height": 740})
    page.set_content(f"<!doctype html><body>{html}")
    found = page.evaluate(GEOMETRY)
    assert [one[: len(fault)] for one in found[:1]] == [fault] * bool(fault)


def test_nothing_is_cut_off_or_lies_over_another_on_any_kind_of_page(place, page):
    asked: dict[str, set[str]] = {}
    paths, widths = [*page_kinds.built(place), *page_kinds.served(place)], WIDTHS
    if place.config.publication.language == "ar":  # what only mirrors the other one
        paths = [*page_kinds.built(place, 1), "/newsletters/", place.reader, *SEARCHES]
        widths = WIDTHS[::2]
    found = []
    page.on("request", lambda request: asked.setdefault(page.url, set()).add(request.url))
    for path in paths:
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        show(page, place, path)
        found += judge(page, path, widths)
    assert len(paths) > 20
    assert found == []
    embedding = ("/amp/", "/articles/recordings/")  # AMP's own script, and what an author embeds
    plain = (loaded for url, loaded in asked.items() if not url.endswith(embedding))
    elsewhere = {url for loaded in plain for url in loaded if place.origin not in url}
    assert elsewhere == set(), "nothing is loaded from elsewhere"


def test_the_columns_of_the_home_page_are_as_wide_as_each_other(left, page):
    show(page, left, "/")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("[...document.querySelectorAll('.field > *')].map(e => e.clientWidth)")
        assert len(set(wide)) == 1


def test_the_field_of_a_wide_home_page_is_as_wide_as_lead_and_rail(left, page):
    show(page, left, "/")
    page.set_viewport_size({"width": 1280, "height": 900})
    edges = "e => ((box) => [box.left, box.right, box.top, box.bottom])(e.getBoundingClientRect())"
    lead, rail, field = (
        page.locator(f".{one}").evaluate(edges) for one in ("leading", "rail", "field")
    )
    assert field[:2] == [lead[0], rail[1]]
    assert field[2] >= max(lead[3], rail[3])


def test_no_word_leaves_its_column_while_a_reader_signs_up_and_decides(left, page):
    found = []
    show(page, left, "/signup")
    page.get_by_label("Email address").fill(f"{LONG}@{LONG}.{LONG}")
    page.get_by_role("button", name="Subscribe").click()
    found += judge(page, "a form with mistakes")
    bo = left.subscribe("bo@example.org")
    show(page, left, bo.path)
    for name in (f"Subscribe {LONG}", "Pause"):
        page.get_by_role("button", name=name, exact=True).click()
        assert page.url.endswith("#status"), "the keyboard goes on at what came of it"
        found += judge(page, f"preferences after {name}")
    show(page, left, path_of(bo.links.unsubscribe(bo.key, "breaking")))
    page.get_by_role("button", name="Unsubscribe").click()
    found += judge(page, "after leaving")
    assert found == []


def test_nothing_jumps_however_late_pictures_and_breaking_news_come(place, page):
    held: list[Route] = []
    page.route("**/breaking.html", lambda route: held.append(route))  # noqa: PLW0108 - as below
    page.route("**/media/**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    page.set_viewport_size({"width": 360, "height": 740})
    shifts = {}
    slugs = place.hurting if place.config.publication.language == "en" else place.hurting[:3]
    for path in ("/", *(f"/articles/{slug}/" for slug in slugs), "/newsletters/"):
        page.goto(place.origin + path, wait_until="domcontentloaded")
        page.evaluate(PAINTED)
        for _ in range(2):  # a script asks for news when the page is there
            while held:
                held.pop().continue_()
            page.wait_for_load_state()
        shifts[path] = page.evaluate(SHIFTS)
    assert {path: seen for path, seen in shifts.items() if seen} == {}


def test_a_home_page_is_light(place, page):
    answers: list[Answer] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks it
    page.goto(f"{place.origin}/", wait_until="networkidle")
    weighed = {"document", "stylesheet", "script"}
    loaded = {
        answer.url: len(answer.body())
        for answer in answers
        if answer.request.resource_type in weighed
    }
    assert len(loaded) >= 3
    assert sum(loaded.values()) <= MAX_HOME_PAGE, loaded


def test_axe_finds_no_barrier_on_any_kind_of_page(left, right, page):
    found = {}
    for path in [*page_kinds.one_of_each(left), *page_kinds.served(left, 1)]:
        show(page, left, path)
        found[path] = checkers.barriers(page, 360, 1280)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    for path in (
        "/",
        "/articles/other-direction/",
        "/articles/tables/",
        "/newsletters/",
        *SEARCHES,
    ):
        show(page, right, path)
        found[f"{path} in Arabic"] = checkers.axe(page)
    assert {path: barriers for path, barriers in found.items() if barriers} == {}


def test_the_nu_checker_has_nothing_to_say_of_any_kind_of_page(left, right, tmp_path):
    files: list[Path] = []
    for place in (left, right):
        paths = [*page_kinds.built(place), *page_kinds.served(place)]
        texts = [place.client.get(path).text for path in paths if not path.endswith("/amp/")]
        for text in (*texts, *(answers(place) if place is left else ())):
            file = tmp_path / f"{len(files)}.html"
            assert text.startswith("<!doctype html>")
            file.write_text(text)
            files.append(file)
    remarks = checkers.nu(files)
    assert [remark for remark in remarks if not any(word in remark for word in ACCEPTED)] == []
    assert [remark for remark in remarks if "“height”" in remark or "“datetime”" in remark] == []


def test_amp_pages_are_valid(left, right):
    pages = [
        file
        for place in (left, right)
        for file in sorted(place.config.output.glob("articles/*/amp/index.html"))
        if not file.parent.parent.name.startswith("filler")
    ]
    assert len(pages) > 20
    faults = zip(pages, checkers.amp([file.read_bytes() for file in pages]), strict=True)
    assert [(str(file), found) for file, found in faults if found] == []


def test_nothing_is_cut_off_or_lies_over_another_in_any_mail(place, page):
    found = []
    for name, mail in mails(place).items():
        page.set_viewport_size({"width": MAIL_WIDTHS[0], "height": 900})
        page.set_content(mail.html)
        found += judge(page, name, MAIL_WIDTHS)
    assert found == []


def test_axe_finds_no_barrier_in_mails_that_hurt(left, page):
    """Others: `tests/render/mail/test_looks.py`."""
    found = {}
    composed = mails(left)
    page.set_viewport_size({"width": 360, "height": 900})
    for name in ("tables", "other-direction", "long-words", "confirm", "proof"):
        page.set_content(composed[name].html)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            found[name, theme] = checkers.axe(page, rules=checkers.MAIL_RULES)
    assert {name: barriers for name, barriers in found.items() if barriers} == {}
