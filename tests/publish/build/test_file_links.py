"""Links between articles by their files: where they lead, and when the page that links follows."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest

from syndicate.body.markup import id_prefix
from syndicate.model.articles import Status
from tests.publish.newsroom import PICTURE, Newsroom
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.sql

BODY = '<p>See <a href="article:articles/tram.md#fares">the <em>tram</em></a>.</p>'
WORDS = "<p>See the <em>tram</em>.</p>"
FRAGMENT = f"#{id_prefix('urn:test:tram')}fares"


@pytest.fixture
def newsroom(store, publication):
    config = publication(publication={"url": "https://news.example/post"})
    newsroom = Newsroom(store, config)
    newsroom.file("story", body=BODY, date=NOON)
    return newsroom


def links(newsroom):
    """The addresses of the link on the page, on its AMP page and in the three feeds."""
    files = newsroom.files()
    feed = json.loads(files["feed.json"])["items"]
    html = next(item["content_html"] for item in feed if "/story/" in item["url"])
    texts = [files[f"articles/story/{name}index.html"].decode() for name in ("", "amp/")]
    texts += [unescape(files[name].decode()) for name in ("rss.xml", "atom.xml")]
    assert not any("article:articles" in text for text in (*texts, html))
    pattern = r'See (?:<a href="([^"]*)">)?the <em>tram</em>'
    return [match and match[1] for match in (re.search(pattern, text) for text in (*texts, html))]


def leads_to(newsroom, slug):
    address = f"/post/articles/{slug}/{FRAGMENT}"
    assert links(newsroom) == [address, *[f"https://news.example{address}"] * 4]
    return True


def leads_nowhere(newsroom):
    assert WORDS in newsroom.files()["articles/story/index.html"].decode()
    return links(newsroom) == [None] * 5


def warnings(summary):
    return [str(warning) for warning in summary.warnings]


def same_as_first_build(newsroom, tmp_path):
    first = newsroom.elsewhere(tmp_path / "first")
    first.build()
    return newsroom.files() == first.files()


def test_a_link_leads_to_the_page_with_its_fragment(newsroom):
    newsroom.file("tram", date=NOON)
    summary = newsroom.build()
    assert leads_to(newsroom, "tram")
    assert warnings(summary) == []


def test_a_link_to_nothing_is_words_until_its_article_comes(newsroom, rendered, tmp_path):
    newsroom.file("other", date=NOON)
    (warning,) = warnings(newsroom.build())
    assert warning == (
        "articles/story.md: the link to articles/tram.md is shown as words only, since no article "
        "was imported from that file: correct the name, or the file"
    )
    assert leads_nowhere(newsroom)
    rendered.clear()
    newsroom.file("tram", date=NOON)
    assert warnings(newsroom.build()) == []
    assert leads_to(newsroom, "tram")
    assert sorted(rendered) == ["story", "tram"]
    assert same_as_first_build(newsroom, tmp_path)


def test_a_link_follows_a_new_slug_and_a_new_file(newsroom, tmp_path):
    newsroom.file("tram", date=NOON)
    newsroom.build()
    newsroom.file("tram", renamed="trams", date=NOON)
    newsroom.build()
    assert leads_to(newsroom, "trams")
    assert same_as_first_build(newsroom, tmp_path)


def test_a_link_ends_with_its_article_and_comes_back_with_it(newsroom):
    newsroom.file("tram", date=NOON)
    newsroom.build()
    newsroom.retract("tram")
    (warning,) = warnings(newsroom.build())
    assert warning.endswith("since that article is retracted: remove the link")
    assert leads_nowhere(newsroom)
    newsroom.restore("tram")
    newsroom.build()
    assert leads_to(newsroom, "tram")


def test_a_link_to_an_embargoed_article_appears_with_it(newsroom):
    newsroom.file("tram", date=NOON + timedelta(hours=2))
    (warning,) = warnings(newsroom.build())
    assert warning.endswith("since that article isn't public yet: it becomes a link when it is")
    assert leads_nowhere(newsroom)
    assert warnings(newsroom.build(at=NOON + timedelta(hours=3))) == []
    assert leads_to(newsroom, "tram")


def test_a_draft_is_not_linked(newsroom):
    newsroom.file("tram", status=Status.DRAFT)
    newsroom.build()
    assert leads_nowhere(newsroom)


def test_a_page_without_such_links_does_not_follow(newsroom, rendered):
    newsroom.file("tram", section="Port", date=NOON)
    newsroom.build()
    newsroom.file("tram", title="Another title", section="Port", date=NOON)
    newsroom.build()
    newsroom.file("story", body="<p>No link.</p>", date=NOON)
    newsroom.build()
    rendered.clear()
    newsroom.file("tram", title="A third title", section="Port", date=NOON)
    newsroom.build()
    assert rendered == ["tram"]


def test_a_story_that_lacks_a_picture_has_its_links(newsroom):
    figure = f'<figure><img src="{PICTURE.src}" alt="A quay"/></figure>'
    newsroom.file("tram", date=NOON)
    newsroom.file("story", body=f"{BODY}{figure}", figures=(PICTURE,), date=NOON)
    newsroom.build()
    assert leads_to(newsroom, "tram")
