"""What Outlook displays for fonts that Windows doesn't have."""

import re

import pytest

from syndicate.config.sections.publication import ThemeSettings
from syndicate.render.mail.outlook_fonts import FontSubstitute, list_substitutes
from tests.render.mail.samples import alert, config, story


@pytest.mark.parametrize(
    ("stack", "substitute"),
    [
        ("Charter, 'Sitka Text', Cambria, Georgia, serif", ("Charter", "Cambria", "roman")),
        ('system-ui, -apple-system, "Segoe UI", sans-serif', ("system-ui", "Segoe UI", "swiss")),
        ("'Inter', sans-serif", ("Inter", "Arial", "swiss")),
        ("'Tiempos Text', serif", ("Tiempos Text", "Georgia", "roman")),
        ("ui-monospace, monospace", ("ui-monospace", "Courier New", "modern")),
        ("Inter, Verdana", ("Inter", "Verdana", "auto")),
    ],
)
def test_the_first_font_of_a_stack_has_the_next_that_windows_has(stack, substitute):
    assert list(list_substitutes([stack, stack])) == [FontSubstitute(*substitute)]


@pytest.mark.parametrize("stack", ["Georgia, serif", "'Segoe UI', Arial, sans-serif", "serif"])
def test_what_windows_has_needs_no_substitute(stack):
    assert list(list_substitutes([stack])) == []


def test_every_stack_of_a_mail_is_declared_to_outlook_alone():
    page = alert(story(), config=config()).html
    (rules,) = re.findall(
        r"<!--\[if mso\]><style>\s*(@font-face.*?)</style><!\[endif\]-->", page, re.DOTALL
    )
    declared = dict(re.findall(r'font-family: "([^"]+)"; mso-font-alt: "([^"]+)"', rules))
    theme = ThemeSettings()
    first = {
        stack.split(",")[0] for stack in (theme.body, theme.labels, theme.headlines, theme.code)
    }
    assert declared.keys() == first
    for stack in re.findall(
        r"font-family: ?([^;\"}]+)", page.replace(rules, "").replace("&#x27;", "'")
    ):
        assert stack.split(",")[0].strip() in declared, stack
