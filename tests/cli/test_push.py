"""`push`, and what other commands say of it, as operators see it."""

import json

import pytest

from tests.push.listening import listening


@pytest.fixture
def hub():
    with listening() as listener:
        yield listener


@pytest.fixture
def post(operator, hub):
    """A publication that has a hub."""
    operator.configure("# hubs = ", f'hubs = ["{hub.url}"]\n# hubs = ')
    return operator


def test_a_build_says_what_it_told_and_a_trial_tells_nobody(post, hub):
    built = post.run("build")
    assert built.code == 0
    assert "push: 3 pings, 0 addresses" in built.out
    assert "pinged" in built.err
    assert len(hub.posts) == 3
    post.file("ferry")
    assert post.run("import", "articles").code == 0
    assert "push" not in post.run("build", "--at", "2030-01-01T00:00").out
    assert len(hub.posts) == 3
    ticked = post.run("tick")
    assert "push: " in ticked.out
    assert "sections/city/rss.xml" in hub.topics


def test_what_waits_is_listed_and_tried_when_somebody_says_so(post, hub):
    hub.status = 503
    built = post.run("build")
    assert built.code == 0, "what can't be told is no failure of the build"
    assert "503 Service Unavailable" in built.err
    listed = post.run("push")
    assert listed.code == 0
    heads, *rows = listed.out.splitlines()
    assert heads.split() == ["to", "what", "attempts", "next", "try", "error"]
    assert len(rows) == 3
    assert all(row.startswith(hub.url) and "503 Service Unavailable" in row for row in rows)
    told = json.loads(post.run("push", "--json").out)
    assert {one["what"].rpartition("/")[2] for one in told} == {"rss.xml", "atom.xml", "feed.json"}
    assert all(one["to"] == hub.url and one["attempts"] == 1 for one in told)
    assert all(one["next_at"] for one in told)
    assert post.run("push", "--now").code == 1
    hub.status = 200
    done = post.run("push", "--now", "--json")
    assert done.code == 0
    assert json.loads(done.out) == []
    assert "push: 3 pings" in done.err


def test_who_tells_nobody_is_told_how(operator):
    listed = operator.run("push")
    assert listed.code == 0
    assert "set websub.hubs" in listed.err


def test_check_says_that_no_engine_can_reach_this_machine(operator):
    operator.configure("# key = ", 'key = "0123456789abcdef"\n# key = ')
    checked = operator.run("check")
    assert checked.code == 0
    assert "indexnow.key: no search engine is told" in checked.err
    operator.configure("# url = ", 'url = "https://news.example.org"\n# url = ')
    assert "indexnow.key" not in operator.run("check").err


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("# key = ", 'key = "short"\n# key = ', "8 to 128 letters, digits and -"),
        ("# hubs = ", 'hubs = ["ftp://hub.example"]\n# hubs = ', "expected an address such as"),
    ],
)
def test_check_tells_what_a_key_and_a_hub_look_like(operator, old, new, expected):
    operator.configure(old, new)
    checked = operator.run("check")
    assert checked.code == 2
    assert expected in checked.err
