"""Pictures: one form of figure, caption and credit as data, files in media/."""

import hashlib

import pytest

from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.model.articles import Figure
from tests.intake.article_folder import ArticleFolder, picture


def shown(articles: ArticleFolder, body: str, name: str = "a.md", **head: object):
    filed = articles.import_one(articles.add(name, body, **head))
    assert filed.outcome is not ImportOutcome.REFUSED, filed.reason
    article = articles.by_slug(filed.slug)
    assert article is not None
    return article, filed.warnings


@pytest.fixture
def tram(articles):
    """A picture beside the article, and its name in media/."""
    data = picture()
    articles.write("tram.jpg", data)
    return f"media/{hashlib.sha256(data).hexdigest()[:32]}.jpg"


def test_a_markdown_picture_is_a_figure_with_its_title_as_caption(articles, tram):
    article, warnings = shown(articles, '![A red tram](tram.jpg "Back on *line* 3")')
    assert article.body == (
        f'<figure><img src="{tram}" alt="A red tram" width="40" height="30"/>'
        "<figcaption>Back on *line* 3</figcaption></figure>"
    )
    (figure,) = article.figures
    assert (figure.src, figure.alt, figure.caption) == (tram, "A red tram", "Back on *line* 3")
    assert (figure.width, figure.height, figure.type) == (40, 30, "image/jpeg")
    assert warnings == ()


def test_the_bytes_lie_in_media_and_their_size_in_the_store(articles, tram):
    article, _ = shown(articles, "![A tram](tram.jpg)")
    assert (articles.config.root / tram).read_bytes() == picture()
    with articles.store.read() as tx:
        kept = tx.media.get(tram)
    assert kept == Figure(
        src=tram, width=40, height=30, type="image/jpeg", length=article.figures[0].length
    )
    assert [file.name for file in articles.config.media.iterdir()] == [tram.removeprefix("media/")]


@pytest.mark.parametrize(
    "caption",
    [
        "<figcaption>The <a href='https://x.example/'>tram</a>.\n <cite>Ann / AP</cite></figcaption>",
        "<figcaption><p>The <a href='https://x.example/'>tram</a>.</p> <small>Ann / AP</small></figcaption>",
        "<figcaption><span class='credit'>Ann / AP</span> The <a href='https://x.example/'>tram</a>.</figcaption>",
        "<figcaption>The <a href='https://x.example/'>tram</a>.</figcaption><cite>Ann / AP</cite>",
    ],
)
def test_a_credit_is_found_where_editors_put_it(articles, tram, caption):
    article, _ = shown(
        articles, f"<figure><a href='tram.jpg'><img src='tram.jpg' alt='x'></a>{caption}</figure>"
    )
    (figure,) = article.figures
    assert (figure.caption, figure.credit) == ("The tram.", "Ann / AP")
    assert article.body.endswith(
        '<figcaption>The <a href="https://x.example/">tram</a>. <cite>Ann / AP</cite></figcaption></figure>'
    )


def test_the_title_of_a_work_is_no_credit(articles, tram):
    caption = "<figcaption>A scene of <cite>The Tram</cite>, 1961.</figcaption>"
    article, _ = shown(articles, f"<figure><img src='tram.jpg' alt='x'>{caption}</figure>")
    (figure,) = article.figures
    assert (figure.caption, figure.credit) == ("A scene of The Tram, 1961.", "")


def test_a_gallery_is_a_figure_per_picture(articles, tram):
    gallery = "<figure><figure><img src=tram.jpg alt=1><figcaption>One</figcaption></figure><p><img src=tram.jpg alt=2></p><figcaption>Both</figcaption></figure>"
    article, _ = shown(articles, gallery)
    assert [(f.alt, f.caption) for f in article.figures] == [("1", "One"), ("2", "")]
    assert article.body.count("<figure>") == 2
    pair, _ = shown(articles, "![1](tram.jpg)\n![2](tram.jpg)", "b.md")
    assert [figure.alt for figure in pair.figures] == ["1", "2"]


def test_a_figure_without_a_picture_is_a_plain_block(articles):
    article, _ = shown(articles, "<figure><pre>x</pre><figcaption>Code</figcaption></figure>")
    assert article.body == "<div><pre>x</pre><p>Code</p></div>"
    assert article.figures == ()


def test_a_picture_in_a_line_of_text_stays_there(articles, tram):
    article, _ = shown(articles, "The ![tram](tram.jpg) is <img src=tram.jpg width=20> back.")
    assert article.figures == ()
    assert f'The <img src="{tram}" alt="tram" width="40" height="30"/> is' in article.body
    assert 'width="20"' in article.body
    assert 'height="15"' in article.body


def test_a_missing_picture_leaves_caption_and_alt_text_and_a_warning(articles):
    article, warnings = shown(
        articles, '![A tram](gone.jpg "Back")\n\nSee ![it](gone.jpg) now.\n\n![](gone.jpg)'
    )
    assert article.body.startswith(
        '<figure><p class="missing-picture">A tram</p><figcaption>Back</figcaption></figure>'
    )
    assert "<p>See it now.</p>" in article.body
    assert article.body.count("<figure") == 1
    assert article.figures == (Figure(src="", alt="A tram", caption="Back"),)
    assert warnings[0].startswith("articles/a.md: a picture is missing: gone.jpg: no such picture")


