"""What operators do about private feeds."""

import json

import pytest

from syndicate.store import Store

HER = "ada@example.org"


@pytest.fixture
def post(operator):
    operator.subscribe(f"{HER},Ada")
    return operator


def admitted(operator, address):
    """Whether the token of an address is good."""
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    with store.read() as tx:
        good = tx.private_feeds.is_valid(address.split("/feeds/private/")[1].partition("/")[0])
    store.close()
    return good


def test_granting_prints_the_address_of_each_format(post):
    granted = post.run("feeds", "grant", "Ada@Example.org")
    assert granted.code == 0
    rss, atom, feed = granted.out.splitlines()
    assert rss.startswith("http://127.0.0.1:8000/feeds/private/1-")
    home = rss.removesuffix("rss.xml")
    assert (rss, atom, feed) == (f"{home}rss.xml", f"{home}atom.xml", f"{home}feed.json")
    assert admitted(post, rss)
    assert granted.err == "anybody who has a URL can read everything; it is not shown again\n"
    told = json.loads(post.run("feeds", "grant", HER, "--json").out)
    assert list(told) == ["email", "rss", "atom", "json"]
    assert admitted(post, told["json"])


def test_the_address_leads_to_where_the_web_is(post):
    post.configure("[web]", '[web]\nurl = "https://letters.example/post"')
    out = post.run("feeds", "grant", HER).out
    assert out.startswith("https://letters.example/post/feeds/private/1-")


def test_granting_again_says_that_the_old_address_ends(post):
    old = post.run("feeds", "grant", HER).out.splitlines()[0]
    again = post.run("feeds", "grant", HER)
    assert f"the URLs that {HER} has had since 20" in again.err
    assert "no longer work" in again.err
    assert (admitted(post, old), admitted(post, again.out.splitlines()[0])) == (False, True)


def test_revoking_ends_it_and_there_is_nothing_to_revoke_then(post):
    address = post.run("feeds", "grant", HER).out.splitlines()[0]
    revoked = post.run("feeds", "revoke", HER)
    assert (revoked.code, revoked.out) == (0, f"the private feed of {HER} no longer works\n")
    assert not admitted(post, address)
    again = post.run("feeds", "revoke", HER)
    assert (again.code, again.out) == (1, "")
    assert again.err == f"{HER} has no private feed; `syndicate feeds list` lists them\n"


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_nobody_has_one_whom_the_publication_does_not_know(post, command):
    ran = post.run("feeds", command, "no@example.org")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("nobody has the address no@example.org")


def test_the_list_tells_who_has_one_and_no_secret(post):
    empty = post.run("feeds", "list")
    assert "nobody has a private feed" in empty.err
    assert json.loads(post.run("feeds", "list", "--json").out) == []
    secret = post.run("feeds", "grant", HER).out.split("/1-")[1].partition("/")[0]
    for listed in (post.run("feeds", "list"), post.run("feeds")):
        assert listed.out.splitlines()[0].split() == ["address", "since"]
        assert listed.out.splitlines()[1].startswith(f"{HER}  20")
    (one,) = json.loads(post.run("feeds", "list", "--json").out)
    assert (one["email"], list(one)) == (HER, ["email", "since"])
    assert secret not in post.run("feeds", "list", "--json").out


def test_show_tells_of_it_and_who_granted_it(post):
    assert json.loads(post.run("subscribers", "show", HER, "--json").out)["private_feed"] is None
    post.run("feeds", "grant", HER)
    told = json.loads(post.run("subscribers", "show", HER, "--json").out)
    assert told["private_feed"] == told["history"][-1]["at"]
    last = told["history"][-1]
    assert (last["change"], last["by"], last["how"]) == (
        *("granted", "operator", "syndicate feeds grant"),
    )
    assert "own feed    since 20" in post.run("subscribers", "show", HER).out
    post.run("feeds", "revoke", HER)
    out = post.run("subscribers", "show", HER).out
    assert "own feed" not in out
    assert "syndicate feeds revoke" in out


def test_no_feed_of_the_config_has_the_name_of_the_private_ones(post):
    config = post.folder / "config.toml"
    config.write_text(config.read_text() + '\n[[feeds]]\nname = "private"\n')
    checked = post.run("check")
    line = len(config.read_text().splitlines())
    assert checked.code == 2
    assert f"config.toml:{line}: feeds" in checked.err
    assert "/feeds/private/ is kept for the feeds of single readers; give it another name" in (
        checked.err
    )
