"""What operators do about their readers, one by one and all together."""

import csv
import io
import json
from datetime import date, timedelta

import pytest

from syndicate import clock
from syndicate.cli.readers.reader_counts import StatisticsPeriod, plot
from syndicate.store import Store
from tests.causes import by_test
from tests.until import away_from_midnight

SEGMENTS = """
[[segments]]
name = "berlin"
where = 'field.city = "Berlin" and not tag = "staff"'
description = "Who lives here."

[[segments]]
name = "staff"
where = 'tag = "staff"'

[[signup.fields]]
name = "city"
"""

WRONG = (
    ("show no@example.org", 1, "nobody has the address no@example.org; `syndicate subscribers list` lists them"),
    ("add no-address --newsletter breaking --source x", 1, "'no-address' is not an email address: "),
    ("add a@example.org --newsletter nope --source x", 2, "no newsletter is called 'nope'"),
    ("set a@example.org --field City=x", 2, "--field 'City=x' — expected NAME=VALUE"),
    ("set a@example.org --language Deutsch!", 2, "--language 'Deutsch!' — expected a language"),
    ("tag a@example.org x,y", 2, "tag 'x,y' — expected text without a comma"),
    ("list --segment nope", 2, "no segment is called 'nope' in config.toml; there is: berlin, staff"),
    ("export --fields emial", 2, "there is no column 'emial'; there are: email, name, "),
    ("segments show nope", 2, "no segment is called 'nope'"),
)  # fmt: skip
"""What is asked, the exit code, and how the answer begins."""


@pytest.fixture
def post(operator):
    config = operator.folder / "config.toml"
    config.write_text(config.read_text() + SEGMENTS)
    return operator


def add(operator, address, *, name="", tags=(), **fields):
    """Put somebody into the store, as `subscribers add` would."""
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    with store.write() as tx:
        tx.subscribers.subscribe(address, "breaking", name=name, cause=by_test(clock.now()))
        person = tx.subscribers.by_email(address)
        assert person is not None
        tx.subscribers.tag(person.key, tags, cause=by_test(clock.now()))
        tx.subscribers.update(person.key, fields=fields, cause=by_test(clock.now()))
    store.close()


def leave(operator, address):
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    with store.write() as tx:
        person = tx.subscribers.by_email(address)
        assert person is not None
        tx.subscribers.unsubscribe(person.key, "breaking", cause=by_test(clock.now()))
    store.close()


def shown(operator, address):
    return json.loads(operator.run("subscribers", "show", address, "--json").out)


def listed(operator, *words):
    return json.loads(operator.run("subscribers", "list", "--json", *words).out)


def test_somebody_is_added_with_all_that_is_known_and_how_they_agreed(post):
    words = ("--name", " Ada  Lovelace", "--field", "city=Berlin", "--tag", "vip")
    consent = ("--newsletter", "breaking", "--source", "at the fair")
    added = post.run("subscribers", "add", "Ada@Example.org", *consent, *words)
    assert added.out == "new       Ada@Example.org → breaking\n"
    ada = shown(post, "ada@example.org")
    assert (ada["email"], ada["name"], ada["tags"]) == ("Ada@Example.org", "Ada Lovelace", ["vip"])
    assert ada["fields"] == {"city": "Berlin"}
    [subscription] = ada["subscriptions"]
    assert (subscription["state"], subscription["source"]) == ("confirmed", "at the fair")
    assert {(one["by"], one["how"]) for one in ada["history"]} == {("operator", "at the fair")}


def test_show_tells_people_state_history_and_mail(post):
    add(post, "ada@example.org", tags=["vip"], city="Berlin")
    post.file("ferry", title="The ferry is late")
    post.run("import", "articles")
    post.run("tick")
    told = post.run("subscribers", "show", "ADA@example.org").out
    for words in ("ada@example.org", "vip", "city        Berlin", "test", "subscribed"):
        assert words in told
    [line] = [line for line in told.splitlines() if "The ferry is late" in line]
    assert "accepted" in line
    [mail] = shown(post, "ada@example.org")["mail"]
    assert (mail["edition"], mail["state"]) == (1, "accepted")


