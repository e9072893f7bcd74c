"""What stands on an article's page, read from its structure."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from syndicate.config import Config
from syndicate.config.sections.pages import AmpSettings
from syndicate.model.articles import Comments, Correction, Person, Sponsor
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.templates import Templates
from tests.render.pages import sample_publication
from tests.render.pages.list_samples import blocks, home, listing
from tests.render.pages.sample_publication import AT, article, figure, markup_of


def read(page: bytes) -> Any:
    return html.fromstring(page.decode())


def text(page: Any, selector: str) -> str:
    return " ".join(" ".join(found.text_content() for found in page.cssselect(selector)).split())


def meta(page: Any, name: str) -> list[str]:
    return [str(v) for v in page.xpath(f"//meta[@property='{name}' or @name='{name}']/@content")]


def test_a_page_has_section_flag_headline_standfirst_byline_and_times(pages: ArticlePages) -> None:
    page = read(pages.article(sample_publication.edition()[0]))
    assert text(page, ".kicker .flag") == "Breaking"
    assert text(page, ".kicker a") == "Region"
    assert text(page, "h1").startswith("Arden dam holds")
    assert text(page, ".standfirst").startswith("The level has fallen")
    assert text(page, ".byline") == "By Helene Okafor and Tomas Reuter"
    assert text(page, ".published") == "November 24, 2026, 1:30 PM CET"
    assert text(page, ".updated") == "Updated 2:15 PM CET"
    assert page.cssselect(".published time")[0].get("datetime") == "2026-11-24T13:30:00+01:00"


def test_contributors_stand_together_by_place(pages: ArticlePages) -> None:
    page = read(pages.article(sample_publication.edition()[0]))
    assert text(page, ".contributors") == (
        "Reporting was contributed by David E. Sanger and Motoko Rich from Hanoi, "
        "Austin Ramzy from Hong Kong, and Choe Sang-Hun from Seoul, South Korea."
    )


def test_a_german_article_is_spoken_of_in_german(pages: ArticlePages) -> None:
    people = (
        Person(name="Ada Roth", place="Kiel"),
        Person(name="Jo Ahn", place="Kiel"),
        Person(name="Bo Lim"),
    )
    made = article(language="de", breaking=True, contributors=people, comments=Comments(count=0))
    page = read(pages.article(made))
    assert (
        text(page, ".contributors")
        == "Unter Mitarbeit von Ada Roth und Jo Ahn aus Kiel sowie Bo Lim."
    )
    assert text(page, ".flag") == "Eilmeldung"
    assert text(page, ".comments") == "Keine Kommentare"
    assert text(page, ".published") == "24. November 2026, 14:05 MEZ"
    assert page.cssselect("article")[0].get("lang") == "de"
    assert page.get("lang") == "en"


@pytest.mark.parametrize(
    ("comments", "said"),
    [
        (Comments(count=0), "No comments"),
        (Comments(count=1), "1 comment"),
        (Comments(count=12, url="https://talk.example/1"), "12 comments"),
        (None, ""),
        (Comments(url="https://talk.example/1"), "Comments"),
        (Comments(url="javascript:alert(1)"), ""),
    ],
)
def test_comments_are_counted_and_linked(
    pages: ArticlePages, comments: Comments | None, said: str
) -> None:
    page = read(pages.article(article(comments=comments)))
    assert text(page, ".comments") == said
    sound = comments is not None and comments.url == "https://talk.example/1"
    assert [a.get("href") for a in page.cssselect(".comments a")] == (
        ["https://talk.example/1"] if sound else []
    )


def test_an_update_right_after_publication_is_not_shown(pages: ArticlePages) -> None:
    soon, late = timedelta(minutes=4), timedelta(days=2)
    assert text(read(pages.article(article(date=AT, updated=AT + soon))), ".updated") == ""
    updated = text(read(pages.article(article(date=AT, updated=AT + late))), ".updated")
    assert updated == "Updated November 26, 2026, 2:17 PM CET"


def test_the_picture_that_the_body_begins_with_leads_and_is_shown_once(pages: ArticlePages) -> None:
    dam = figure("dam")
    for image in (None, dam):
        page = read(
            pages.article(
                article(body=f"\n{markup_of(dam)}\n<p>Text.</p>", image=image, figures=(dam,))
            )
        )
        assert [i.get("src") for i in page.cssselect("img")] == ["/media/dam.jpg"]
        assert text(page, ".opening figcaption cite") == "Mara Lind for The Harbour Post"
        assert text(page, ".body") == "Text."


def test_a_picture_further_down_in_the_body_is_not_led_with_too(pages: ArticlePages) -> None:
    dam = figure("dam")
    page = read(
        pages.article(article(body=f"<p>Text.</p>{markup_of(dam)}", image=dam, figures=(dam,)))
    )
    assert len(page.cssselect("img")) == 1
    assert not page.cssselect(".opening")


def test_a_lead_of_its_own_stands_before_the_figures_of_the_body(pages: ArticlePages) -> None:
    dam, gates = figure("dam"), figure("gates")
    page = read(pages.article(article(body=markup_of(gates), image=dam, figures=(gates,))))
    lead, other = page.cssselect("img")
    assert (lead.get("src"), lead.get("loading")) == ("/media/dam.jpg", None)
    assert (lead.get("width"), lead.get("height")) == ("1500", "1000")
    assert (other.get("src"), other.get("loading")) == ("/media/gates.jpg", "lazy")


def test_a_lead_picture_that_was_not_there_at_import_leaves_what_is_said_of_it(
    pages: ArticlePages,
) -> None:
    gone = figure(src="", alt="A dam", caption="It holds.", credit="A. Lind")
    page = read(pages.article(article(body="<p>Text.</p>", image=gone)))
    (left,) = page.cssselect("figure")
    assert not left.cssselect("img")
    assert text(page, "figure .missing-picture") == "A dam"
    assert text(page, "figure figcaption").split() == ["It", "holds.", "A.", "Lind"]


@pytest.mark.parametrize(
    ("typed", "set_as"),
    [("121", "232"), ("343", "232"), ("3323", "2223"), ("2452", "2342"), ("123456", "234566")],
)
def test_headings_follow_the_headline_without_a_gap(
    pages: ArticlePages, typed: str, set_as: str
) -> None:
    body = "".join(f"<h{level}>x</h{level}>" for level in typed)
    page = read(pages.article(article(body=body)))
    assert len(page.cssselect("h1")) == 1
    assert "".join(h.tag[1] for h in page.xpath("//div[@class='body']/*")) == set_as


def test_open_graph_names_the_picture_with_its_size(pages: ArticlePages) -> None:
    page = read(pages.article(sample_publication.edition()[0]))
    assert meta(page, "og:type") == ["article"]
    assert meta(page, "og:image") == ["https://post.example/media/dam.jpg"]
    assert meta(page, "og:image:width") == ["1500"]
    assert meta(page, "og:image:alt") == ["A concrete dam between dark hills at dusk"]
    assert meta(page, "article:tag") == ["river", "dam"]
    assert meta(page, "twitter:card") == ["summary_large_image"]


def test_open_graph_names_a_smaller_picture_where_there_is_one(pages: ArticlePages) -> None:
    page = read(pages.article(article(image=figure("dam", variants=(400, 800, 1200)))))
    assert meta(page, "og:image") == ["https://post.example/media/dam-1200.jpg"]
    assert meta(page, "og:image:width") == ["1200"]
    assert meta(page, "og:image:height") == ["800"]


def test_feeds_amp_and_canonical_can_be_found(pages: ArticlePages, config: Config) -> None:
    def links(page: Any, rel: str) -> list[str]:
        return [link.get("href") for link in page.cssselect(f"head link[rel={rel}]")]

    page = read(pages.article(article(slug="x")))
    assert links(page, "canonical") == ["https://post.example/articles/x/"]
    assert links(page, "amphtml") == ["https://post.example/articles/x/amp/"]
    assert links(page, "alternate") == ["/rss.xml", "/atom.xml", "/feed.json"]
    elsewhere = read(pages.article(article(canonical_url="https://first.example/x")))
    assert links(elsewhere, "canonical") == ["https://first.example/x"]
    without = config.override(amp=AmpSettings(enabled=False))
    assert (
        links(read(ArticlePages(PageFrame(without, Templates())).article(article())), "amphtml")
        == []
    )


def test_json_ld_describes_the_article_and_cannot_end_its_script(pages: ArticlePages) -> None:
    title = "A </script><!-- title & more"
    page = pages.article(
        article(title=title, authors=(Person(name="Ada"),), comments=Comments(count=3))
    )
    data = json.loads(read(page).xpath("//script[@type='application/ld+json']")[0].text)
    assert data["@type"] == "NewsArticle"
    assert data["headline"] == title
    assert data["author"] == [{"@type": "Person", "name": "Ada"}]
    assert data["commentCount"] == 3
    written = page.split(b'application/ld+json">')[1].split(b"</script>")[0]
    assert b"<" not in written
    assert b">" not in written


def test_json_ld_names_the_lead_picture_in_three_shapes_and_whole(pages: ArticlePages) -> None:
    def images(**changes: Any) -> list[dict[str, Any]]:
        page = read(pages.article(article(image=figure("dam", **changes))))
        data = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
        return list(data["image"])

    shapes = images(variants=(400, 800, 1200))
    assert [(each["url"].rpartition("/")[2], each["width"], each["height"]) for each in shapes] == [
        ("dam-1x1.jpg", 1000, 1000),
        ("dam-4x3.jpg", 1200, 900),
        ("dam-16x9.jpg", 1200, 675),
        ("dam.jpg", 1500, 1000),
    ]
    assert {each["creditText"] for each in shapes} == {"Mara Lind for The Harbour Post"}
    remote = images(src="https://pictures.example/dam.jpg")
    assert [each["url"] for each in remote] == ["https://pictures.example/dam.jpg"]


def test_json_ld_shows_the_logo_of_the_publisher_if_there_is_one(
    pages: ArticlePages, tmp_path: Path
) -> None:
    def publisher(pages: ArticlePages) -> Any:
        page = read(pages.article(article()))
        return json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)["publisher"]

    config = sample_publication.config(tmp_path)
    publication = config.publication.model_copy(update={"logo": Path("logo.webp")})
    branded = ArticlePages(PageFrame(config.override(publication=publication), Templates()))
    logo = {"@type": "ImageObject", "url": "https://post.example/assets/logo.webp"}
    assert publisher(branded) == publisher(pages) | {"logo": logo}
    assert "logo" not in publisher(pages)


def test_ad_slots_are_labelled_and_reserve_their_height(tmp_path: Path) -> None:
    frame = PageFrame(sample_publication.config(tmp_path, ads=sample_publication.ADS), Templates())
    page = read(ArticlePages(frame).article(article()))
    assert [ad.get("class") for ad in page.cssselect(".ad")] == ["ad ad-header", "ad ad-post-top"]
    assert text(page, ".ad .label") == "Advertisement Advertisement"
    css = next(v for k, v in frame.assets().items() if k.endswith(".css")).decode()
    assert ".ad-post-top{min-block-size: 298px;}" in css


def test_empty_ad_slots_leave_nothing(pages: ArticlePages) -> None:
    assert b"ad-header" not in pages.article(article())
    assert b"Advertisement" not in pages.article(article())


def test_what_people_typed_is_text_not_markup(pages: ArticlePages) -> None:
    evil = "<img src=x onerror=alert(1)>"
    person = Person(name=evil, place=evil, url="javascript:alert(1)")
    made = article(
        title=evil,
        summary=evil,
        section=evil,
        authors=(person,),
        contributors=(person,),
        image=figure(alt=evil, caption=evil, credit=evil),
        tags=(evil,),
    )
    page = read(pages.article(made))
    assert len(page.cssselect("img")) == 1
    assert not page.xpath("//@onerror")
    assert text(page, "h1") == evil
    (author,) = page.cssselect(".byline a")
    assert author.get("href").startswith("/authors/")


def test_control_characters_and_lone_surrogates_do_no_harm(pages: ArticlePages) -> None:
    made = article(
        title="A\x00b\ud800c", summary="\x1bx", image=figure(alt="\x07", caption="\udfff")
    )
    assert '<h1 dir="auto">Abc</h1>' in pages.article(made).decode()


def test_under_a_path_every_link_stays_under_it(tmp_path: Path) -> None:
    frame = PageFrame(
        sample_publication.config(tmp_path, url="https://example.org/post/"), Templates()
    )
    lists = ListPages(frame)
    articles = sample_publication.edition()
    for page in (
        ArticlePages(frame).article(articles[0]),
        home(lists, articles, strip=articles[0], sections=blocks(articles)),
        listing(lists, number=2, newer="/tags/river/", older="/tags/river/page/1/"),
    ):
        own = [a for a in read(page).xpath("//@href | //@src | //@data-strip") if a.startswith("/")]
        assert own
        assert all(a.startswith("/post/") for a in own)


def test_a_page_is_the_same_twice_and_knows_no_other_article(
    pages: ArticlePages, config: Config
) -> None:
    made = sample_publication.edition()
    again = ArticlePages(PageFrame(config, Templates())).article(made[0])
    assert pages.article(made[0]) == again
    assert b"Ferry line" not in again


def test_pages_run_no_script_but_ours_and_bring_no_inline_style(pages: ArticlePages) -> None:
    page = read(pages.article(sample_publication.edition()[0]))
    scripts = [s.get("src") for s in page.cssselect("script") if s.get("type") is None]
    assert [src.split(".")[0] for src in scripts] == ["/assets/breaking", "/assets/share"]
    assert not page.xpath("//@style | //style | //@*[starts-with(name(), 'on')]")


def test_a_right_to_left_article_says_so(pages: ArticlePages) -> None:
    page = read(pages.article(article("السد صامد", slug="x", language="ar")))
    assert page.cssselect("article")[0].get("dir") == "rtl"


def test_a_withdrawn_article_says_when_and_not_what(pages: ArticlePages) -> None:
    page = pages.withdrawn(article("A libel", retracted_at=AT))
    assert b"libel" not in page
    assert text(read(page), "main p").startswith("It was withdrawn on November 24, 2026")
    assert read(page).xpath("//meta[@name='robots']/@content") == ["noindex, noarchive"]


def test_an_old_address_leads_to_the_new_one(pages: ArticlePages) -> None:
    page = read(pages.redirect("/articles/new/"))
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://post.example/articles/new/"]
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == ["0; url=/articles/new/"]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


CORRECTED = (
    Correction(at=AT + timedelta(hours=1), text="The dam is <40> m high, not 400."),
    Correction(at=AT + timedelta(days=7), text="It was built in 1931."),
)


def test_corrections_are_below_the_text_and_in_json_ld(pages: ArticlePages) -> None:
    page = read(pages.article(article(corrections=CORRECTED)))
    assert [" ".join(each.text_content().split()) for each in page.cssselect(".corrections p")] == [
        "Correction, November 24, 2026: The dam is <40> m high, not 400.",
        "Correction, December 1, 2026: It was built in 1931.",
    ]
    assert page.cssselect(".body + .corrections")
    data = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
    assert data["dateModified"] == "2026-12-01T13:17:00+00:00"
    assert data["correction"][1] == {
        "@type": "CorrectionComment",
        "text": "It was built in 1931.",
        "datePublished": "2026-12-01T13:17:00+00:00",
    }
    german = read(pages.article(article(corrections=CORRECTED, language="de")))
    assert text(german, ".corrections p").startswith("Korrektur vom 24. November 2026: ")
    plain = read(pages.article(article()))
    assert not plain.cssselect(".corrections")
    assert "correction" not in plain.xpath("//script[@type='application/ld+json']")[0].text


def test_a_story_that_somebody_paid_for_says_so_over_its_headline(pages: ArticlePages) -> None:
    logo = replace(figure("logo"), width=1000, height=250)
    paid = article(sponsor=Sponsor(name="Orsk & Sons", url="https://orsk.example/", logo=logo))
    for page in (read(pages.article(paid)), read(pages.amp(paid))):
        (label,) = page.xpath("//header/p[@class='paid'][following-sibling::h1]")
        assert label.text_content().strip() == "Paid for by Orsk & Sons"
        assert label.xpath(".//a[@rel='sponsored']/@href") == ["https://orsk.example/"]
        (shown,) = label.xpath(".//*[@width]")
        assert (shown.get("width"), shown.get("height")) == ("160", "40")
        data = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
        assert data["@type"] == "AdvertiserContentArticle"
        assert data["sponsor"]["name"] == "Orsk & Sons"
        assert data["sponsor"]["logo"]["url"].startswith("https://")
    plain = read(pages.article(article()))
    assert not plain.cssselect(".paid")
    data = json.loads(plain.xpath("//script[@type='application/ld+json']")[0].text)
    assert (data["@type"], "sponsor" in data) == ("NewsArticle", False)
