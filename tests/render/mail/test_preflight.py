"""Pre-flight: what is found in an edition, and what looks like it and isn't a mistake."""

from dataclasses import replace

import pytest

from syndicate.config.sections.pages import AdSlot, AdsSettings
from syndicate.config.sections.preflight import PreflightSettings
from syndicate.model.editions import placeholder
from syndicate.render.mail.preflight import PreflightReport, check_edition
from tests.render.mail.samples import URL, alert, article, config, digest, stories, story
from tests.render.mail.test_real_posts import FILES, filed
from tests.shared_folder import needs_shared

OFF = dict.fromkeys(PreflightSettings.model_fields, "off") | {"elsewhere": ()}
PROSE = "<p>" + "The gates were opened early on Tuesday, and the harbour was cleared. " * 4 + "</p>"


def none_dead(_):
    return []


def found(content, *articles, rule, find_dead=none_dead, ads=None):
    """Return what one rule finds in an edition, as an error."""
    settings = config(ads=ads).override(preflight=PreflightSettings(**OFF | {rule: "error"}))
    report = check_edition(content, articles, settings, find_dead)
    assert report.warnings == ()
    return list(report.errors)


def with_body(body, **changes):
    one = article(body=f"{body}{PROSE}", **changes)
    return alert(one), one


def test_what_we_compose_ourselves_has_no_mistake():
    for content, articles in ((alert(story()), [story()]), (digest(stories()), stories())):
        assert check_edition(content, articles, config(), none_dead) == PreflightReport()


def test_a_rule_is_an_error_a_warning_or_off():
    content = replace(alert(story()), subject=" ")
    levels = {
        level: config().override(preflight=PreflightSettings(empty_subject=level))
        for level in ("error", "warning", "off")
    }
    checked = {
        level: check_edition(content, [story()], settings, none_dead)
        for level, settings in levels.items()
    }
    empty = ("its subject is empty",)
    assert checked == {
        "error": PreflightReport(errors=empty),
        "warning": PreflightReport(warnings=empty),
        "off": PreflightReport(),
    }


@pytest.mark.parametrize(("subject", "count"), [("", 1), (" \u200b\t", 1), ("!", 0)])
def test_a_subject_without_a_word_is_empty(subject, count):
    assert len(found(replace(alert(story()), subject=subject), rule="empty_subject")) == count


def test_links_of_our_own_that_lead_nowhere_are_named_and_personal_ones_are_not_asked_about():
    asked = []

    def find_dead(links):
        asked.extend(links)
        return [link for link in links if link.startswith(f"{URL}/articles/harb")]

    content, one = with_body('<p>See <a href="/articles/harbour/">this</a>.</p>')
    assert found(content, one, rule="dead_link", find_dead=find_dead) == [
        f"a link of our own leads nowhere: {URL}/articles/harbour/"
    ]
    assert asked == [f"{URL}/", f"{URL}/articles/story-1/", f"{URL}/articles/harbour/"]


def test_of_many_dead_links_three_are_named():
    dead = [f"{URL}/{number}" for number in range(5)]
    assert found(alert(story()), rule="dead_link", find_dead=lambda _: dead) == [
        f"5 links of our own lead nowhere: {URL}/0, {URL}/1, {URL}/2, …"
    ]


def test_a_story_is_twice_in_it_by_its_number_or_by_its_words():
    one, other = article(1), article(2, title="Trams return", body="<p>Back.</p>")
    again = article(3, title="trams  return", body="<p>Back.</p> ")
    content = digest([one, other])
    assert found(content, one, other, one, rule="repeated_story") == [
        "a story is in it twice: “City opens the dam”"
    ]
    assert found(content, one, other, again, rule="repeated_story") == [
        "a story is in it twice: “Trams return”, “trams return”"
    ]


def test_two_stories_of_one_headline_are_two_stories():
    weather = [article(n, title="The weather", body=f"<p>{n} degrees.</p>") for n in (1, 2)]
    assert found(digest(weather), *weather, rule="repeated_story") == []


def test_an_edition_that_nobody_can_leave_is_found_in_either_part():
    content = alert(story())
    leave = placeholder(content.nonce, "unsubscribe")
    without = {
        "its HTML has no unsubscribe link": replace(content, html=content.html.replace(leave, "#")),
        "its text has no unsubscribe link": replace(content, text=content.text.replace(leave, "")),
    }
    for sentence, mail in without.items():
        assert found(mail, rule="no_unsubscribe") == [sentence]
    in_words = content.html.replace(f'href="{leave}"', f'href="#" title="{leave}"')
    assert len(found(replace(content, html=in_words), rule="no_unsubscribe")) == 1
    assert found(content, rule="no_unsubscribe") == []