def test_who_left_is_not_added_again_and_no_half_of_it_is_done(post):
    config = post.folder / "config.toml"
    config.write_text(config.read_text() + '\n[[newsletters]]\nname = "briefing"\n')
    add(post, "ada@example.org")
    removed = post.run("subscribers", "remove", "ada@example.org", "--newsletter", "breaking")
    assert removed.out == "left      ada@example.org → breaking\n"
    newsletters = ("--newsletter", "briefing", "--newsletter", "breaking")
    again = post.run("subscribers", "add", "ada@example.org", *newsletters, "--source", "x")
    assert (again.code, again.out) == (1, "")
    assert again.err == "ada@example.org left breaking, and only they can subscribe again\n"
    assert [one["newsletter"] for one in shown(post, "ada@example.org")["subscriptions"]] == [
        "breaking"
    ]


def test_name_language_fields_and_tags_are_changed(post):
    add(post, "ada@example.org", city="Berlin", age="41")
    words = ("--name", "Ada", "--language", "de", "--field", "city=")
    assert post.run("subscribers", "set", "ada@example.org", *words).out == "changed\n"
    assert post.run("subscribers", "tag", "ada@example.org", "vip", "staff").out == (
        "new: vip, staff\n"
    )
    assert (
        post.run("subscribers", "untag", "ada@example.org", "vip", "club").out == "removed: vip\n"
    )
    ada = shown(post, "ada@example.org")
    assert (ada["name"], ada["language"], ada["tags"]) == ("Ada", "de", ["staff"])
    assert ada["fields"] == {"age": "41"}


def test_two_people_become_one(post):
    add(post, "ada@example.org", tags=["vip"])
    add(post, "ada@work.example")
    merged = post.run("subscribers", "merge", "ada@example.org", "ada@work.example")
    assert merged.out == "ada@example.org is ada@work.example now\n"
    assert [(one["email"], one["tags"]) for one in listed(post)] == [("ada@work.example", ["vip"])]
    itself = post.run("subscribers", "merge", "ada@work.example", "Ada@Work.example")
    assert (itself.code, itself.err) == (
        1,
        "ada@work.example and Ada@Work.example are the same person already\n",
    )


OLD_LIST = "email,name,status\nada@example.org,Ada,subscribed\nbo@example.org,Bo,subscribed\n"


def test_the_old_file_does_not_undo_a_merge(post):
    (post.folder / "old.csv").write_text(OLD_LIST)
    bring = ("subscribers", "import", "old.csv", "--newsletter", "breaking")
    post.run(*bring)
    add(post, "ada@work.example")
    post.run("subscribers", "merge", "ada@example.org", "ada@work.example")
    for words in (bring, (*bring, "--tag", "fair")):
        again = post.run(*words)
        assert (again.code, again.out.splitlines()[-1]) == (0, "2 known")
        assert sorted(one["email"] for one in listed(post)) == [
            *("ada@work.example", "bo@example.org")
        ]
    assert shown(post, "ada@work.example")["tags"] == ["fair"]


def test_an_address_that_was_merged_leads_to_the_person(post):
    add(post, "ada@example.org")
    add(post, "ada@work.example")
    post.run("subscribers", "merge", "ada@example.org", "ada@work.example")
    ada = shown(post, "Ada@Example.org")
    assert (ada["email"], ada["former_addresses"]) == ("ada@work.example", ["ada@example.org"])
    added = post.run(
        *("subscribers", "add", "ada@example.org", "--newsletter", "breaking", "--source", "x")
    )
    assert (added.code, added.err) == (
        1,
        "ada@example.org was merged into ada@work.example; add that address instead\n",
    )
    assert [one["email"] for one in listed(post)] == ["ada@work.example"]


def test_nobody_is_mailed_again_by_becoming_somebody_else(post):
    add(post, "ada@example.org")
    add(post, "ada@work.example")
    post.run("subscribers", "suppress", "ada@example.org", "--reason", "complained")
    words = ("merge", "ADA@example.org", "ada@work.example")
    merged = post.run("subscribers", *words)
    assert (merged.code, merged.out) == (1, "")
    assert merged.err == (
        "ada@example.org is suppressed (complained), and a merge would mail them again; "
        "suppress ada@work.example first, or don't merge\n"
    )
    assert len(listed(post)) == 2
    post.run("subscribers", "suppress", "ada@work.example", "--reason", "complained")
    assert post.run("subscribers", *words).code == 0
    assert shown(post, "ada@work.example")["subscriptions"]
    assert post.run("subscribers", *words).err.endswith("are the same person already\n")


