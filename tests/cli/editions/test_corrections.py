"""What an operator sees of a story that was wrong, and of one that is withdrawn."""

import json

import pytest

from tests.cli.editions.test_control import NOBODY_THERE, server_is_mended


@pytest.fixture
def newsroom(operator):
    """An operator whose edition with two stories has gone to two readers."""
    operator.subscribe("ada@example.org,", "bo@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("tick").code == 0
    return operator


def correct_file(
    operator, slug="ferry", line='corrections: {at: 2026-11-24, text: "40, not 400."}'
):
    file = operator.folder / "articles" / f"{slug}.md"
    file.write_text(file.read_text().replace("section:", f"{line}\nsection:"))
    assert operator.run("import", "articles").code == 0


def test_a_story_is_corrected_by_hand_for_those_who_had_it_wrong(newsroom):
    unchanged = newsroom.run("correct", "ferry")
    assert unchanged.code == 1
    assert "ferry hasn't changed since edition 1 carried it: correct its file" in unchanged.err
    correct_file(newsroom)
    ran = newsroom.run("correct", "ferry")
    assert ran.code == 0, ran.err
    line = "edition 2 corrects it for 2 readers of breaking, and waits for `syndicate approve 2`\n"
    assert ran.out.startswith(line)
    again = json.loads(newsroom.run("correct", "ferry", "--json").out)
    assert (again["readers"], again["editions"][0]["edition"]) == (2, 2)
    listed = newsroom.run("editions").out
    assert "  correction  waiting  " in listed
    assert "edition 2: is for those who had its story wrong, as of its release" in listed
    approved = newsroom.run("approve", "2")
    assert approved.out.startswith("edition 2 is released to 2 readers: syndicate approve, by ")
    assert "delivered: 2 accepted" in newsroom.run("tick").out
    assert "nobody is left who got another version" in newsroom.run("correct", "ferry").err


def test_a_story_that_only_waits_needs_no_correction(operator):
    operator.configure('newsletter = "breaking"', 'newsletter = "breaking"\napprove = true')
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    refused = (
        "ferry has gone to nobody: edition 1 with it still waits; import the corrected file, and "
        "the edition is composed again before it is sent"
    )
    assert refused in operator.run("correct", "ferry").err
    correct_file(operator)
    ran = operator.run("correct", "ferry")
    assert (ran.code, refused in ran.err) == (1, True)
    assert "edition 2 takes the place of edition 1" in operator.run("approve", "1").err
    assert operator.run("approve", "2").code == 0


def test_edition_and_story_name_each_other(newsroom):
    correct_file(newsroom)
    shown = newsroom.run("editions", "show", "1").out
    assert "ferry         1  corrected   Ferry\n" in shown
    [story] = json.loads(newsroom.run("editions", "show", "1", "--json").out)["stories"]
    assert story == {
        "slug": "ferry",
        "title": "Ferry",
        "revision": 1,
        "newest": 2,
        "corrected": True,
        "retracted": False,
        "since": "corrected",
    }
    assert "breaking" in newsroom.run("show", "ferry").out
    article = json.loads(newsroom.run("show", "ferry", "--json").out)
    assert article["corrections"] == [{"at": "2026-11-24T00:00:00+00:00", "text": "40, not 400."}]
    [carrier] = article["editions"]
    assert carrier.pop("at")
    assert carrier == {
        "edition": 1,
        "newsletter": "breaking",
        "kind": "alert",
        "state": "done",
        "revision": 1,
        "accepted": 2,
        "is_leaving": False,
    }
    assert "corrections    2026-11-24: 40, not 400." in newsroom.run("show", "ferry").out
    newsroom.run("retract", "ferry")
    assert "retracted" in newsroom.run("editions", "show", "1").out


def test_a_story_that_nobody_got_is_not_corrected(operator):
    assert "no article has the slug nothing" in operator.run("correct", "nothing").err
    operator.file("ferry")
    operator.run("import", "articles")
    ran = operator.run("correct", "ferry")
    assert (ran.code, ran.out) == (1, "")
    assert "no edition has carried ferry, so nobody has a wrong copy" in ran.err
    operator.run("retract", "ferry")
    assert "ferry is retracted" in operator.run("correct", "ferry").err


@pytest.fixture
def stuck(operator):
    """An operator whose edition waits for two readers, with the stories that a test files."""

    def send(*slugs):
        operator.subscribe("ada@example.org,", "bo@example.org,")
        operator.catch_mail()
        operator.configure("[mail]\n", f"[mail]\n{NOBODY_THERE}\n")
        for slug in slugs:
            operator.file(slug)
        operator.run("import", "articles")
        assert operator.run("tick").code == 1
        return operator

    return send


def test_a_retraction_takes_the_story_out_of_what_has_not_left(stuck):
    operator = stuck("ferry", "tram")
    ran = operator.run("retract", "ferry")
    assert ran.code == 0, ran.err
    assert ran.out == (
        "retracted ferry: Ferry\nedition 1: 0 had left, 2 get it without the story (edition 2)\n"
    )
    assert "sends the rest within a second" in ran.err
    server_is_mended(operator)
    assert "delivered: 2 accepted" in operator.run("tick").out
    [story] = json.loads(operator.run("editions", "show", "2", "--json").out)["stories"]
    assert story["slug"] == "tram"


def test_an_edition_with_nothing_else_in_it_is_cancelled(stuck):
    operator = stuck("ferry")
    ran = operator.run("retract", "ferry")
    assert "edition 1: 0 had left, and it is cancelled for 2\n" in ran.out
    server_is_mended(operator)
    assert "nothing was due" in operator.run("tick").out


def test_a_retraction_says_what_had_left(newsroom):
    ran = newsroom.run("retract", "ferry")
    assert ran.out == "retracted ferry: Ferry\nedition 1: 2 had left\n"
    assert newsroom.run("retract", "ferry", "--undo").out == "restored ferry: Ferry\n"
