"""What a tick or an operator sends, and what is listed of it."""

import json

STATES = [
    "queued", "sending", "accepted", "deferred", "failed", "expired", "skipped", "unknown",
]  # fmt: skip


def test_tick_says_why_an_edition_goes_to_nobody(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("build")
    operator.subscribe("ada@example.org,Ada")
    ticked = operator.run("tick")
    assert ticked.code == 0
    assert "edition 1, 1 article" in ticked.out
    assert "nobody was subscribed to breaking before it became public" in ticked.err


def test_an_edition_that_everybody_has_is_neither_replaced_nor_called_sending(operator):
    operator.subscribe("ada@example.org,Ada")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    refused = operator.run("replace", "1")
    assert refused.code == 1
    assert "nobody is left to replace edition 1 for: 1 accepted" in refused.err
    assert "sending" not in refused.err


def test_tick_mails_what_is_new_once_and_the_totals_add_up(operator):
    operator.subscribe("ada@example.org,Ada", "bo@example.org,Bo")
    operator.file("ferry")
    operator.run("import", "articles")
    ticked = operator.run("tick")
    assert ticked.code == 0
    assert "edition 1, 1 article" in ticked.out
    assert "delivered: 2 accepted" in ticked.out
    assert "delivered: nothing was due" in operator.run("tick").out
    assert len(list((operator.folder / "outbox").glob("*.eml"))) == 2
    [edition] = json.loads(operator.run("editions", "--json").out)
    assert edition["kind"] == "alert"
    assert edition["audience"] == 2 == sum(edition[state] for state in STATES)
    rows = json.loads(operator.run("deliveries", "1", "--json").out)
    assert {row["email"]: row["state"] for row in rows} == {
        "ada@example.org": "accepted",
        "bo@example.org": "accepted",
    }
    assert "Breaking: Ferry" in operator.run("editions").out
    assert operator.run("deliveries", "1").out.count("accepted") == 2


def test_editions_leave_out_the_states_that_nobody_is_in(operator):
    operator.subscribe("ada@example.org,", "bo@example.com,")
    operator.configure("[mail]", '[mail]\nonly = ["*@example.org"]')
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    _, row = operator.run("editions").out.splitlines()
    assert row.split("  ")[-2:] == ["1 accepted, 1 skipped", "Breaking: Ferry"]


def test_an_edition_that_nobody_gets_says_so(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("build")
    operator.subscribe("ada@example.org,")
    sent = operator.run("send", "breaking")
    assert sent.code == 0
    assert "no recipients" in sent.err


def test_an_edition_that_does_not_exist_is_refused(operator):
    refused = operator.run("deliveries", "7")
    assert refused.code == 1
    assert "no edition 7" in refused.err


def test_a_tick_whose_template_fails_exits_with_one(operator):
    own = operator.folder / "templates/email"
    own.mkdir(parents=True)
    (own / "alert.mjml").write_text("<mjml><mj-body>{{ nonsense }}</mj-body></mjml>")
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    failed = operator.run("tick")
    assert failed.code == 1
    assert "failed: email/alert.mjml:1: " in failed.out
    assert not (operator.folder / "outbox").exists()


def test_send_goes_out_now_and_a_test_copy_beside_the_ledger(operator):
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    copy = operator.run("send", "breaking", "--to", "me@example.org")
    assert "sent a test copy to me@example.org" in copy.out
    assert operator.run("editions", "--json").out == "[]\n"
    sent = operator.run("send", "breaking")
    assert sent.out.startswith("edition 1: Breaking: Ferry\n")
    assert "nothing new" in operator.run("send", "breaking").out
    assert operator.run("send", "breaking", "--article", "welcome").out.startswith("edition 2: ")


def test_send_asks_which_schedule_where_there_are_several(operator):
    config = operator.folder / "config.toml"
    more = '\n[[schedules]]\nname = "weekly"\nnewsletter = "breaking"\ncron = "0 7 * * mon"\n'
    config.write_text(config.read_text() + more)
    which = operator.run("send", "breaking")
    assert which.code == 2
    assert "breaking, weekly" in which.err
    assert operator.run("send", "breaking", "--schedule", "weekly").code == 0


def test_a_newsletter_that_is_added_to_an_old_paper_mails_no_archive(operator):
    operator.subscribe("ada@example.org,Ada")
    for year in range(2011, 2016):
        operator.file(f"{year}-05-01-old-{year}", breaking=False)
    operator.run("import", "articles")
    operator.run("tick")
    operator.add(
        '[[newsletters]]\nname = "weekly"\n'
        '[[schedules]]\nname = "weekly"\nnewsletter = "weekly"\nevery = "10s"\n'
    )
    add = ("subscribers", "add", "bo@example.org", "--newsletter", "weekly", "--source", "asked")
    assert operator.run(*add).code == 0
    assert "first seen" in operator.run("tick").out
    assert json.loads(operator.run("editions", "--json").out) == []


def test_the_first_breaking_story_of_a_newcomer_goes_out_and_an_old_one_does_not(operator):
    operator.subscribe("ada@example.org,Ada")
    operator.file("2011-05-01-old")
    operator.file("ferry")
    operator.run("import", "articles")
    assert "edition 1, 1 article" in operator.run("tick").out
    [edition] = json.loads(operator.run("editions", "--json").out)
    assert edition["subject"] == "Breaking: Ferry"


def test_a_day_of_missed_slots_is_told_in_one_line(operator):
    operator.run("tick", "--at", "2030-01-01T12:00")
    ticked = operator.run("tick", "--at", "2030-01-02T12:00")
    assert "breaking: 143 older slots were missed and skipped" in ticked.out
    assert ticked.out.count("breaking 2030-01-02 12:00 UTC: skipped: 0 new") == 1
    assert len(ticked.out.splitlines()) == 4


def test_of_many_missed_slots_the_oldest_that_is_recorded_says_how_many_there_were(operator):
    operator.run("tick", "--at", "2030-01-01T12:00")
    operator.run("tick", "--at", "2030-06-01T12:00")
    listed = operator.run("fires", "breaking", "--limit", "200").out.splitlines()
    assert "covered by 2030-06-01 12:00, and 21,643 older slots with it" in listed[-2]


def test_what_became_of_each_slot_is_listed(operator):
    operator.run("tick", "--at", "2030-01-01T12:00")
    listed = operator.run("fires")
    assert listed.out.splitlines()[-1] == "breaking  2030-01-01 12:00 UTC  skipped: 0 new"
    [fire] = json.loads(operator.run("fires", "breaking", "--json").out)
    assert (fire["outcome"], fire["reason"]) == ("skipped", "0 new")
    assert operator.run("fires", "nonsense").code == 2
    operator.configure('name = "breaking"', 'name = "flash"')
    operator.configure('newsletter = "breaking"', 'newsletter = "flash"')
    assert operator.run("fires").out == "schedule  slot  outcome\n"
    assert operator.run("fires", "breaking").out == listed.out, "a schedule that is gone"
