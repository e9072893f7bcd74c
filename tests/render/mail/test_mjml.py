"""The door to mrml: what goes through it unharmed, and what is refused with its line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from syndicate.errors import TemplateError
from syndicate.render.mail import mjml
from syndicate.render.templates import Templates
from tests.render.mail.samples import NASTY

SKELETON = """<mjml><mj-body>
<mj-section><mj-column>
{}
</mj-column></mj-section>
</mj-body></mjml>"""


def rendered(folder: Path, source: str, **values: object) -> str:
    (folder / "own.mjml").write_text(source)
    return mjml.to_html(Templates(folder).render("own.mjml", values), template="own.mjml")


@pytest.mark.parametrize("value", [NASTY, "two\nlines", "a\u0301", "\u200f\u202e", "MARK0N0END"])
def test_attribute_values_come_out_as_they_went_in(tmp_path, value):
    source = SKELETON.format(
        '<mj-image src="https://a.example/?a=1&amp;b=2" alt="{{ v }}" title="{{ v }}" />'
        '<mj-text><a title="{{ v }}" href="#">{{ v }}</a></mj-text>'
    )
    page = html.fromstring(rendered(tmp_path, source, v=value))
    picture, link = page.find(".//img"), page.find(".//a")
    assert picture.get("src") == "https://a.example/?a=1&b=2"
    assert picture.get("alt").split() == value.split()
    assert picture.get("title").split() == value.split()
    assert link.get("title").split() == value.split()
    assert link.text == value


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_survives_in_attributes_and_in_between(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("own")
    source = SKELETON.format('<mj-image src="a" alt="{{ v }}" /><mj-text>|{{ v }}|</mj-text>')
    page = html.fromstring(rendered(folder, source, v=value))
    kept = "".join(c for c in value if c not in "\ufffe\uffff")
    assert page.find(".//img").get("alt") == kept
    assert f"|{kept}|" in "".join(page.itertext())


def test_conditional_comments_and_empty_elements_pass_through(tmp_path):
    inside = "<!--[if mso]><i>word</i><![endif]--><p></p><br/>&nbsp;&copy;"
    page = rendered(tmp_path, SKELETON.format(f"<mj-text>{inside}</mj-text>"))
    assert "<!--[if mso]><i>word</i><![endif]--><p></p><br>\u00a0©" in page


def test_nothing_of_our_own_is_left_in_the_html(tmp_path):
    inside = "<mj-text><!--[if mso]><td><![endif]--><b>x</b></mj-text>"
    page = rendered(tmp_path, SKELETON.format(inside))
    assert "template-line" not in page
    assert "MARK" not in page


def test_the_preview_is_not_white(tmp_path):
    source = SKELETON.format("<mj-text>b</mj-text>").replace(
        "<mj-body", "<mj-head><mj-preview>a</mj-preview></mj-head><mj-body", 1
    )
    page = rendered(tmp_path, source)
    assert re.search(r'<div style="display:none;[^"]*">\s*a\s*</div>', page)
    assert "#ffffff" not in page.lower().partition("<body")[2].partition("</div>")[0]


def test_no_font_is_loaded(tmp_path):
    page = rendered(tmp_path, SKELETON.format('<mj-text font-family="Roboto">x</mj-text>'))
    assert "fonts.googleapis" not in page
    assert "<link" not in page


@pytest.mark.parametrize(
    ("inside", "line", "message"),
    [
        ("<mj-txt>a</mj-txt>", 3, "no <mj-txt>; did you mean mj-text?"),
        ('<mj-text colr="#000000">a</mj-text>', 3, "no attribute colr; did you mean color?"),
        ("\n<mj-section></mj-section>", 4, "<mj-section> can't be in <mj-column>"),
        ("<p>hi</p>", 3, "put HTML into <mj-text>"),
        ("hello", 2, "text is directly in <mj-column>: 'hello'"),
        ('<mj-include path="x" />', 3, "use Jinja's {% include %}"),
        ('<mj-hero mode="fluid-height" />', 3, "<mj-hero> can't be in"),
        ("<mj-text>\n\na < b</mj-text>", 5, "not well-formed"),
        ("<mj-text>\na & b</mj-text>", 4, "not well-formed"),
        ("\n<mj-text><p>a</mj-text>", 4, "<p> of own.mjml:4 is closed by </mj-text>"),
        ("{% for i in [1, 2] %}\n\n<mj-text gap='1'>a</mj-text>\n{% endfor %}", 5, "gap has no effect"),
        ("<mj-text>\n{{ nobody }}</mj-text>", 4, "'nobody' is undefined"),
        ("<mj-text>\n{% if %}</mj-text>", 4, "Expected an expression"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_template_and_line(tmp_path, inside, line, message):
    with pytest.raises(TemplateError) as caught:
        rendered(tmp_path, SKELETON.format("@@").replace("@@", inside))
    assert str(caught.value).startswith(f"own.mjml:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("<mj-html-attributes></mj-html-attributes>", "is not supported"),
        ('<mj-style inline="inline">a{}</mj-style>', "<mj-style inline> has no effect"),
        ('<mj-attributes><mj-txt color="#000000" /></mj-attributes>', "no <mj-txt>"),
    ],
)
def test_what_mrml_spoils_in_the_head_is_refused(tmp_path, head, message):
    with pytest.raises(TemplateError, match=message):
        rendered(tmp_path, f"<mjml><mj-head>{head}</mj-head><mj-body></mj-body></mjml>")


def test_a_mistake_in_a_partial_names_the_partial(tmp_path):
    (tmp_path / "part.mjml").write_text("{% macro one() %}\n<mj-txt>a</mj-txt>{% endmacro %}")
    source = "{% from 'part.mjml' import one %}" + SKELETON.format("{{ one() }}")
    with pytest.raises(TemplateError, match=r"^part.mjml:2: there is no <mj-txt>"):
        rendered(tmp_path, source)


def test_what_mrml_itself_refuses_is_reported_at_the_element(tmp_path):
    head = '<mj-title>é</mj-title>\n<mj-attributes>\n<mj-class color="#000000" />\n</mj-attributes>'
    with pytest.raises(TemplateError, match=r'^own.mjml:3: missing attribute "name"'):
        rendered(tmp_path, f"<mjml><mj-head>{head}</mj-head><mj-body></mj-body></mjml>")


def test_a_mail_without_a_body_is_refused(tmp_path):
    with pytest.raises(TemplateError, match=r"^own.mjml:1: there is no <mj-body>"):
        rendered(tmp_path, "<mjml></mjml>")


def test_rendering_is_the_same_every_time(tmp_path):
    source = SKELETON.format('<mj-image src="é" alt="ü" /><mj-text>é</mj-text>')
    assert rendered(tmp_path, source) == rendered(tmp_path, source)
