"""Jinja as we use it says what plain Jinja says, whatever a publication's own template does."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import StrictUndefined
from markupsafe import Markup

from syndicate.errors import TemplateError
from syndicate.render.article_view import ArticleView
from syndicate.render.pages import ArticlePages, PageFrame
from syndicate.render.templates import Environment, Templates
from tests.render.pages import sample_publication

PARTS = "{% macro shout(text, mark='!') %}{{ text }}{{ mark }}{{ varargs|length }}{% endmacro %}"
FRAME = "{% set line %}<hr>{{ site }}{% endset %}{% set plain = '<' ~ site %}"
TEMPLATES = {
    "parts.html": PARTS,
    "frame.html": FRAME,
    "base.html": "<t>{% block t %}{{ site }}{% endblock %}</t>{% block b scoped %}{% endblock %}",
    "part.html": "{{ text }}{{ own|default('none') }}",
    "plain.txt": "{{ text }}{{ html }}",
}


class Speaker:
    """Something that can be called."""

    def __call__(self, word: str) -> str:
        return f"<{word}>"

    def say(self, word: str = "&") -> str:
        return f"<{word}>"


@jinja2.pass_context
def seen(context: Any, name: str) -> str:
    return f"<{context.get(name)}>"


@jinja2.pass_environment
def kind(environment: Any) -> str:
    return type(environment.loader).__name__


@jinja2.pass_eval_context
def escapes(context: Any) -> bool:
    return bool(context.autoescape)


class Loud(Markup):
    """A kind of markup of somebody's own."""


VALUES: dict[str, Any] = {
    "text": 'Bo\'s <b> & "c" ünï',
    "html": Markup("<i>set</i>"),
    "loud": Loud("<u>loud</u>"),
    "number": 3,
    "nothing": None,
    "many": ["<", "&"],
    "at": datetime(2026, 11, 24, tzinfo=UTC),
    "speaker": Speaker(),
    "seen": seen,
    "kind": kind,
    "escapes": escapes,
    "function": lambda *words, **named: "<".join([*words, *named]),
}


@pytest.mark.parametrize(
    "template",
    [
        "{{ text }}{{ html }}{{ loud }}{{ number }}{{ nothing }}{{ many }}{{ '<' }}{{ '<'|safe }}",
        "{{ text ~ html }}{{ text|upper }}{{ many|join('<') }}{{ html|upper }}{{ text + 'x' }}",
        "{{ function('a', b=1) }}{{ speaker('a') }}{{ speaker.say() }}{{ speaker.say(word='<') }}",
        "{{ at.isoformat(timespec='hours') }}{{ text.upper() }}{{ many.index('&') }}{{ range(2) }}",
        "{{ seen('text') }}{{ kind() }}{{ escapes() }}{{ dict(a='<') }}{{ many.__len__() }}",
        "{% for w in many %}{{ seen('w') }}{{ loop.cycle('a', '<') }}{{ function(w) }}{% endfor %}",
        "{% for w in many recursive %}{{ w }}{{ loop('') if false else '' }}{% endfor %}",
        "{% from 'parts.html' import shout %}{{ shout(text) }}{{ shout(html, mark='<') }}",
        "{% import 'parts.html' as p %}{{ p.shout(text, '?', 1, 2) }}{{ p.shout('a')|upper }}",
        "{% macro m(w) %}{{ w }}{{ caller(w) }}{% endmacro %}{% call(x) m('<') %}{{ x }}{% endcall %}",
        "{% from 'frame.html' import line, plain %}{{ line }}{{ plain }}{{ plain }}",
        "{% set x %}<b>{{ text }}</b>{% endset %}{{ x }}{{ x|length }}{% set y = text %}{{ y }}",
        "{% filter upper %}{{ text }}{% endfilter %}{% autoescape false %}{{ text }}{% endautoescape %}",
        "{% autoescape number > 5 %}{{ text }}{{ html }}{% endautoescape %}{{ escapes() }}",
        "{% set own = '<' %}{% include 'part.html' %}{% include 'none.html' ignore missing %}",
        "{% with own = 'w' %}{% include 'part.html' %}{% include 'plain.txt' %}{% endwith %}",
        "{% extends 'base.html' %}{% block t %}{{ super() }}{{ text }}{{ seen('text') }}{% endblock %}",
        "{% extends 'base.html' %}{% block b %}{{ self.t() }}{{ seen('text') }}{% endblock %}",
        "{% set n = namespace(a=1) %}{% set n.a = '<' %}{{ n.a }}{{ cycler('<', 'b').next() }}",
        "{{ text if number else html }}{{ html if number }}{{ missing|default('<') }}",
    ],
)
def test_a_template_says_what_it_says_in_plain_jinja(template: str) -> None:
    def rendered(kind: type[jinja2.Environment]) -> str:
        environment = kind(
            loader=jinja2.DictLoader({**TEMPLATES, "it.html": template}),
            undefined=StrictUndefined,
            autoescape=lambda name: str(name).endswith(".html"),
        )
        environment.globals["site"] = "The <Post>"
        return environment.get_template("it.html").render(VALUES)

    assert rendered(Environment) == rendered(jinja2.Environment)


