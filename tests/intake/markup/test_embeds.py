"""Players and frames in bodies: those that are safe stay, in one form; links stand for others."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syndicate.body.markup import write_children
from syndicate.config.sections.pages import EMBED_HOSTS
from syndicate.intake.articles.markdown import to_html
from syndicate.intake.markup.sanitise import sanitise
from tests.intake.article_folder import ArticleFolder, picture

TRAM = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"
FRAMED = (
    f'<figure class="embed ratio-16-9"><iframe src="{TRAM}" width="560" height="315" '
    'title="The tram" allowfullscreen=""></iframe></figure>'
)


def safe(markup, hosts=EMBED_HOSTS):
    return write_children(sanitise(markup, "", hosts=hosts))


@pytest.mark.parametrize(
    "markup",
    [
        '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ?autoplay=1" title="The tram"></iframe>',
        '<iframe src="https://youtu.be/dQw4w9WgXcQ" title="The tram" allow="autoplay" onload="x()">',
        '<iframe src="http://youtu.be/dQw4w9WgXcQ" title="The tram"/>',
        '<p><iframe src="//www.youtube.com/embed/dQw4w9WgXcQ" title="The tram">old</iframe></p>',
        '<p><b><iframe src="https://youtu.be/dQw4w9WgXcQ" title="The tram"></iframe></b></p>',
        '<object data="http://www.youtube.com/v/dQw4w9WgXcQ" title="The tram"></object>',
        '<embed src="http://www.youtube.com/v/dQw4w9WgXcQ&amp;hl=en" title="The tram">',
    ],
)
def test_a_video_of_a_known_host_has_one_form(markup):
    body = safe(markup).replace("<p><b></b></p>", "")
    assert body == FRAMED
    assert safe(body) == body, "a second pass changes nothing"


def test_text_goes_on_after_a_frame_that_markdown_writes_as_xml():
    body = safe(to_html('<iframe src="https://youtu.be/dQw4w9WgXcQ" title="The tram"/>\n\nAfter.'))
    assert body == f"{FRAMED}\n<p>After.</p>"
    body = safe(to_html('<video src="https://x.example/a.mp4"/>\n\n## More\n\nAfter.'))
    assert "<h2" in body
    assert body.endswith("<p>After.</p>")


def test_what_follows_a_tag_that_was_never_closed_is_not_lost():
    body = safe('<video src="https://x.example/a.mp4"><p>One.</p><iframe src="https://x.example/">')
    assert "<p>One.</p>" in body
    assert body.index("<video") < body.index("<p>One.")


def test_players_in_a_line_of_text_stand_after_it_in_their_order():
    body = safe(
        '<p>See <iframe src="https://youtu.be/dQw4w9WgXcQ"></iframe> and '
        '<audio src="https://x.example/a.mp3"></audio>.</p><p>Next.</p>'
    )
    assert re.findall(r"<(p|iframe|audio)", body) == ["p", "iframe", "audio", "p"]
    assert "<p>See  and .</p>" in body


def test_a_short_is_upright_and_a_named_size_gives_the_shape():
    assert '"embed ratio-9-16"' in safe('<iframe src="https://youtube.com/shorts/dQw4w9WgXcQ">')
    body = safe('<iframe src="https://youtu.be/dQw4w9WgXcQ" width="640" height="480"></iframe>')
    assert '<figure class="embed ratio-4-3">' in body


def test_a_figure_around_a_player_keeps_its_caption(tmp_path, publication, sqlite_store):
    articles = ArticleFolder(publication(), sqlite_store)
    articles.write(
        "a.html",
        '<title>Tram</title><figure class="wp-block-embed"><div class="wrapper">\n'
        '<iframe src="https://youtu.be/dQw4w9WgXcQ" title="The tram"></iframe>\n</div>'
        "<figcaption>It is <b>back</b>. <cite>Mara Lind</cite></figcaption></figure>",
    )
    articles.import_all()
    assert articles.only().body == FRAMED.replace(
        "</iframe>", "</iframe><figcaption>It is <b>back</b>. <cite>Mara Lind</cite></figcaption>"
    )


def test_a_player_and_a_picture_in_one_figure_become_two():
    body = safe(
        '<figure><img src="https://x.example/a.jpg"><iframe src="https://youtu.be/dQw4w9WgXcQ" '
        'title="The tram"></iframe><figcaption>A</figcaption></figure>'
    )
    assert body.endswith(f"<figcaption>A</figcaption></figure>{FRAMED}")


def test_only_frames_of_the_hosts_that_the_config_names_stay():
    frame = '<iframe src="https://charts.example.org/1" title="Levels"></iframe>'
    link = '<p><a href="https://charts.example.org/1">Levels</a></p>'
    assert safe(frame) == link
    assert safe(frame, ["example.org", "*.charts.example.org", "harts.example.org"]) == link
    for hosts in (["charts.example.org"], ["*.example.org"], ["*.org"], ["*"]):
        assert '<figure class="embed"><iframe src="https://charts.example.org/1"' in safe(
            frame, hosts
        )
    tram = '<iframe src="https://youtu.be/dQw4w9WgXcQ" title="Tram"></iframe>'
    assert safe(tram, ()) == '<p><a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ">Tram</a></p>'


@pytest.mark.parametrize(
    "address",
    [
        "http://www.openstreetmap.org/x",
        "https://www.openstreetmap.org\\@evil.example/",
        "https://evil.example\\.www.openstreetmap.org/",
        "https://user@www.openstreetmap.org/",
        "https://www.openstreetmap.org:8443/",
        "https://www.open\tstreetmap.org/",
        "https://evil.example/?https://www.openstreetmap.org/",
        "https://[half",
        "/map",
        "data:text/html,x",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_only_looks_like_an_allowed_one_is_not_framed(address):
    assert "<iframe" not in safe(f'<iframe src="{address}"></iframe>')


def test_a_recording_keeps_its_sources_and_its_captions():
    body = safe(
        '<video poster="https://x.example/a.jpg" width="640" height="360" autoplay loop preload=auto>'
        '<source src="https://x.example/a.webm" type="video/webm" onerror="x()">'
        '<source src="//x.example/a.mp4" type="text/html"><source src="http://x.example/a.ogv">'
        '<track src="https://x.example/a.vtt" kind="captions" srclang="en" label="English">'
        '<track src="https://x.example/b.vtt" kind="subtitles">'
        "Your browser is old: <a href='https://x.example/a.mp4'>load it</a>.</video>"
    )
    assert body == (
        '<figure class="embed"><video width="640" height="360" poster="https://x.example/a.jpg" '
        'loop="" controls=""><source src="https://x.example/a.webm" type="video/webm"/>'
        '<source src="https://x.example/a.mp4"/>'
        '<track src="https://x.example/a.vtt" kind="captions" srclang="en" label="English"/>'
        '<track src="https://x.example/b.vtt" kind="captions"/></video></figure>'
    )
    assert safe(body) == body


@pytest.mark.parametrize("tag", ["video", "audio"])
def test_a_recording_that_would_not_load_is_a_link(tag):
    assert safe(f'<{tag} src="http://x.example/a" title="Rain"></{tag}>') == (
        '<p><a href="http://x.example/a">Rain</a></p>'
    )
    assert safe(f'<{tag}><source src="a.ogg">old</{tag}>') == '<p><a href="a.ogg">a.ogg</a></p>old'
    assert safe(f"<{tag}></{tag}>") == ""


def test_what_a_video_shows_before_it_plays_is_kept_with_the_pictures(publication, sqlite_store):
    articles = ArticleFolder(publication(), sqlite_store)
    articles.write("still.jpg", picture())
    articles.add("a.md", '<video src="https://x.example/a.mp4" poster="still.jpg"></video>')
    filed = articles.import_all()
    assert re.search('poster="media/[0-9a-f]+.jpg"', articles.only().body)
    assert not filed[0].warnings
    articles.add("a.md", '<video src="https://x.example/b.mp4" poster="gone.jpg"></video>')
    (again,) = [one for one in articles.import_all() if one.warnings]
    assert "gone.jpg" in again.warnings[0]
    assert "poster" not in articles.only().body


def test_a_post_of_a_social_network_stays_a_quotation_with_its_link():
    body = safe(
        '<blockquote class="twitter-tweet"><p lang="en">Hi</p>— A <a href="https://x.com/a/1">May'
        '</a></blockquote><script async src="https://platform.twitter.com/widgets.js"></script>'
    )
    assert body == (
        '<blockquote><p lang="en">Hi</p>— A <a href="https://x.com/a/1">May</a></blockquote>'
    )


_VALUES = st.one_of(
    st.sampled_from([
        "https://x.example/a", "http://x.example", "javascript:alert(1)", " javascript:x", "data:x",
        "https://youtu.be/dQw4w9WgXcQ", "//x.example/", "x.mp4", "100%", "640", "0", "", "autoplay",
    ]),
    st.text(max_size=12),
)  # fmt: skip
_NAMES = st.sampled_from([
    "src", "data", "srcdoc", "srcset", "poster", "autoplay", "onload", "onerror", "width", "height",
    "title", "sandbox", "allow", "name", "style", "id", "type", "kind", "srclang", "label", "loop",
])  # fmt: skip
_ALLOWED = {
    "iframe": {"src", "width", "height", "title", "allowfullscreen", "id", "lang"},
    "video": {"src", "width", "height", "poster", "title", "loop", "muted", "controls", "id"},
    "audio": {"src", "title", "loop", "muted", "controls", "id"},
    "source": {"src", "type"},
    "track": {"src", "kind", "srclang", "label"},
}


@st.composite
def _markup(draw):
    from html import escape

    tag = draw(st.sampled_from(["iframe", "video", "audio", "object", "embed", "source", "track"]))
    attributes = draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=6))
    inside = draw(st.lists(_markup(), max_size=2)) if draw(st.booleans()) else []
    around = draw(
        st.sampled_from(["{}", "<p>a {} b</p>", "<figure>{}</figure>", "<ul><li>{}</ul>"])
    )
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes)
    end = draw(st.sampled_from([f"</{tag}>", ""]))
    return around.format(
        f"<{tag}{written}>{''.join(inside)}x{end}".replace("{", "").replace("}", "")
    )


@given(_markup())
def test_whatever_the_attributes_only_safe_players_stay(markup):
    body = safe(markup, ["*"])
    root = etree.fromstring(f"<div>{body}</div>")
    assert safe(body, ["*"]) == body
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith(("on", "auto"))]
        if element.tag in _ALLOWED:
            assert set(element.attrib) <= _ALLOWED[element.tag]
            assert element.get("src", "https://").startswith("https://")
        if element.tag in ("iframe", "video", "audio"):
            assert element.getparent().tag == "figure"
            assert element.getparent()[0] is element
            assert "embed" in element.getparent().get("class").split()