def test_a_suppressed_address_is_told_with_its_reason_also_where_nobody_has_it(post):
    words = ("bo@example.org", "--reason", "complained by telephone")
    suppressed = post.run("subscribers", "suppress", *words)
    assert suppressed.out == "bo@example.org is suppressed: complained by telephone\n"
    assert "complained by telephone" in post.run("subscribers", "show", "bo@example.org").out
    assert "bo@example.org" in post.run("subscribers", "list", "--state", "suppressed").out
    assert "bo@example.org,,,,,,complained" in post.run("subscribers", "export").out
    back = post.run("subscribers", "unsuppress", "bo@example.org")
    assert back.out == "bo@example.org is mailed again\n"


def test_erasing_needs_a_yes_and_leaves_nobody(post):
    add(post, "ada@example.org")
    asked = post.run("subscribers", "erase", "ada@example.org")
    assert (asked.code, asked.err) == (1, "nothing was erased; --yes erases without asking\n")
    erased = post.run("subscribers", "erase", "ada@example.org", "--yes")
    assert erased.out == "erased ada@example.org\n"
    words = ("--newsletter", "breaking", "--source", "x")
    again = post.run("subscribers", "add", "ada@example.org", *words)
    assert (again.code, again.err) == (
        1,
        "ada@example.org had their data erased, and only they can subscribe again\n",
    )


def test_what_is_wrong_is_told_in_one_line(post):
    for words, code, told in WRONG:
        before = () if words.startswith("segments") else ("subscribers",)
        ran = post.run(*before, *words.split())
        assert (ran.code, ran.out) == (code, "")
        assert ran.err.startswith(told)
        assert len(ran.err.splitlines()) == 1


def test_list_shows_fifty_and_an_export_picks_people_and_columns(post):
    for number in range(50):
        add(post, f"r{number}@example.org")
    add(post, "ada@example.org", tags=["vip", "a b"], city="Berlin")
    some = post.run("subscribers", "list")
    assert len(some.out.splitlines()) == 51
    assert some.err == "50 of 51 subscribers; --all lists all of them\n"
    assert len(post.run("subscribers", "list", "--all").out.splitlines()) == 52
    words = ("export", "--tag", "vip", "--fields", "email,tags,city,state")
    [row] = csv.DictReader(io.StringIO(post.run("subscribers", *words).out))
    assert row == {
        "email": "ada@example.org",
        "tags": "a b,vip",
        "city": "Berlin",
        "state": "confirmed",
    }
    words = ("export", "--segment", "berlin", "--format", "jsonl")
    [line] = post.run("subscribers", *words).out.splitlines()
    assert json.loads(line)["fields"] == {"city": "Berlin"}


def test_what_was_exported_is_imported_as_it_was(post):
    add(post, "ada@example.org", name="Ada, Lovelace", tags=["vip", "a b"], city="Łódź")
    add(post, "bo@example.org")
    leave(post, "bo@example.org")
    add(post, "cy@example.org")
    post.run("subscribers", "suppress", "cy@example.org", "--reason", "complained")
    post.run("subscribers", "suppress", "di@example.org", "--reason", "bounced")
    exported = post.run("subscribers", "export").out
    (post.folder / "syndicate.db").unlink()
    (post.folder / "all.csv").write_text(exported)
    imported = post.run("subscribers", "import", "all.csv", "--newsletter", "breaking")
    assert imported.code == 0, imported.out + imported.err
    again = post.run("subscribers", "export").out

    def told(text):
        kept = ("email", "name", "tags", "city", "newsletter", "state", "at")
        rows = list(csv.DictReader(io.StringIO(text)))
        mailed = [[row[name] for name in kept] for row in rows if not row["suppressed"]]
        return mailed, {row["email"]: row["suppressed"] for row in rows}

    assert told(again) == told(exported)


def test_a_formula_of_a_stranger_is_text_in_csv_and_as_it_is_in_json(post):
    add(post, "=1+cmd@example.org", name='=HYPERLINK("http://evil","x")', city="-5")
    [row] = csv.DictReader(io.StringIO(post.run("subscribers", "export").out))
    assert (row["email"], row["name"], row["city"]) == (
        "'=1+cmd@example.org",
        '\'=HYPERLINK("http://evil","x")',
        "'-5",
    )
    told = json.loads(post.run("subscribers", "export", "--format", "jsonl").out)
    assert (told["email"], told["fields"]) == ("=1+cmd@example.org", {"city": "-5"})
    assert told["name"] == '=HYPERLINK("http://evil","x")'


