"""Colours as programs turn them that make light mail dark by themselves."""

import pytest

from syndicate.web.forced_dark import force_dark, invert_color
from tests.render.mail.samples import digest, filled, stories


@pytest.mark.parametrize(
    ("written", "turned"),
    [
        ("#FFFFFF", "#333333"),
        ("white", "#333333"),
        ("#000", "#FFFFFF"),
        ("rgb(0, 0, 0)", "#FFFFFF"),
        ("rgba(0,0,0,.5)", "#FFFFFF80"),
        ("#0B5C8A", "#7AB3E6"),  # as getDarkColor of roosterjs has it
        ("transparent", "transparent"),
        ("solid", "solid"),
    ],
)
def test_lightness_is_turned_around_and_the_hue_stays(written, turned):
    assert invert_color(written) == turned


def test_only_colours_are_turned_and_no_word_of_a_story():
    mail = (
        '<html><head></head><body bgcolor="#ffffff" style="background:url(white.png)">'
        '<p title="a > b" style=\'font-family:"black";color:black\'>color: white; #fff</p>'
    )
    turned = force_dark(mail)
    assert 'bgcolor="#333333"' in turned
    assert "url(white.png)" in turned
    assert 'font-family:"black";color:#FFFFFF\'>color: white; #fff</p>' in turned


def test_the_dark_colours_of_the_mail_itself_count_for_nothing():
    style = (
        "<style>.a { color: #000 } @media (prefers-color-scheme: dark) { .a { color: red } }"
        " [data-ogsc] .a { color: red }</style>"
    )
    turned = force_dark(f"<html><head>{style}</head><body></body></html>")
    assert ".a { color: #FFFFFF }" in turned
    assert "prefers-color-scheme" not in turned
    assert "data-ogsc" not in turned


def test_a_digest_has_no_light_ground_left():
    turned = force_dark(filled(digest(stories())))
    assert "#FFFDF9" not in turned
    assert turned.index("#333333") < turned.index("<title>")
