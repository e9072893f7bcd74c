"""What the commands say of an edition that reviewers decide about."""

import json

import pytest

from syndicate import clock
from syndicate.config import load
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Store


@pytest.fixture
def post(operator):
    """A publication with a reviewer, whose one story waits to be approved."""
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.configure("# approve = false", "approve = true")
    operator.configure("# reviewers = ", "reviewers = ")
    assert operator.run("import", "articles").code == 0
    assert operator.run("tick").code == 0
    return operator


def decide(post, act, why):
    how = f"{act} by Maren Tolk, by code"
    cause = Cause(who=Actor.REVIEWER, how=how, at=clock.now(), why=why)
    store = Store.of(load(post.folder / "config.toml"))
    with store.write() as tx:
        if act == "approved":
            tx.waiting.approve(1, cause)
        else:
            tx.waiting.send_back(1, cause)
    store.close()


def test_editions_show_says_to_whom_the_proof_went_and_who_approved_what(post):
    decide(post, "approved", "")
    assert "edition 1 is released to 1 reader: approved by Maren Tolk" in post.run("tick").out
    shown = post.run("editions", "show", "1").out
    content = json.loads(post.run("editions", "show", "1", "--json").out)["decisions"][0]["detail"]
    assert f"proof mailed (schedule): {content}" in shown
    assert "; to Maren Tolk" in content
    assert "approved (approved by Maren Tolk, by code): content " in shown


def test_what_was_sent_back_says_so_until_somebody_overrules_it(post):
    decide(post, "sent back", "the ferry has a name")
    note = "edition 1: sent back by Maren Tolk, by code: the ferry has a name"
    assert note in post.run("editions").out
    values = json.loads(post.run("editions", "--json").out)[0]
    assert values["release"]["sent_back"]["who"] == "reviewer"
    assert post.run("approve", "1").code == 0
    assert note not in post.run("editions").out
