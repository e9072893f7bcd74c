"""Pictures in editions: how wide, from which file, how many, and what stands for them."""

import pytest

from tests.render.mail.samples import (
    DAM,
    HARBOUR,
    URL,
    alert,
    article,
    digest,
    figure,
    said,
    tree,
    written,
)


@pytest.mark.parametrize(
    ("width", "attribute", "style"),
    [(1200, "536", "max-width:536px"), (200, "200", "max-width:200px"), (None, "536", "max-width:536px")],
)  # fmt: skip
def test_a_figure_fits_the_column(width, attribute, style):
    picture = figure(width=width, height=width and 100)
    content = alert(article(body=f"<p>a</p>{written(picture)}"))
    image = tree(content).find(".//img")
    assert image.get("width") == attribute
    assert style in image.get("style").replace(" ", "")


LARGE = figure("large", width=4000, height=3000, variants=(400, 800, 1200, 1600))


def loaded(content):
    """Each picture of a mail: its file, width and height."""
    return [
        (image.get("src").rpartition("/")[2], image.get("width"), image.get("height"))
        for image in tree(content).iter("img")
    ]


def test_mail_loads_renditions_of_its_own_and_names_their_size():
    story = article(body=f"<p>a</p>{written(DAM)}", image=LARGE, figures=(DAM,))
    assert loaded(alert(story)) == [("large-mail.jpg", "536", "402"), ("dam.jpg", "536", "357")]
    stories = [article(1, image=LARGE), article(2, image=LARGE), article(3, image=DAM)]
    assert loaded(digest(stories)) == [
        ("large-mail.jpg", "536", "402"),
        ("large-thumb.jpg", "184", "122"),
        ("dam.jpg", "184", "123"),
    ]


def test_a_picture_in_a_line_loads_a_small_rendition():
    line = f'<p>A <img src="{LARGE.src}" alt="" width="40" height="30"/> badge.</p>'
    assert loaded(alert(article(body=line, figures=(LARGE,)))) == [("large-400.jpg", "40", "30")]


@pytest.mark.parametrize(
    ("count", "shown", "note"),
    [(6, 6, None), (7, 6, "1 more picture on the web"), (40, 6, "34 more pictures on the web")],
)
def test_a_story_has_its_first_six_pictures_and_counts_the_others(count, shown, note):
    several = [figure(f"f{number}", alt=f"Alt {number}", caption="") for number in range(count)]
    body = "".join(f"<p>Before {one.alt}.</p>{written(one)}" for one in several)
    content = alert(article(body=body, figures=tuple(several), image=DAM))
    names = [name for name, *_ in loaded(content)]
    assert names == ["dam.jpg", *(f"f{number}.jpg" for number in range(shown))]
    links = [link for link in tree(content).iter("a") if "on the web" in link.text_content()]
    expected = ([note] if note else []) + ["Read on the web"]
    assert [link.text_content() for link in links] == expected
    assert {link.get("href") for link in links} == {f"{URL}/articles/story-1/"}
    words = said(content)
    assert f"Before Alt {count - 1}." in words
    if note:
        assert words.index("Before Alt 6.") < words.index(note)
        assert words.index(note) < words.find("Before Alt 7.") or count == 7
    assert content.text.count("[Picture: ") == shown + 1
    assert note is None or f"\n{note}\n" in content.text


def test_a_picture_that_leads_a_story_is_one_of_its_six():
    several = [figure(f"f{number}", alt=f"Alt {number}") for number in range(40)]
    body = "".join(map(written, several))
    content = alert(article(body=body, figures=tuple(several)))
    assert len(loaded(content)) == 6
    assert "34 more pictures on the web" in said(content)
    assert "34 more pictures on the web" in content.text


def test_a_picture_of_which_nothing_is_known_has_no_height():
    remote = figure(src="https://elsewhere.example/a.jpg", width=None, height=None)
    assert loaded(digest([article(1, image=remote)])) == [("a.jpg", "536", None)]
    assert 'height="auto"' not in digest([article(1, image=remote)]).html


def test_the_lead_picture_that_the_article_names_comes_first_and_once():
    content = alert(article(body=f"<p>a</p>{written(HARBOUR)}", image=DAM, figures=(HARBOUR,)))
    assert [i.get("alt") for i in tree(content).iter("img")] == [DAM.alt, HARBOUR.alt]


def test_a_picture_in_a_line_keeps_its_own_size():
    content = alert(article(body='<p>a <img src="https://b.example/i.png" alt="b"/> c</p>'))
    assert tree(content).find(".//img").get("width") is None


def test_the_text_of_a_picture_that_is_not_loaded_is_set_like_a_caption():
    image = tree(alert(article(image=DAM))).find(".//img")
    assert "font-size: 14px" in image.get("style")
    assert "color: #5A564E" in image.get("style")
    assert "max-width:536px" in image.get("style").replace(" ", "")
