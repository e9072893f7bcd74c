"""The addresses of what is published, and of what the web server shows beside it."""

from syndicate.render import addresses

OFFERED, HIDDEN = {"name": "daily"}, {"name": "board", "offered": False, "archive": False}


def test_the_shelf_of_newsletters_is_where_the_web_server_is(publication):
    web = {"url": "https://letters.example.org"}
    config = publication(newsletters=[HIDDEN, OFFERED], web=web)
    assert addresses.newsletters(config) == "https://letters.example.org/newsletters/"
    assert [newsletter.name for newsletter in config.shelf] == ["daily"]


def test_there_is_no_shelf_for_newsletters_that_nobody_may_join_or_read(publication):
    assert addresses.newsletters(publication(newsletters=[HIDDEN])) is None
    closed = {"newsletters": [{"name": "daily", "archive": False}], "signup": {"enabled": False}}
    assert addresses.newsletters(publication(**closed)) is None


def test_what_nobody_can_join_any_more_can_still_be_read(publication):
    config = publication(newsletters=[OFFERED], signup={"enabled": False})
    assert [newsletter.name for newsletter in config.shelf] == ["daily"]
    assert config.offered == ()