@pytest.mark.neighbours
def test_stats_count_and_draw(post):
    away_from_midnight()
    add(post, "ada@example.org")
    add(post, "bo@example.org")
    leave(post, "bo@example.org")
    told = post.run("subscribers", "stats", env={"PYTHONIOENCODING": "utf-8"}, own_python=True).out
    assert [line.split() for line in told.splitlines()[:2]] == [
        ["newsletter", "confirmed", "pending", "left", "suppressed", "never", "joined"],
        ["breaking", "1", "0", "1", "0", "0"],
    ]
    assert "┤" in told
    assert "\x1b" not in told
    found = json.loads(post.run("subscribers", "stats", "--days", "3", "--json").out)
    assert [(day["joined"], day["left"], day["subscribed"]) for day in found["days"]] == [
        (0, 0, 0),
        (0, 0, 0),
        (2, 1, 1),
    ]


MOVED_HERE = """email,status
ada@example.org,subscribed
bo@example.org,unsubscribed
cy@example.org,unsubscribed
"""


def test_stats_leave_out_who_never_was_a_reader_here(post):
    away_from_midnight()
    (post.folder / "theirs.csv").write_text(MOVED_HERE)
    came = post.run("subscribers", "import", "theirs.csv", "--newsletter", "breaking")
    assert came.code == 0, came.err
    add(post, "di@example.org")
    leave(post, "di@example.org")
    found = json.loads(post.run("subscribers", "stats", "--days", "1", "--json").out)
    for counts in (found["newsletters"][0].pop(name) for name in ("suppressed_by", "feedback")):
        assert set(counts.values()) == {0}
    assert found == {
        "newsletters": [
            {
                "newsletter": "breaking",
                "confirmed": 1,
                "pending": 0,
                "left": 1,
                "suppressed": 0,
                "never_joined": 2,
            }
        ],
        "days": [{"day": found["days"][0]["day"], "joined": 2, "left": 1, "subscribed": 1}],
    }
    told = post.run("subscribers", "stats").out.splitlines()[:2]
    assert told[0].endswith("suppressed  never joined")
    assert told[1].split() == ["breaking", "1", "0", "1", "0", "2"]
    bo = shown(post, "bo@example.org")
    assert [one["change"] for one in bo["history"]] == ["left elsewhere"]


def test_a_plot_has_its_width_and_names_both_ends():
    days = [
        StatisticsPeriod(date(2026, 1, 1) + timedelta(n), 10, 0, 1000 + 10 * n) for n in range(90)
    ]
    drawn = plot(days, width=70)
    assert max(map(len, drawn)) <= 70
    assert "2026-01-01" in drawn[-1]
    assert "2026-03-31" in drawn[-1]
    assert "1,890" in "".join(drawn)


def test_segments_are_listed_counted_and_sent_to(post):
    add(post, "ada@example.org", city="Berlin")
    add(post, "bo@example.org", city="Berlin", tags=["staff"])
    told = json.loads(post.run("segments", "--json").out)
    assert [(one["name"], one["people"]) for one in told] == [("berlin", 1), ("staff", 1)]
    shown = post.run("segments", "show", "berlin", "--newsletter", "breaking").out
    assert shown.splitlines()[0] == "berlin: 1 person"
    assert "breaking would reach 1 of them now" in shown
    assert post.run("segments", "show", "staff", "--list").out == "bo@example.org\n"
    post.file("ferry")
    post.run("import", "articles")
    sent = post.run("send", "breaking", "--article", "ferry", "--segment", "staff")
    assert sent.code == 0, sent.err
    [mail] = json.loads(post.run("deliveries", "1", "--json").out)
    assert (mail["email"], mail["state"]) == ("bo@example.org", "accepted")


def test_tidying_by_hand_counts_first(post):
    assert post.run("subscribers", "tidy", "--dry-run").out == (
        "0 unconfirmed, 0 letters and 0 events would be deleted\n"
    )
    store = Store.open(f"sqlite:///{post.folder}/syndicate.db")
    with store.write() as tx:
        asked = clock.now() - timedelta(days=31)
        tx.subscribers.add_pending("ada@example.org", ["breaking"], cause=by_test(asked))
    store.close()
    assert post.run("subscribers", "tidy", "--dry-run").out.startswith("1 unconfirmed, 0 letters ")
    assert (
        post.run("tick").out.splitlines()[-1]
        == "retention: 1 unconfirmed, 0 letters, 0 events deleted"
    )
    assert post.run("subscribers", "tidy").out == "0 unconfirmed, 0 letters, 0 events deleted\n"
