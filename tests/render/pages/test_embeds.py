"""Players and frames on pages and AMP pages."""

import html as markup
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from playwright.sync_api import Browser

from syndicate.config import Config
from syndicate.config.sections.pages import AmpSettings, AnalyticsSettings, ConsentSettings
from syndicate.model.articles import Article
from syndicate.render.article_view import BodyRenderer
from syndicate.render.pages import ArticlePages, PageFrame
from syndicate.render.templates import Templates
from syndicate.web.published.response_headers import build_policy
from tests import checkers
from tests.render.pages import sample_publication
from tests.render.pages.embed_samples import EMBEDS, TRAM, everything, filed
from tests.render.pages.sample_publication import article
from tests.render.pages.test_article_page import read


def shown(render: Callable[[Article], bytes], body: str, **changes: Any) -> html.HtmlElement:
    return read(render(article(body=filed(body), **changes)))


# pages


def test_a_frame_is_sandboxed_and_loads_when_it_is_about_to_be_seen(pages: ArticlePages) -> None:
    (frame,) = shown(pages.article, EMBEDS["youtube"]).cssselect("figure.embed.ratio-16-9 > iframe")
    assert frame.get("src") == f"https://www.youtube-nocookie.com/embed/{TRAM}?start=30"
    assert frame.get("loading") == "lazy"
    assert "allow-top-navigation" not in frame.get("sandbox")
    assert "autoplay" not in frame.get("allow")
    assert frame.get("referrerpolicy") == "strict-origin-when-cross-origin"
    assert frame.get("title") == "The tram"


def test_a_frame_without_a_title_is_named_in_the_articles_language(pages: ArticlePages) -> None:
    plain = '<iframe src="https://x.example/"></iframe>'
    (frame,) = shown(pages.article, plain, language="de").cssselect("iframe")
    assert frame.get("title") == "Eingebetteter Inhalt"
    (frame,) = shown(pages.article, EMBEDS["vimeo"]).cssselect("iframe")
    assert frame.get("title") == "Video"


def test_recordings_never_play_by_themselves_and_always_have_controls(pages: ArticlePages) -> None:
    for name in ("video", "sources", "audio", "audio of sources"):
        (player,) = shown(pages.article, EMBEDS[name]).cssselect(".embed > video, .embed > audio")
        assert player.get("controls") is not None
        assert player.get("autoplay") is None
        assert player.get("preload") == "metadata"


@pytest.mark.browser
def test_players_keep_their_shape(browser: Browser, address: str) -> None:
    """What checkers find in this page: `test_looks`."""
    page = browser.new_page()
    page.route(lambda url: not url.startswith(address), lambda route: route.abort())
    page.goto(f"{address}/embeds.html")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        boxes = page.eval_on_selector_all(
            "[class*=ratio-16-9] > iframe", "all => all.map(e => e.offsetWidth / e.offsetHeight)"
        )
        assert boxes
        assert all(abs(ratio - 16 / 9) < 0.02 for ratio in boxes)
    page.close()


@pytest.mark.browser
def test_the_policy_lets_in_what_a_page_embeds_and_nothing_else(
    browser: Browser, address: str, config: Config
) -> None:
    allowed = set(config.pages.embed_hosts)
    page = browser.new_page()
    page.route("http://*.example/**", lambda route: route.abort())
    page.route("https://**", lambda route: route.fulfill(body="<!doctype html>ok"))
    page.route(
        f"{address}/embeds.html",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={**answer.headers, "content-security-policy": build_policy(config)},
        ),
    )
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page.goto(f"{address}/embeds.html")
    for frame in page.locator("iframe").all():
        frame.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert {"www.youtube-nocookie.com", "player.vimeo.com"} <= asked & allowed
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('iframe'),"
        "{src: 'https://evil.example/'}))"
    )
    page.wait_for_load_state("networkidle")
    assert "evil.example" not in asked
    page.close()


# feeds


def test_feeds_have_players_without_what_pages_add(config: Config) -> None:
    _, body = BodyRenderer(config, "feed").render(article(body=filed(EMBEDS["youtube"])))
    frame = html.fromstring(body).find(".//iframe")
    assert frame is not None
    assert set(frame.attrib) == {"src", "width", "height", "title", "allowfullscreen"}
    assert frame.get("src").startswith("https://")


# AMP


@pytest.mark.parametrize(
    ("name", "component", "attributes"),
    [
        ("youtube", "amp-youtube", {"data-videoid": TRAM, "data-param-start": "30"}),
        ("short", "amp-youtube", {"width": "315", "height": "560", "layout": "responsive"}),
        ("playlist", "amp-iframe", {"layout": "responsive"}),
        ("vimeo", "amp-vimeo", {"data-videoid": "76979871", "do-not-track": ""}),
        (
            "unlisted",
            "amp-iframe",
            {"src": "https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1#t=9s"},
        ),
        ("map", "amp-iframe", {"layout": "fixed-height", "height": "450", "title": "A map"}),
        ("video", "amp-video", {"poster": "https://v.example/a.jpg", "loop": "", "controls": ""}),
        ("sources", "amp-video", {"layout": "responsive"}),
        ("audio", "amp-audio", {"src": "https://v.example/a.mp3"}),
        ("audio of sources", "amp-audio", {"controls": ""}),
        ("http", None, {}),
        ("post", None, {}),
    ],
)
def test_each_has_amps_own_component_and_only_its_extension(
    pages: ArticlePages, name: str, component: str | None, attributes: dict[str, str]
) -> None:
    page = read(pages.amp(article(body=filed(EMBEDS[name]))))
    assert page.xpath("//script/@custom-element") == ([component] if component else [])
    if component:
        (found,) = page.cssselect(component)
        assert attributes.items() <= dict(found.attrib).items()
        assert found.get("autoplay") is None


