"""What the pre-flight found, as operators see it."""

import json

DEAD = "a link of our own leads nowhere: http://127.0.0.1:8000/articles/harbour/"
TK = "“TK” is in it: “Ferry TK”"


def file(operator, body):
    text = f"---\ntitle: Ferry TK\nbreaking: true\n---\n\n{body}\n"
    (operator.folder / "articles" / "ferry.md").write_text(text)
    operator.subscribe("ada@example.org,")
    assert operator.run("import", "articles").code == 0


def test_an_error_is_printed_with_a_test_copy_and_keeps_the_edition(operator):
    file(operator, "More [here](/articles/harbour/).")
    copied = operator.run("send", "breaking", "--to", "me@example.org")
    assert (copied.code, "sent a test copy" in copied.out) == (0, True)
    assert f"error='{DEAD}'" in copied.err
    assert f"warning='{TK}'" in copied.err
    ticked = operator.run("tick")
    assert (ticked.code, f"it waits, since {DEAD}" in ticked.out) == (0, True)
    for words in (["editions"], ["editions", "show", "1"]):
        shown = operator.run(*words).out
        assert f"error: {DEAD}\n" in shown
        assert f"warning: {TK}\n" in shown
    release = json.loads(operator.run("editions", "show", "1", "--json").out)["release"]
    assert (release["findings"], release["warnings"]) == ([DEAD], [TK])
    assert operator.run("approve", "1").code == 0
    assert "delivered: 1 accepted" in operator.run("tick").out


def test_a_warning_is_printed_and_keeps_nothing(operator):
    file(operator, "It sails.")
    assert f"warning:    {TK}\n" in operator.run("explain", "breaking").out
    sent = operator.run("send", "breaking")
    assert (sent.code, "delivered: 1 accepted" in sent.out) == (0, True)
    assert f"edition=1 warning='{TK}'" in sent.err


def test_a_level_that_there_is_not_is_reported_with_its_line(operator):
    operator.configure('# tk = "warning"', 'tk = "maybe"')
    operator.configure('# elsewhere = ["/shop/"]', 'elsewhere = ["shop"]')
    checked = operator.run("check")
    assert checked.code == 2
    assert 'preflight.tk = "maybe" — expected ' in checked.err
    assert 'a path such as "/shop/"' in checked.err
