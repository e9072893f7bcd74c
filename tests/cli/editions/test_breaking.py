"""How long a story is breaking news, as the operator and the reader meet it."""

import json
from email import message_from_bytes, policy

STORY = """\
---
title: The harbour burns
breaking: true
section: City
date: {date}
---

It burns.
"""


def file(operator, slug: str, date: str) -> None:
    (operator.folder / "articles" / f"{slug}.md").write_text(STORY.format(date=date))


def test_a_story_of_long_ago_is_not_called_breaking_anywhere(operator):
    file(operator, "then", "2019-03-02 09:00")
    assert operator.run("import", "articles").code == 0
    assert operator.run("build").code == 0
    for path in (operator.folder / "feeds").rglob("*"):
        if path.suffix in {".html", ".xml", ".json"}:
            text = path.read_text()
            assert 'class="flag"' not in text, path
    listed = json.loads(operator.run("articles", "--json").out)
    (story,) = (article for article in listed if article["slug"] == "then")
    assert story["breaking"] is False
    assert story["breaking_until"].startswith("2019-03-03")
    operator.subscribe("ann@example.org,Ann")
    assert operator.run("send", "breaking", "--article", "then").code == 0
    (mail,) = (operator.folder / "outbox").rglob("*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert message["subject"] == "The harbour burns"
    for kind in ("html", "plain"):
        body = message.get_body((kind,))
        assert body is not None
        assert 'class="flag"' not in body.get_content()
        assert "BREAKING" not in body.get_content()