@pytest.mark.neighbours
def test_with_each_the_amp_page_is_valid(pages: ArticlePages) -> None:
    written = [pages.amp(article(body=filed(embed))) for embed in EMBEDS.values()]
    found = dict(zip(EMBEDS, checkers.amp(written), strict=True))
    assert found == {name: [] for name in EMBEDS}


def test_an_amp_frame_says_where_it_leads_until_it_is_there(pages: ArticlePages) -> None:
    for name, address in (
        ("unlisted", "https://vimeo.com/76979871/8272103f6e"),
        ("playlist", "https://www.youtube.com/playlist?list=PLabc"),
    ):
        (link,) = shown(pages.amp, EMBEDS[name], language="de").cssselect(
            "amp-iframe > a[placeholder]"
        )
        assert (link.get("href"), link.text) == (address, "Eingebetteten Inhalt öffnen")


def test_what_amp_cannot_show_is_a_link(pages: ArticlePages) -> None:
    links = [a.get("href") for a in shown(pages.amp, EMBEDS["http"]).cssselect(".body a")]
    assert links == ["http://v.example/b.mp3", "http://x.example/"]
    (post,) = shown(pages.amp, EMBEDS["post"]).cssselect(".body blockquote")
    assert post.find(".//a").get("href") == "https://x.com/a/1"


_SAID = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


# a few examples of many each: the validator takes longer to begin than to judge
@pytest.mark.neighbours
@settings(max_examples=2, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(EMBEDS)), _SAID, _SAID), min_size=60, max_size=60))
def test_whatever_is_written_in_a_player_the_amp_page_is_valid(
    odd: list[tuple[str, str, str]],
) -> None:
    amp = ArticlePages(PageFrame(sample_publication.config(Path()), Templates())).amp
    pages = []
    for name, *said in odd:
        title, rest = map(markup.escape, said)
        body = EMBEDS[name].replace(" src=", f' title="{title}" width="{rest}" src=')
        body = body.replace(".mp", f".mp{rest}").replace("bbox=1", f"bbox={rest}")
        pages.append(amp(article(body=filed(body))))
    wrong = [said for said in checkers.amp(pages) if said]
    assert wrong == []


def with_amp(root: Path, **tables: Any) -> ArticlePages:
    amp = AmpSettings(**tables)
    config = sample_publication.config(root, amp=amp, ads=sample_publication.ADS)
    return ArticlePages(PageFrame(config, Templates()))


@pytest.mark.neighbours
def test_analytics_stand_where_they_are_configured_and_nowhere_else(
    tmp_path: Path, pages: ArticlePages
) -> None:
    ways = (
        AnalyticsSettings(type="googleanalytics", config={"vars": {"account": "UA-1-1"}}),
        AnalyticsSettings(config={"requests": {"a": "https://s.example/?x=</script>"}}),
        AnalyticsSettings(config_url="https://s.example/amp.json"),
    )
    made = [with_amp(tmp_path, analytics=way).amp(article()) for way in ways]
    assert checkers.amp(made) == [[]] * len(ways)
    assert [page.count(b"<amp-analytics") for page in made] == [1, 1, 1]
    assert [page.count(b"amp-analytics-0.1.js") for page in made] == [1, 1, 1]
    assert b"amp-analytics" not in pages.amp(article())


@pytest.mark.neighbours
def test_ads_and_analytics_wait_for_consent_where_it_is_asked_for(tmp_path: Path) -> None:
    counted = AnalyticsSettings(type="googleanalytics")
    ways = (
        ConsentSettings(ask=True),
        ConsentSettings(ask=True, question="May we & <b>they</b> count?"),
        ConsentSettings(ask=True, check_url="https://post.example/consent"),
    )
    pages = [with_amp(tmp_path, analytics=counted, consent=way).amp(article()) for way in ways]
    assert checkers.amp(pages) == [[]] * len(ways)
    for page in pages:
        assert page.count(b"data-block-on-consent") == 3  # two ads, and what counts
        assert page.count(b"amp-consent-0.1.js") == 1
    assert b"May we &amp; &lt;b&gt;they&lt;/b&gt; count?" in pages[1]
    assert b'"checkConsentHref": "https://post.example/consent"' in pages[2]
    silent = with_amp(tmp_path, analytics=counted).amp(article())
    assert b"consent" not in silent.partition(b"<body>")[2]


@pytest.mark.neighbours
def test_the_whole_style_is_within_amps_limit(tmp_path: Path) -> None:
    page = with_amp(tmp_path, consent=ConsentSettings(ask=True)).amp(article(body=everything()))
    style = read(page).xpath("//style[@amp-custom]")[0].text
    assert len(style.encode()) < 75_000
    assert checkers.amp([page]) == [[]]
