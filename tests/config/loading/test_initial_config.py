"""The config.toml that `syndicate init` writes."""

import re
import tomllib
from datetime import timedelta

import pytest

from syndicate.config import load
from syndicate.config.loading.reference import initial_config, tables

ID = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"
TEXT = initial_config("Morning Post", ID)
COMMENTED = [
    number for number, line in enumerate(TEXT.splitlines()) if re.match(r"# [a-z_]+ = ", line)
]


def loaded(folder, text):
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    named = ("logo.png", "icon.png", "cover.jpg", "logo.svg", "logo-dark.svg", "disposable.txt")
    for file in named:  # the examples'
        (folder / file).touch()
    return load(path)


def test_it_loads_with_a_live_breaking_schedule(tmp_path):
    config = loaded(tmp_path, TEXT)

    (newsletter,), (schedule,) = config.newsletters, config.schedules
    assert config.publication.title == "Morning Post"
    assert str(config.publication.id) == ID
    assert newsletter.name == schedule.name == schedule.newsletter == "breaking"
    assert schedule.every == timedelta(minutes=10)
    assert schedule.max_late == timedelta(minutes=30)
    assert (schedule.select.breaking, schedule.select.max) == (True, 5)
    assert schedule.select.max_age == timedelta(hours=24)


def test_it_is_plain_toml_1_0():
    tomllib.loads(TEXT)


def test_its_selection_stands_on_one_line():
    assert 'select = { breaking = true, max = 5, max_age = "24h" }\n' in TEXT


def test_the_mail_table_is_named_once_as_its_header():
    assert TEXT.count("[mail]") == 1
    assert "\n[mail]\n" in TEXT


def test_all_mail_is_at_its_defaults_so_that_keys_can_be_put_under_the_header(tmp_path):
    text = TEXT.replace("[mail]", '[mail]\ntransport = "smtp"\nfrom = "a@example.org"\nport = 2525')
    text = text.replace("[publication]\n", '[publication]\nurl = "https://news.example.org"\n')

    assert loaded(tmp_path, text).mail.port == 2525


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table.name)
def test_every_key_of_every_table_is_there_with_its_description(table):
    flowing = " ".join(line.removeprefix("# ").strip() for line in TEXT.splitlines())

    for key in table.keys:
        assert re.search(rf"\b{key.name} = ", flowing), key.name
        assert key.description in flowing, key.name


@pytest.mark.parametrize(
    "number",
    [n for n in COMMENTED if "cron" not in TEXT.splitlines()[n]],
    ids=lambda number: TEXT.splitlines()[number],
)
def test_any_commented_key_may_be_uncommented(tmp_path, number):
    lines = TEXT.splitlines()
    lines[number] = lines[number].removeprefix("# ")

    loaded(tmp_path, "\n".join(lines))


def test_all_commented_keys_but_one_password_may_be_uncommented_at_once(tmp_path):
    lines = TEXT.splitlines()
    for number in COMMENTED:
        if not lines[number].startswith(("# password_file", "# monitor_token_file", "# cron")):
            lines[number] = lines[number].removeprefix("# ")

    config = loaded(tmp_path, "\n".join(lines))

    assert config.mail.only == ("*@example.org",)
    assert config.ads.header.amp["width"] == 320


def test_a_commented_default_is_the_default(tmp_path):
    defaults = {
        f"{table.name}.{key.name}": key for table in tables() for key in table.keys if key.default
    }
    plain = loaded(tmp_path, TEXT)
    lines = TEXT.splitlines()
    for number in COMMENTED:
        if any(lines[number] == f"# {key.name} = {key.default}" for key in defaults.values()):
            lines[number] = lines[number].removeprefix("# ")

    assert loaded(tmp_path, "\n".join(lines)) == plain


@pytest.mark.parametrize("title", ['The "Post"', "Ngày mới", "Back\\slash", "[mail]?", "Größe # 1"])
def test_any_title_survives(tmp_path, title):
    assert loaded(tmp_path, initial_config(title, ID)).publication.title == title
