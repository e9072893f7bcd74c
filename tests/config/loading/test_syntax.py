"""Configurations that are no TOML, or no sender: where the mistake is, and no crash."""

import pytest

from syndicate.config import load
from syndicate.config.loading.reference import initial_config
from tests.config.loading.configurations import ID, PUBLICATION, mistakes, write

DEEP = 20_000


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('x = "é" é = 1', 9),
        ('x = "Größe"; y', 12),
        ("[mail", 6),
        ("[[[", 3),
        ("é = 1", 1),
        ('x = "新聞', 8),
    ],
)
def test_a_syntax_error_is_at_its_line_and_column_in_every_script(folder, line, column, ending):
    before = initial_config("Größe — 新聞 🚋", ID).splitlines()
    text = ending.join([*before, line, "# … é", ""])
    (mistake,) = mistakes(folder, "\ufeff" + text)
    assert mistake.startswith(f"config.toml:{len(before) + 1}: column {column}: not TOML: ")


def test_a_mistake_after_every_kind_of_letter_is_at_its_line(folder):
    before = initial_config("Größe — 新聞 🚋", ID).splitlines()
    (mistake,) = mistakes(folder, "\n".join([*before, "[nonsense]", ""]))
    assert mistake.startswith(f"config.toml:{len(before) + 1}: nonsense — there is no such table")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * DEEP + "]" * DEEP,
        "x = " + "[\n" * DEEP,
        "x = " + "{a = " * DEEP + "1" + "}" * DEEP,
        "[" * DEEP,
        "a." * DEEP + "b = 1",
        "[" + "a . " * DEEP + "b]",
        "x = {" + '"a".' * DEEP + "b = 1}",
        'x = ["""a"""", ' + "[" * DEEP,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_nested_too_deep_is_refused_and_does_not_end_the_process(folder, text):
    (mistake,) = mistakes(folder, f"{PUBLICATION}{text}\n")
    assert mistake.startswith("config.toml:")
    assert "nested more than 50 deep" in mistake


def test_brackets_in_strings_and_comments_are_no_nesting(folder):
    brackets = "[{" * 100
    lines = [f"description = '''{brackets}", f"{brackets}'''  # {brackets}"]
    lines += [f'author = "{brackets}"', f"# {brackets}", f"rights = '{brackets}'", ""]
    config = load(write(folder, PUBLICATION + "\n".join(lines)))
    assert config.publication.author == config.publication.rights == brackets


@pytest.mark.parametrize("key", ["from", "reply_to"])
@pytest.mark.parametrize("text", ["(" * DEEP, "a@b.org " + "(" * DEEP, "<" * DEEP, "\\\\" * DEEP])
def test_a_sender_of_thousands_of_brackets_is_a_mistake_and_no_crash(folder, key, text):
    (mistake,) = mistakes(folder, f'{PUBLICATION}[mail]\n{key} = "{text}"\n')
    assert mistake.endswith('— expected "Name <name@example.org>"')


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lind, Anna <a@b.org>", "Lind, Anna"),
        ('"Lind, Anna" <a@b.org>', "Lind, Anna"),
        (r'"The \"Post\"" <a@b.org>', 'The "Post"'),
        ("Post (City) <a@b.org>", "Post (City)"),
        ("<a@b.org>", ""),
        (" a@b.org ", ""),
    ],
)
def test_a_sender_is_a_name_and_an_address(folder, text, name):
    sender = load(write(folder, f"{PUBLICATION}[mail]\nfrom = '{text}'\n")).mail.sender
    assert (sender.name, sender.address) == (name, "a@b.org")


@pytest.mark.parametrize("text", ["A <a@b.org>, B <c@d.org>", "a@b.org, c@d.org", "A <a@b.org> B"])
def test_more_or_less_than_one_sender_is_refused(folder, text):
    (mistake,) = mistakes(folder, f'{PUBLICATION}[mail]\nfrom = "{text}"\n')
    assert mistake.endswith('— expected "Name <name@example.org>"')


@pytest.fixture
def folder(tmp_path):
    return tmp_path
