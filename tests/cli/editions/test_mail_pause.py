"""`pause --all` and `resume --all`, and what says that all mail is paused."""

import json

import pytest

LOST_SECRET = """\
transport = "smtp"
host = "mail.example.org"
username = "post"
password_env = "NO_SUCH_SECRET"
"""


@pytest.fixture
def post(operator):
    """A publication with two readers and a story that nobody has yet."""
    operator.subscribe("ada@example.org,", "bo@example.org,")
    operator.file("ferry")
    assert operator.run("import", "articles").code == 0
    return operator


def test_all_mail_is_paused_and_resumed_and_everything_says_so(post):
    paused = post.run("pause", "--all", "--reason", "a wrong\nlist")
    assert (paused.code, paused.out) == (0, "all mail is paused: 0 in flight, 0 held back\n")
    assert "`syndicate resume --all` lets all mail leave" in paused.err
    again = post.run("pause", "--all")
    assert again.out == "all mail is already paused: 0 in flight, 0 held back\n"
    assert "(syndicate pause --all, by" in again.err
    assert ": a wrong list)" in again.err

    ticked = post.run("tick")
    assert (ticked.code, "delivered: nothing\n" in ticked.out) == (0, True)
    assert "all mail is paused (syndicate pause --all, by" in ticked.err
    for words in (["editions"], ["editions", "show", "1"], ["relays"]):
        assert "all mail is paused since 20" in post.run(*words).out, words
    shown = json.loads(post.run("editions", "show", "1", "--json").out)
    [obstacle] = shown["waits_for"]["obstacles"]
    assert obstacle["kind"] == "pause"
    assert post.run("deliveries", "1").out.count("all mail is paused") == 2
    assert post.run("pause", "1").code == 0
    assert "all mail is paused: it leaves after" in post.run("resume", "1").err
    values = json.loads(post.run("pause", "--all", "--json").out)
    assert (values["paused"], values["changed"], values["held_back"]) == (True, False, 2)

    resumed = post.run("resume", "--all")
    assert (resumed.code, resumed.out) == (0, "mail is resumed: 0 in flight, 2 waiting\n")
    assert "sends the rest within a second" in resumed.err
    again = json.loads(post.run("resume", "--all", "--json").out)
    assert (again["paused"], again["changed"]) == (False, False)
    ticked = post.run("tick")
    assert "delivered: 2 accepted" in ticked.out
    assert "paused" not in post.run("editions").out
    post.run("pause", "--all")
    assert "all mail is paused since" in post.run("editions").out
    [done] = json.loads(post.run("editions", "--json").out)
    assert (done["state"], done["waits_for"]["obstacles"]) == ("done", [])


def test_a_test_copy_still_leaves_and_an_edition_does_not(post):
    post.run("pause", "--all")
    copied = post.run("send", "breaking", "--to", "me@example.org")
    assert (copied.code, "sent a test copy" in copied.out) == (0, True)
    sent = post.run("send", "breaking", "--article", "ferry")
    assert "delivered: nothing\n" in sent.out
    assert len(list((post.folder / "outbox").glob("*.eml"))) == 1


def test_without_the_secret_of_the_mail_server_all_mail_is_paused_and_resumed(post):
    post.configure("[publication]\n", '[publication]\nurl = "https://news.example.org"\n')
    post.configure("[publication]\n", '[publication]\npostal_address = "1 Quay"\n')
    post.configure("[mail]\n", f"[mail]\n{LOST_SECRET}")
    paused = post.run("pause", "--all")
    assert paused.code == 0, paused.err
    ticked = post.run("tick")
    assert ticked.code == 0, ticked.err
    assert "NO_SUCH_SECRET" not in ticked.err
    assert post.run("resume", "--all").code == 0
    assert "NO_SUCH_SECRET" in post.run("tick").err


@pytest.mark.parametrize("words", [[], ["1", "--all"]])
@pytest.mark.parametrize("command", ["pause", "resume"])
def test_either_an_edition_is_named_or_all(post, command, words):
    ran = post.run(command, *words)
    assert (ran.code, ran.out) == (2, "")
    assert "name either an edition, by its id in `editions`, or --all" in ran.err


def test_what_is_approved_meanwhile_is_released_once_mail_is_resumed(post):
    post.configure("# approve = false", "approve = true")
    post.run("tick")
    post.run("pause", "--all")
    approved = post.run("approve", "1")
    assert approved.code == 0, approved.err
    assert "all mail is paused until `syndicate resume --all`" in approved.out
    assert "released" not in post.run("tick").out
    post.run("resume", "--all")
    ticked = post.run("tick")
    assert "edition 1 is released to 2 readers" in ticked.out
    assert "delivered: 2 accepted" in ticked.out
