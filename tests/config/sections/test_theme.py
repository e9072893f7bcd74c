"""The theme: its colours can be told apart, and what can't is named."""

from pathlib import Path

import pytest

from syndicate.config import load
from syndicate.config.sections.publication import (
    PAIRS,
    Colours,
    DarkColours,
    ThemeSettings,
    contrast,
)
from tests.config.loading.configurations import PUBLICATION, mistakes, write


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21),
        ("#FFFFFF", "#FFFFFF", 1),
        ("#777777", "#FFFFFF", 4.48),
        ("#0000FF", "#ffffff", 8.59),
    ],
)
def test_contrast_is_as_wcag_says_it_is(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize("colours", [Colours(), DarkColours()])
def test_every_text_of_the_defaults_stands_out_from_its_ground(colours: Colours) -> None:
    for text, ground, least in PAIRS:
        assert contrast(getattr(colours, text), getattr(colours, ground)) >= least, text


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            '[theme.light]\nmuted = "#999999"',
            (
                'config.toml:5: theme.light.muted = "#999999" — muted #999999 on paper #FFFDF9 has a '
                "contrast of 2.8 : 1; expected 4.5 : 1 or more"
            ),
        ),
        (
            (
                '[theme.dark]\npaper = "#555555"\nshade = "#1D2026"\nmuted = "#FFFFFF"\n'
                'breaking = "#FFFFFF"\naccent = "#FFFFFF"'
            ),
            (
                'config.toml:5: theme.dark.paper = "#555555" — ink #ECE8E1 on paper #555555 has a '
                "contrast of 6.1 : 1; expected 7 : 1 or more"
            ),
        ),
        (
            '[theme.light]\naccent = "teal"',
            (
                'config.toml:5: theme.light.accent = "teal" — expected a colour of six digits such as '
                '"#0B5C8A"'
            ),
        ),
        (
            '[theme]\nbody = "x; } body { display: none"',
            (
                'config.toml:5: theme.body = "x; } body { display: none" — expected fonts as in CSS, '
                "such as \"Charter, 'Sitka Text', serif\""
            ),
        ),
        (
            '[theme]\nmasthead = "logo"',
            (
                'config.toml:5: theme.masthead = "logo" — there is no logo; set theme.logo or '
                "publication.logo"
            ),
        ),
        (
            '[theme]\nlogo_dark = "x.bmp"',
            (
                'config.toml:5: theme.logo_dark = "x.bmp" — expected a picture that ends in .png, '
                ".jpg, .jpeg, .gif, .webp or .svg"
            ),
        ),
    ],
)
def test_what_can_not_be_shown_is_told_with_its_key(tmp_path: Path, table: str, said: str) -> None:
    assert mistakes(tmp_path, PUBLICATION + table) == [said]


def test_a_theme_is_read(tmp_path: Path) -> None:
    (tmp_path / "mark.svg").touch()
    text = """[theme]
masthead = "logo"
logo = "mark.svg"
headlines = 'Futura, "Gill Sans", sans-serif'
[theme.light]
accent = "#7A1F5C"
"""
    theme = load(write(tmp_path, PUBLICATION + text)).theme
    assert (theme.masthead, theme.logo) == ("logo", Path("mark.svg"))
    assert theme.headlines == "Futura, 'Gill Sans', sans-serif"
    assert (theme.light.accent, theme.light.ink) == ("#7A1F5C", "#1B1B1B")
    assert theme.dark == ThemeSettings().dark
