"""Pictures and logos in the output: there before what names them, and gone with it."""

import json

import pytest

from syndicate.model.articles import Sponsor
from tests.publish.newsroom import PICTURE, Newsroom


def test_pictures_come_before_pages_and_feeds_after_them(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    written = newsroom.build().written
    order = [
        PICTURE.src,
        "articles/tram/index.html",
        "latest/index.html",
        "index.html",
        "rss.xml",
        "atom.xml",
        "feed.json",
        "subscribe/index.html",
        "opml.xml",
        "robots.txt",
    ]
    assert sorted(order, key=written.index) == order


def test_a_picture_changed_by_hand_is_put_right_and_the_kept_one_is_unharmed(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    newsroom.build()
    (newsroom.config.output / PICTURE.src).write_bytes(b"scribble")
    assert newsroom.build(everything=True).written == [PICTURE.src]
    assert (newsroom.config.root / PICTURE.src).read_bytes() == b"picture"


def test_a_picture_inside_a_body_goes_into_the_output(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", body=f'<p><img src="{PICTURE.src}" alt=""/></p>')
    assert PICTURE.src in newsroom.build().written


def test_the_logo_of_a_sponsor_goes_into_the_output_and_a_missing_one_leaves_the_name(newsroom):
    newsroom.file("tram", sponsor=Sponsor(name="Orsk", logo=PICTURE))
    assert PICTURE.src not in newsroom.build().written
    page = newsroom.files()["articles/tram/index.html"].decode()
    assert "Paid for by <bdi>Orsk</bdi>" in page
    assert PICTURE.src not in page
    newsroom.keep_picture()
    newsroom.file("ferry", sponsor=Sponsor(name="Orsk", logo=PICTURE))
    assert PICTURE.src in newsroom.build().written
    assert PICTURE.src in newsroom.files()["articles/ferry/index.html"].decode()


def test_a_picture_that_is_not_there_is_a_warning(newsroom):
    newsroom.file("tram", image=PICTURE)
    built = newsroom.build()
    (warning,) = built.warnings
    assert str(warning).startswith(
        f"media: 1 file is missing, loaded by 1 article (such as {PICTURE.src} in articles/tram.md)"
    )
    assert newsroom.titles() == ["Tram"]


def test_a_picture_that_is_not_there_is_in_no_feed(newsroom):
    newsroom.file("tram", body=f'<p>It is off the rails. <img src="{PICTURE.src}" alt=""/></p>')
    newsroom.build()
    (item,) = json.loads(newsroom.files()["feed.json"])["items"]
    assert "off the rails" in item["content_html"]
    assert PICTURE.src not in item["content_html"]


@pytest.fixture
def logo(tmp_path):
    """A picture beside config.toml."""
    path = tmp_path / "art" / "Logo.PNG"
    path.parent.mkdir()
    path.write_bytes(b"logo")
    return path


@pytest.fixture
def branded(sqlite_store, publication, logo):
    """A newsroom whose publication has that logo."""
    return Newsroom(
        sqlite_store, publication(publication={"logo": logo.relative_to(logo.parents[1])})
    )


def test_the_logo_is_there_before_what_names_it(branded):
    branded.keep_picture()
    branded.file("tram", image=PICTURE)
    written = branded.build().written
    assert branded.files()["assets/logo.png"] == b"logo"
    assert written.index("assets/logo.png") < written.index(PICTURE.src)
    feed = json.loads(branded.files()["feed.json"])
    assert feed["icon"] == f"{branded.config.url}/assets/logo.png"


def test_a_logo_that_was_drawn_anew_is_written_with_the_share_card_that_shows_it(branded, logo):
    def card() -> set[str]:
        return {path for path in branded.files() if path.startswith("assets/share-card.")}

    branded.build()
    before = card()
    logo.write_bytes(b"new logo")
    written = branded.build().written
    assert {"assets/logo.png", *(card() - before), "index.html"} <= set(written)
    assert card() != before


def test_a_logo_that_has_vanished_is_a_warning_and_the_old_one_stays(branded, logo):
    branded.build()
    logo.unlink()
    built = branded.build()
    assert [str(warning) for warning in built.warnings] == [
        f"publication.logo: the picture {logo} is missing"
    ]
    assert branded.files()["assets/logo.png"] == b"logo"
    assert [path.partition(".")[0] for path in built.deleted] == ["assets/share-card"]


def test_pictures_stay_where_all_is_made_anew(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    newsroom.build()
    built = newsroom.build(everything=True)
    assert (built.written, built.deleted) == ([], [])
    assert newsroom.files()[PICTURE.src] == b"picture"


def test_a_picture_that_no_article_shows_any_more_goes(newsroom):
    newsroom.keep_picture()
    newsroom.file("tram", image=PICTURE)
    newsroom.file("quay", image=PICTURE)
    newsroom.build()
    newsroom.file("tram")
    assert PICTURE.src not in newsroom.build().deleted
    newsroom.retract("quay")
    assert PICTURE.src in newsroom.build().deleted