def test_a_remote_picture_stays_remote(articles):
    article, _ = shown(articles, "<img src=//x.example/a.jpg alt=x width=30 height=20>")
    (figure,) = article.figures
    assert (figure.src, figure.width, figure.height, figure.type) == (
        "https://x.example/a.jpg",
        30,
        20,
        None,
    )


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp"), ("AVIF", "avif"), ("JPEG", "jpg")],
)
def test_a_picture_is_what_its_content_says(articles, kind, suffix):
    articles.write("picture.dat", picture(kind))
    article, _ = shown(articles, "![x](picture.dat)")
    assert article.figures[0].src.endswith(f".{suffix}")
    assert (article.figures[0].width, article.figures[0].height) == (40, 30)


def test_a_picture_that_exif_lays_on_its_side_is_upright(articles):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    articles.write("a.jpg", picture(exif=exif))
    article, _ = shown(articles, "![x](a.jpg)")
    assert (article.figures[0].width, article.figures[0].height) == (30, 40)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff rubbish",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        picture("PNG")[:60],
    ],
)
def test_what_is_no_picture_is_missing(articles, data):
    articles.write("a.svg", data)
    article, warnings = shown(articles, "![x](a.svg)")
    assert article.figures[0].src == ""
    assert len(warnings) == 1
    assert not articles.config.media.exists()


def test_a_picture_bomb_is_missing(articles):
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    for side in (7_100, 12_000, 60_000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        articles.write(
            "a.png",
            b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"x")) + chunk(b"IEND", b""),
        )
        _, warnings = shown(articles, f"![x](a.png) {side}")
        assert "has more than 50 million pixels" in warnings[0]


def test_pictures_are_looked_for_beside_the_article_and_below_the_publication_alone(
    articles, tmp_path_factory
):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.jpg"
    secret.write_bytes(picture())
    (articles.config.root / "img").mkdir()
    (articles.config.root / "img" / "a b.jpg").write_bytes(picture())
    link = articles.config.root / "link.jpg"
    link.symlink_to(secret)
    for address in ("/img/a%20b.jpg", "../img/a%20b.jpg?v=2#x"):
        assert shown(articles, f"![x]({address})")[1] == ()
    for address in (str(secret), f"../../elsewhere0/{secret.name}", "../link.jpg", "..", "%00"):
        _, warnings = shown(articles, f"![x]({address})")
        assert len(warnings) == 1, address
    assert len(shown(articles, f"<img src='file://{secret}'>")[1]) == 1


def test_an_article_outside_of_the_publication_reaches_pictures_below_its_own_folder(
    articles, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("outside")
    (folder / "photos").mkdir()
    (folder / "photos" / "a.jpg").write_bytes(picture())
    (folder.parent / "up.jpg").write_bytes(picture())
    file = folder / "story.md"
    file.write_text("---\ntitle: x\n---\n![a](photos/a.jpg)\n\n![b](../up.jpg)\n")
    filed = articles.import_one(file)
    assert [bool(figure.src) for figure in articles.only().figures] == [True, False]
    assert len(filed.warnings) == 1


def test_the_image_of_the_front_matter_is_kept_like_any_other(articles, tram):
    article, _ = shown(
        articles, "x", image="{src: tram.jpg, alt: A tram, caption: Back, credit: AP}"
    )
    assert article.image is not None
    assert (article.image.src, article.image.width, article.image.credit) == (tram, 40, "AP")
    article, warnings = shown(articles, "x", "b.md", image="gone.jpg")
    assert article.image is None
    assert len(warnings) == 1


def test_what_is_said_of_a_missing_lead_picture_stays(articles):
    said = "{src: gone.jpg, alt: A tram, caption: Back, credit: AP}"
    article, warnings = shown(articles, "x", image=said)
    assert article.image == Figure(src="", alt="A tram", caption="Back", credit="AP")
    assert article.lead is None
    assert len(warnings) == 1


def test_a_dry_run_leaves_media_alone(articles, tram):
    (filed,) = articles.import_all(articles.add("a.md", "![x](tram.jpg)"), dry_run=True)
    assert filed.outcome is ImportOutcome.NEW
    assert not articles.config.media.exists()


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("![A tram](tram.jpg){.wide}", "wide"),
        ("![A tram](tram.jpg)\n{: .full width=300 }", "full"),
        ('![A tram](tram.jpg){#x .left .rounded key="a b"}', "left"),
        ("![A tram](tram.jpg){width=50%}", ""),
        (
            '<figure class="wp-block-image alignwide"><img src="tram.jpg" alt="A tram"></figure>',
            "wide",
        ),
        ('<figure class="kg-width-full left"><img src="tram.jpg" alt="A tram"></figure>', "full"),
        ('<p><img class="alignleft" src="tram.jpg" alt="A tram"></p>', "left"),
    ],
)
def test_attributes_and_other_programs_classes_say_how_a_figure_is_set(
    articles, tram, text, layout
):
    article, _ = shown(articles, text)
    layout = f' class="{layout}"' if layout else ""
    assert article.body == (
        f'<figure{layout}><img src="{tram}" alt="A tram" width="40" height="30"/></figure>'
    )


def test_braces_that_are_no_attributes_stay_text(articles, tram):
    article, _ = shown(articles, "![A tram](tram.jpg){see below} and `![x](y){.wide}`")
    assert "{see below}" in article.body
    assert "![x](y){.wide}" in article.body


def test_a_picture_in_a_line_of_text_has_no_place_of_its_own(articles, tram):
    article, _ = shown(articles, "Text ![A tram](tram.jpg){.left} text")
    assert "class" not in article.body
    assert "{" not in article.body
