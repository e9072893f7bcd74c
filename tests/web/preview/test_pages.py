"""The page of a preview: in the viewer, and in a browser while files are saved."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from syndicate import clock
from syndicate.config import Config
from syndicate.render.templates import PACKAGED
from syndicate.store import Store
from syndicate.web.preview.pages import LivePreview, PreviewApplication
from syndicate.web.preview.samples import PreviewOrder
from syndicate.web.preview.saved_files import SavedFiles
from syndicate.web.server.server import listen
from tests import checkers
from tests.publish.newsroom import PICTURE, Newsroom
from tests.web.background_server import running

pytestmark = pytest.mark.neighbours

NEWS = "{% block news %}"
SAVED = "<mj-section><mj-column><mj-text>READ ALL</mj-text></mj-column></mj-section>"
SCHEDULE = {"name": "briefing", "newsletter": "breaking", "cron": "0 7 * * *"}


@pytest.fixture
def config(publication: Callable[..., Config]) -> Config:
    return publication(schedules=[SCHEDULE], publication={"url": "https://post.example"})


@pytest.fixture
def preview(sqlite_store: Store, config: Config) -> Iterator[Callable[..., httpx.Client]]:
    """Serve a preview; the publication's config.toml is never read again."""
    newsroom, now = Newsroom(sqlite_store, config), clock.now()
    newsroom.keep_picture()
    newsroom.file("ferry", image=PICTURE, date=now - timedelta(hours=1), at=now)
    newsroom.file("dome", date=now - timedelta(hours=2), at=now)
    saved = SavedFiles(config.root / "config.toml", lambda: config)

    with ExitStack() as stack:

        def serve(name: str) -> httpx.Client:
            live = LivePreview(PreviewOrder(name=name), sqlite_store, config, lambda: config)
            app = PreviewApplication(live, saved, lambda: False)
            server = stack.enter_context(running(app, listen("127.0.0.1", 0)))
            client = httpx.Client(base_url=server.url, trust_env=False, timeout=60)
            return stack.enter_context(client)

        yield serve


def test_a_template_is_shown_as_readers_get_it_with_its_size(preview):
    page = preview("digest").get("/preview").raise_for_status().text
    assert '<h1 dir="auto">Ferry</h1>' in page
    assert " KB of 102 KB" in page
    assert page.count("<iframe") == 4
    assert "email/digest.mjml" in page


def test_pictures_and_the_files_of_pages_come_from_here(preview, config):
    client = preview("article")
    client.get("/preview")
    body = client.get("/preview/body")
    style = next(w for w in body.text.split('"') if w.startswith("/assets/page."))
    assert client.get(style).headers["content-type"].startswith("text/css")
    assert str(client.base_url).rstrip("/") in body.headers["content-security-policy"]


def test_an_unpublished_picture_of_a_mail_is_loaded_from_here(preview, config):
    client = preview("alert")
    client.get("/preview")
    body = client.get("/preview/body").text
    assert "https://post.example/articles/ferry/" in body, "links are as readers get them"
    assert f'src="{client.base_url}'.rstrip("/") + f"/{PICTURE.src}" in body
    assert client.get("/media/../config.toml").status_code == 404


def test_a_mistake_is_shown_and_goes_away(preview, config):
    client = preview("alert")
    (config.templates / "email").mkdir(parents=True)
    own = config.templates / "email/alert.mjml"
    own.write_text("<mjml>\n{{ nothing }}\n</mjml>\n")
    page = client.get("/preview").text
    assert "email/alert.mjml:2" in page
    assert "<iframe" not in page
    assert client.get("/preview/body").status_code == 404
    own.unlink()
    assert "<iframe" in client.get("/preview").text


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"x-forwarded-for": "192.0.2.7"}, {"host": ""}]
)
def test_only_this_machine_sees_it(preview, headers):
    client = preview("digest")
    for path in ("/preview", "/preview/body", "/preview/changes", "/media/x.png"):
        assert client.get(path, headers=headers).status_code == 404


def test_each_save_is_another_version_and_what_is_no_source_is_none(preview, config):
    client = preview("digest")
    with client.stream("GET", "/preview/changes") as stream:
        lines = stream.iter_lines()

        def next_version(*, at_most: float = 60):
            end = monotonic() + at_most
            for line in lines:  # a comment comes every ten seconds
                if line.startswith("data: "):
                    return line
                assert monotonic() < end, "no version came"
            raise AssertionError("the stream has ended")

        versions = {next_version()}
        (config.root / "syndicate.db-wal").write_text("")
        (config.root / "editions").mkdir()
        versions.add(next_version())
        (config.root / "editions/next-briefing.md").write_text("x")
        versions.add(next_version())
        (config.root / "editions/.next-briefing.md.swp").write_text("a draft")
        (config.root / "config.toml").write_text("")
        versions.add(next_version())
        (config.root / "editions/next-briefing.md").unlink()
        versions.add(next_version())
        assert len(versions) == 5


def test_a_save_before_anybody_looks_counts_and_an_editors_draft_does_not(config):
    saved = SavedFiles(config.root / "config.toml", lambda: config)
    first = saved.version
    (config.root / "syndicate.db-wal").write_text("")
    assert saved.version == first
    (config.root / "editions").mkdir()
    (config.root / "editions/today.md").write_text("x")
    second = saved.version
    assert second != first
    (config.root / "editions/.today.md.swp").write_text("x")
    (config.root / "editions/today.md~").write_text("x")
    assert saved.version == second


# in a browser


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    context = browser.new_context(color_scheme="null", viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_the_browser_follows_what_is_saved_and_stays_where_it_was(preview, config, page):
    client = preview("digest")
    page.goto(f"{client.base_url}/preview".replace("//preview", "/preview"))
    page.frames[1].evaluate("scrollTo(0, 120)")
    folder = config.templates / "email"
    folder.mkdir(parents=True)
    digest = (PACKAGED / "email/digest.mjml").read_text()
    (folder / "digest.mjml").write_text(digest.replace("<mj-column>", "<mj-colum>", 1))
    page.get_by_role("alert").wait_for()
    assert "email/digest.mjml:" in page.get_by_role("alert").inner_text()
    (folder / "digest.mjml").write_text(digest.replace(NEWS, f"{NEWS}{SAVED}", 1))
    page.frame_locator("iframe").first.get_by_text("READ ALL").first.wait_for()
    page.wait_for_function("frames[0].scrollY === 120")  # once its pictures are loaded
    assert page.frames[1].evaluate("[...document.images].every(i => i.complete)")


@pytest.mark.browser
def test_axe_finds_no_barrier_and_nothing_scrolls_sideways(page, preview):
    client = preview("digest")
    for query in ("", "?view=text", "?theme=forced&pictures=blocked"):
        page.goto(f"{str(client.base_url).rstrip('/')}/preview{query}")
        assert checkers.barriers(page, 360, 1280) == []
