"""`push`, and what other commands say of it, as operators see it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.publish.push.endpoints import listening


@pytest.fixture
def hub():
    with listening() as listener:
        yield listener


@pytest.fixture
def post(operator, hub):
    """A publication that has a hub."""
    operator.configure("# hubs = ", f'hubs = ["{hub.url}"]\n# hubs = ')
    return operator


@pytest.mark.neighbours
def test_a_build_says_what_it_told_and_a_trial_tells_nobody(post, hub):
    built = post.run("build")
    assert built.code == 0
    assert "push: 3 pings, 0 pages" in built.out
    assert "pinged" in built.err
    assert len(hub.posts) == 3
    post.file("ferry")
    assert post.run("import", "articles").code == 0
    assert "push" not in post.run("build", "--at", "2030-01-01T00:00").out
    assert len(hub.posts) == 3
    ticked = post.run("tick")
    assert "push: " in ticked.out
    assert "sections/city/rss.xml" in hub.topics


@pytest.mark.neighbours
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


@pytest.mark.neighbours
def test_a_pause_that_a_hub_asks_for_is_kept_between_commands(post, hub):
    hub.status, hub.headers = 429, {"Retry-After": "3600"}
    post.run("build")
    assert len(hub.posts) == 1
    post.file("ferry")
    assert post.run("import", "articles").code == 0
    assert post.run("tick").code == 0
    assert len(hub.posts) == 1, "a newer version waits as well"
    waiting = json.loads(post.run("push", "--json").out)
    assert "sections/city/rss.xml" in {one["what"].partition(":8000/")[2] for one in waiting}
    soonest = min(datetime.fromisoformat(one["next_at"]) for one in waiting)
    assert soonest > datetime.now(UTC) + timedelta(minutes=50), "of the newer ones, too"
    assert post.run("push", "--now").code == 1
    assert len(hub.posts) == 2


@pytest.mark.neighbours
@pytest.mark.parametrize("command", ["build", "tick"])
def test_a_trial_of_the_past_is_told_by_nobody_after_it(post, hub, command):
    post.file("ferry")
    assert post.run("import", "articles").code == 0
    post.run("build")
    assert len(hub.posts) == 3
    assert post.run(command, "--at", "2000-01-01T00:00").code == 0
    assert b"Ferry" not in (post.folder / "feeds/rss.xml").read_bytes()
    assert post.run("push", "--now").code == 0
    assert post.run("build").code == 0
    assert len(hub.posts) == 3, "all is as hubs know it"


def test_who_tells_nobody_is_told_how(operator):
    listed = operator.run("push")
    assert listed.code == 0
    assert "set websub.hubs" in listed.err


def test_who_tells_nobody_elsewhere_of_a_publication_here_is_told_why(operator):
    operator.configure("# hubs = ", 'hubs = ["https://hub.example/"]\n# hubs = ')
    listed = operator.run("push")
    assert listed.code == 0
    assert "can't be reached from elsewhere; set publication.url" in listed.err
    assert "set publication.url" in listed.err
    assert "websub.hubs" not in listed.err


def test_check_says_that_no_hub_and_no_subscriber_elsewhere_is_told_of_this_machine(operator):
    operator.configure("# hubs = ", 'hubs = ["https://hub.example/"]\nown = true\n# hubs = ')
    told = operator.run("check").err
    assert "websub.hubs: no hub on another machine is notified" in told
    assert "websub.own: no subscriber on another machine is served" in told
    operator.configure("https://hub.example/", "http://127.0.0.1:1/")
    assert "websub.hubs" not in operator.run("check").err
    operator.configure("# url = ", 'url = "https://news.example.org"\n# url = ')
    told = operator.run("check").err
    assert "websub." not in told


def test_check_says_that_no_engine_can_reach_this_machine(operator):
    operator.configure("# key = ", 'key = "0123456789abcdef"\n# key = ')
    checked = operator.run("check")
    assert checked.code == 0
    assert "indexnow.key: no search engine is notified" in checked.err
    operator.configure("# url = ", 'url = "https://news.example.org"\n# url = ')
    assert "indexnow.key" not in operator.run("check").err


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("# key = ", 'key = "short"\n# key = ', "8 to 128 letters, digits and -"),
        ("# hubs = ", 'hubs = ["ftp://hub.example"]\n# hubs = ', "expected an address such as"),
        (
            "# hubs = ",
            'hubs = ["https://u:pass@hub.example"]\n# hubs = ',
            "without a name and pass",
        ),
    ],
)
def test_check_tells_what_a_key_and_a_hub_look_like(operator, old, new, expected):
    operator.configure(old, new)
    checked = operator.run("check")
    assert checked.code == 2
    assert expected in checked.err
    assert "u:pass" not in checked.err