@pytest.mark.parametrize(
    ("template", "mistake"),
    [
        ("\n{{ article.titel }}", "2: .*titel"),
        ("\n\n{{ story.byline() }}", "3: "),
        (
            "{% from 'page/parts.html' import kicker %}\n{{ kicker(1, 2, 3) }}",
            "2: .*not more than 2",
        ),
        ("{{ nobody() }}", "1: 'nobody' is undefined"),
        ("{{ article.title() }}", "1: .*not callable"),
    ],
)
def test_a_mistake_is_reported_with_its_line(template: str, mistake: str, tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page/own.html").write_text(template)
    article = sample_publication.article()
    story = ArticleView(article, sample_publication.config(tmp_path))
    with pytest.raises(TemplateError, match=f"page/own.html:{mistake}"):
        Templates(tmp_path).render("page/own.html", {"article": article, "story": story})


def test_a_template_that_changes_is_read_again_unless_it_is_frozen(tmp_path: Path) -> None:
    own = tmp_path / "note.html"
    own.write_text("old")
    now, then = Templates(tmp_path), Templates(tmp_path, frozen=True)
    assert (now.render("note.html", {}), then.render("note.html", {})) == ("old", "old")
    own.write_text("newer")
    assert (now.render("note.html", {}), then.render("note.html", {})) == ("newer", "old")


def test_a_function_that_ends_too_early_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "early.html").write_text("a\n{{ early() }}")
    with pytest.raises(TemplateError, match=r"early.html:2: .*raised StopIteration"):
        Templates(tmp_path).render("early.html", {"early": lambda: next(iter(()))})


def test_a_view_is_made_once_for_its_page_and_its_amp_page(tmp_path: Path) -> None:
    pages = ArticlePages(PageFrame(sample_publication.config(tmp_path), Templates()))
    article = sample_publication.article()
    again = dataclasses.replace(article, title="The dam holds on")
    nothing = Markup()
    shown = pages._values(article, nothing, nothing)
    assert pages._values(article, nothing, nothing)["story"] is shown["story"]
    shown = pages._values(again, nothing, nothing)
    assert shown["story"].article is again
    assert "The dam holds on" in shown["data"]


def test_a_style_sheet_has_no_comments_and_keeps_its_strings(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "own.css").write_text(
        "/* isn't kept; { */\n"
        'a > b { content: "a /* b */ ; {  }"; margin: calc(1px + 2px) }\n\n'
        "@media (min-width: 9px) {\n  b::after { content: '\\'  ;' }\n}\n"
    )
    assert Templates(tmp_path).stylesheet("page/own.css", {}) == (
        'a > b{content: "a /* b */ ; {  }";margin: calc(1px + 2px)}'
        "@media (min-width: 9px){b::after{content: '\\'  ;'}}"
    )