def test_the_size_is_that_of_the_html_as_mail_programs_count_it():
    content = alert(story())
    room = 90_000 - len(content.html.encode())
    fits = replace(content, html=content.html + "x" * room)
    assert found(fits, rule="too_large") == []
    [sentence] = found(replace(fits, html=f"{fits.html}x"), rule="too_large")
    assert sentence.startswith("its HTML has 91 KB, more than 90: Gmail hides what follows")


def test_a_picture_without_alternative_text_is_found_with_its_story():
    [first, *rest] = stories()
    image = replace(first.figures[0], alt="")
    bare = replace(first, image=image, figures=())
    assert found(digest([bare, *rest]), bare, *rest, rule="missing_alt") == [
        "a picture has no alternative text, as in “City opens the dam after four days of rain”"
    ]
    assert found(digest([first, *rest]), first, *rest, rule="missing_alt") == []


def test_an_ornament_needs_no_alternative_text_and_an_advertisement_does():
    content = alert(story())
    ornament = '<img src="x.png" alt="" role="presentation"/></body>'
    marked = replace(content, html=content.html.replace("</body>", ornament))
    assert found(marked, rule="missing_alt") == []
    ads = AdsSettings(header=AdSlot(mail='<img src="https://shop.example/a.png">'))
    advertised = alert(story(), config=config(ads=ads))
    assert found(advertised, rule="missing_alt") == ["a picture has no alternative text"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<p>The mayor, TK, agreed.</p>", "“TK” is in it: “The mayor, TK, agreed.”"),
        ("<p>He is TKTK.</p>", "“TKTK” is in it: “He is TKTK.”"),
        ("<p>(TK)</p><p>TK</p>", "“TK” is in it 2 times, first in “(TK)”"),
        (
            "<p>After four days of rain the mayor of TK said that the gates would be opened.</p>",
            "“TK” is in it: “…of rain the mayor of TK said that the gates…”",
        ),
        ("<p>TK-Chef Tk STK TK1 TK_x tk</p>", None),
        ("<p>Type <code>TK</code>.</p><pre>TK</pre>", None),
    ],
)
def test_tk_is_found_as_a_word_outside_of_code(body, sentence):
    content, one = with_body(body)
    assert found(content, one, rule="tk") == ([sentence] if sentence else [])


def test_tk_in_the_headline_is_found_as_well():
    content, one = with_body("", title="Dam TK")
    [sentence] = found(content, one, rule="tk")
    assert sentence == "“TK” is in it: “Dam TK”"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("<p>Lorem <b>ipsum</b> dolor</p>", 1),
        ("<p>LOREM\nIPSUM</p>", 1),
        ("<p>Lorem means nothing, ipsum itself.</p>", 0),
        ("<pre>lorem ipsum</pre>", 0),
    ],
)
def test_filler_text_is_found(body, count):
    content, one = with_body(body)
    assert len(found(content, one, rule="lorem_ipsum")) == count


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<p>Dear {{ name }}</p>", "“{{” is in it: “Dear {{ name }}”"),
        ("<p>{% if x %}</p>", "“{%” is in it: “{% if x %}”"),
        ("<p>{ { % } 100 %</p>", None),
        ("<p>Write <code>{{ name }}</code></p><pre>{% if x %}</pre>", None),
        (
            '<p><a href="https://a.example/{{ id }}">x</a></p>',
            "code of a template is in a link or a picture: https://a.example/{{%20id%20}}",
        ),
    ],
)
def test_code_of_a_template_is_found_outside_of_code(body, sentence):
    content, one = with_body(body)
    assert found(content, one, rule="template_code") == ([sentence] if sentence else [])


def test_code_of_a_template_that_only_the_text_has_is_found():
    content, one = with_body("<p>Nothing.</p>")
    spoilt = replace(content, text=f"{content.text}{{{{ slot.nme }}}}")
    assert found(spoilt, one, rule="template_code") == ["“{{” is in its text"]


def test_a_subject_may_have_ninety_characters():
    content = replace(alert(story()), subject="x" * 90)
    assert found(content, rule="long_subject") == []
    longer = replace(content, subject="x" * 91)
    assert found(longer, rule="long_subject") == ["its subject has 91 characters, more than 90"]


def test_pictures_with_hardly_any_text_are_found():
    figure = story().figures[0]
    shown = (
        f'<figure><img src="{figure.src}" alt="{figure.alt}" width="1200" height="800"/></figure>'
    )
    picture = article(body=shown, figures=(figure,))
    [sentence] = found(alert(picture), picture, rule="only_pictures")
    assert sentence.startswith("it is nearly all pictures: a picture, and ")
    content, one = with_body(shown, figures=(figure,))
    assert found(content, one, rule="only_pictures") == []


def test_a_short_mail_without_a_picture_is_a_short_mail():
    short = article(body="<p>It burns.</p>")
    assert found(alert(short), short, rule="only_pictures") == []


@needs_shared
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_real_post_has_no_error(file):
    post = filed(file)
    assert check_edition(alert(post), [post], config(), none_dead).errors == ()
