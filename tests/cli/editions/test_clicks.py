"""What `editions show` tells of the links of an edition."""

import json
from datetime import UTC, datetime

from syndicate.store import LinkClick, Store

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def click(operator, link=1, *, times=1, machine=False, subscriber=None):
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    with store.write() as tx:
        for _ in range(times):
            tx.clicks.add(
                LinkClick(
                    edition=1, link=link, subscriber=subscriber, at=AT, machine=machine, agent=""
                )
            )
    store.close()


def mailed(operator, tracking):
    operator.subscribe("ada@example.org,Ada")
    operator.configure('# tracking = "none"', f'tracking = "{tracking}"')
    operator.file("ferry")
    operator.run("import", "articles")
    assert "delivered: 1 accepted" in operator.run("tick").out


def test_clicks_are_told_by_link_with_people_and_machines_apart(operator):
    mailed(operator, "readers")
    click(operator, times=3, subscriber=1)
    click(operator, times=2, machine=True)
    click(operator, link=0, machine=True)
    shown = operator.run("editions", "show", "1")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[0] == "edition 1: Breaking: Ferry"
    assert "1 accepted" in lines[1]
    links = [line.split() for line in lines[lines.index("", 3) + 1 :]]  # below the stories
    assert links[0] == ["people", "readers", "machines", "link"]
    assert links[1][:3] == ["3", "1", "2"]
    assert links[1][3].startswith("http://127.0.0.1")
    assert "followed 1 times, by machines" in shown.err
    told = json.loads(operator.run("editions", "show", "1", "--json").out)
    assert (told["audience"], told["hidden_link"]) == (1, 1)
    first = told["links"][0]
    assert (first["link"], first["people"], first["machines"], first["readers"]) == (1, 3, 2, 1)


def test_where_nothing_is_counted_it_is_said(operator):
    mailed(operator, "none")
    shown = operator.run("editions", "show", "1")
    assert 'tracking is "none" for breaking' in shown.err
    assert "machines" not in shown.out
    assert json.loads(operator.run("editions", "show", "1", "--json").out)["links"] == []


def test_before_anybody_clicks_that_is_said(operator):
    mailed(operator, "clicks")
    assert "no link was clicked yet" in operator.run("editions", "show", "1").err


def test_an_edition_that_there_is_not_is_said_so(operator):
    shown = operator.run("editions", "show", "7")
    assert shown.code == 1
    assert "there is no edition 7" in shown.err
