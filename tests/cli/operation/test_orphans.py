"""A newsletter or schedule that was renamed in config.toml leaves nobody behind unnoticed."""

import json

import pytest

WEEKLY = """
[[schedules]]
name = "weekly"
newsletter = "breaking"
cron = "0 7 * * sun"
"""


@pytest.fixture
def renamed(operator):
    """A publication with two readers whose newsletter has a new name."""
    operator.subscribe("ada@example.org,Ada", "bo@example.org,Bo")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    operator.configure('name = "breaking"', 'name = "flash"')
    operator.configure('newsletter = "breaking"', 'newsletter = "flash"')
    return operator


def test_check_says_how_many_readers_a_renamed_newsletter_leaves_behind(renamed):
    checked = renamed.run("check")
    assert checked.code == 0
    assert (
        "newsletters: 2 readers are subscribed to 'breaking', which is not in the configuration, "
        "so nothing is sent to them; if you renamed it, run "
        "`syndicate subscribers move --from breaking --to flash`"
    ) in checked.err
    [warning] = json.loads(renamed.run("check", "--json").out)["warnings"]
    assert "2 readers" in warning


def test_a_tick_says_so_once_a_day_for_those_who_run_it_by_cron(renamed):
    first, second = renamed.run("tick"), renamed.run("tick")
    assert "newsletters: 2 readers are subscribed to 'breaking'" in first.err
    assert "newsletters:" not in second.err


def test_move_gives_a_renamed_newsletter_its_readers_back(renamed):
    moved = renamed.run("subscribers", "move", "--from", "breaking", "--to", "flash")
    assert moved.code == 0
    assert "2 readers moved from breaking to flash: 2 confirmed, 0 not yet, 0 who had left" in (
        moved.out
    )
    assert "its 1 edition belongs to flash now" in moved.out
    assert "breaking" not in renamed.run("check").err
    renamed.file("tram")
    renamed.run("import", "articles")
    ticked = renamed.run("tick")
    assert "edition 2, 1 article" in ticked.out, "what the newsletter carried is not sent again"
    assert "delivered: 2 accepted" in ticked.out


def test_move_names_the_editions_that_went_to_nobody_meanwhile(renamed):
    renamed.file("tram")
    renamed.run("import", "articles")
    assert "edition 2, 2 articles" in renamed.run("tick").out
    moved = renamed.run("subscribers", "move", "--from", "breaking", "--to", "flash").out
    assert "edition 2 of flash had no readers meanwhile; `syndicate send flash --article" in moved


def test_move_prints_its_numbers_as_json(renamed):
    moved = renamed.run("subscribers", "move", "--from", "breaking", "--to", "flash", "--json")
    assert json.loads(moved.out) == {
        "from": "breaking", "to": "flash", "readers": 2, "confirmed": 2, "pending": 0, "left": 0,
        "both": 0, "editions": 1, "unread": [],
    }  # fmt: skip


def test_move_refuses_names_that_make_no_sense_and_changes_nothing(renamed):
    def move(old, new):
        return renamed.run("subscribers", "move", "--from", old, "--to", new)

    assert move("breaking", "nonsense").code == 2
    living = move("flash", "flash")
    assert living.code == 2
    assert "'flash' is still a newsletter in config.toml" in living.err
    nobody = move("brekaing", "flash")
    assert nobody.code == 1
    assert "nobody was ever subscribed to 'brekaing'" in nobody.err
    assert "2 readers are subscribed to 'breaking'" in renamed.run("check").err


def test_check_names_the_stories_between_a_schedule_that_is_gone_and_a_new_one(operator):
    operator.subscribe("ada@example.org,Ada")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    operator.file("tram")
    operator.file("calm", breaking=False)
    operator.run("import", "articles")
    operator.run("build")
    assert operator.run("check").err.count("schedules:") == 0
    operator.configure('begin_with = "24h"', "")
    operator.configure(
        '\nname = "breaking"\n# The newsletter it sends.',
        '\nname = "alerts"\n# The newsletter it sends.',
    )
    checked = operator.run("check").err
    assert "schedules: 1 article came after the last edition of 'breaking'" in checked
    assert "before 'alerts' started, so no edition of breaking carries them: tram;" in checked
    operator.run("tick")
    assert "carries them: tram;" in operator.run("check").err, "until it is sent"
    operator.run("send", "breaking", "--article", "tram")
    assert "schedules:" not in operator.run("check").err


def test_a_schedule_that_is_gone_for_good_and_one_that_begins_early_enough_leave_nothing(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    operator.file("tram")
    operator.run("import", "articles")
    operator.run("build")
    operator.configure(
        '\nname = "breaking"\n# The newsletter it sends.',
        '\nname = "alerts"\n# The newsletter it sends.',
    )
    assert "schedules:" not in operator.run("check").err, "begin_with is 24h: it is carried"
    assert "edition 2, 1 article" in operator.run("tick").out
