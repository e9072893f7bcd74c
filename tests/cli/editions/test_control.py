"""What operators decide about editions, and what they are told."""

import json
import sqlite3
from contextlib import closing

import pytest

NOBODY_THERE = 'transport = "smtp"\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"'


@pytest.fixture
def stuck(operator):
    """An operator whose edition of two readers waits, since no mail server answers."""
    operator.subscribe("ada@example.org,", "bo@example.org,")
    operator.catch_mail()
    operator.configure("[mail]\n", f"[mail]\n{NOBODY_THERE}\n")
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("tick").code == 1
    return operator


def change(operator, statement):
    with closing(sqlite3.connect(operator.folder / "syndicate.db")) as database, database:
        database.execute(statement)


def server_is_mended(operator):
    operator.configure(NOBODY_THERE, 'transport = "outbox"')


def test_an_edition_is_paused_and_resumed_and_says_so(stuck):
    paused = stuck.run("pause", "1", "--reason", "a wrong\npicture")
    assert (paused.code, paused.err) == (0, "")
    assert paused.out == "edition 1 is paused: 0 accepted, 0 in flight, 2 held back\n"
    again = stuck.run("pause", "1")
    assert again.out == "edition 1 is already paused: 0 accepted, 0 in flight, 2 held back\n"
    server_is_mended(stuck)
    assert "nothing was due" in stuck.run("tick").out

    listed = stuck.run("editions").out
    assert "  paused  " in listed
    assert "edition 1: paused since" in listed
    assert "syndicate pause, by" in listed
    shown = stuck.run("editions", "show", "1").out
    assert "paused (syndicate pause, by" in shown
    assert "2 held back; a wrong picture" in shown
    assert stuck.run("deliveries", "1").out.count("the edition is paused") == 2

    resumed = stuck.run("resume", "1")
    assert resumed.out == "edition 1 resumed: 0 accepted, 0 in flight, 2 waiting\n"
    assert "`syndicate run` sends the rest within a second" in resumed.err
    assert "wasn't paused" in stuck.run("resume", "1").out
    assert "delivered: 2 accepted" in stuck.run("tick").out
    over = stuck.run("cancel", "1")
    assert (over.code, over.out) == (
        0,
        "edition 1 has nothing left to stop: 2 accepted, 0 in flight, 0 held back\n",
    )
    assert "  done  " in stuck.run("editions").out
    [listed] = json.loads(stuck.run("editions", "--json").out)
    shown = json.loads(stuck.run("editions", "show", "1", "--json").out)
    decided = [json.loads(stuck.run(word, "1", "--json").out) for word in ("pause", "resume")]
    assert {one["state"] for one in (listed, shown, *decided)} == {"done"}


def test_a_cancelled_edition_can_be_sent_to_those_who_missed_it(stuck):
    cancelled = json.loads(stuck.run("cancel", "1", "--json").out)
    assert cancelled == {
        "edition": 1,
        "state": "cancelled",
        "changed": True,
        "audience": 2,
        "accepted": 0,
        "in_flight": 0,
        "held_back": 2,
        "failed": 0,
        "expired": 0,
        "skipped": 0,
        "unknown": 0,
    }
    again = json.loads(stuck.run("cancel", "1", "--json").out)
    assert again == cancelled | {"changed": False}
    refused = stuck.run("resume", "1")
    assert (refused.code, refused.out) == (1, "")
    assert "was cancelled" in refused.err
    server_is_mended(stuck)
    assert stuck.run("resend", "1").code == 2
    sent = stuck.run("resend", "1", "--missing")
    assert sent.code == 0
    assert "it repeats edition 1 for 2 readers who didn't get it" in sent.out
    assert "delivered: 2 accepted" in sent.out
    assert json.loads(stuck.run("resend", "1", "--missing", "--json").out) == {
        "edition": None,
        "repeats": 1,
        "readers": 0,
    }
    [second, first] = json.loads(stuck.run("editions", "--json").out)
    assert (first["state"], first["skipped"], first["waiting"]) == ("cancelled", 2, 0)
    assert (second["original"], second["accepted"]) == (1, 2)


def test_an_edition_is_replaced_by_what_the_article_says_now(stuck):
    stuck.file("ferry", title="Ferry afloat")
    stuck.run("import", "articles")
    server_is_mended(stuck)
    replaced = stuck.run("replace", "1", "--json")
    assert replaced.code == 0
    assert json.loads(replaced.out) == {"edition": 2, "replaces": 1, "readers": 2}
    assert "0 accepted, 0 in flight, 2 held back" in replaced.err
    assert "  replaced by 2  " in stuck.run("editions").out
    shown = json.loads(stuck.run("editions", "show", "1", "--json").out)
    assert [one["decision"] for one in shown["decisions"]] == ["paused", "replaced"]
    assert "Ferry afloat" in next((stuck.folder / "outbox").glob("*.eml")).read_text()
    again = stuck.run("replace", "1")
    assert (again.code, "was replaced by edition 2" in again.err) == (1, True)


def test_what_is_not_there_can_not_be_stopped(operator):
    for words in (["pause", "7"], ["cancel", "7"], ["settle", "7", "--unknown", "skip"]):
        ran = operator.run(*words)
        assert (ran.code, ran.out) == (1, "")
        assert "there is no edition 7; `syndicate editions` lists them" in ran.err


def test_what_a_killed_process_left_is_settled_by_hand(stuck):
    change(stuck, "UPDATE deliveries SET state = 'unknown', attempt = 1")
    assert "2 unknown: they may have arrived; waits for" in stuck.run("editions").out
    left = stuck.run("settle", "1", "--unknown", "skip")
    assert left.out == "edition 1: 2 unknown deliveries left as they are\n"
    assert "may have arrived" not in stuck.run("editions").out
    change(stuck, "DELETE FROM delivery_events")
    again = stuck.run("settle", "1", "--unknown", "resend")
    assert again.out == "edition 1: 2 unknown deliveries queued again\n"
    assert "some readers may get it twice" in again.err
    server_is_mended(stuck)
    assert "delivered: 2 accepted" in stuck.run("tick").out


def test_where_nothing_is_unknown_nothing_is_settled(stuck):
    ran = stuck.run("settle", "1", "--unknown", "resend")
    assert (ran.code, ran.out) == (0, "edition 1 has no unknown deliveries to settle\n")
    assert json.loads(stuck.run("settle", "1", "--unknown", "skip", "--json").out) == {
        "edition": 1,
        "settled": 0,
        "unknown": "skip",
    }
