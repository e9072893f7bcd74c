"""Where links lead while the configuration doesn't say so: each command names what it assumes."""

import pytest

from syndicate.cli.context import CommandContext
from syndicate.cli.operation.run import _note_other_address

HERE = "links lead to http://127.0.0.1:8000, since publication.url isn't set"


@pytest.fixture
def unset(operator):
    assert "\nurl =" not in (operator.folder / "config.toml").read_text()
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    return operator


def noted(operator, capsys, port):
    """What a process notes that listens on a port."""
    command = CommandContext(operator.folder / "config.toml", port=port)
    _note_other_address(command, command.config)
    return capsys.readouterr().err


def test_build_and_send_name_the_address_that_they_assume(unset):
    assert HERE in unset.run("build").err
    assert HERE in unset.run("send", "breaking", "--article", "ferry").err


def test_they_need_not_where_it_is_set(unset):
    unset.catch_mail()
    assert "links lead" not in unset.run("build").err
    assert "links lead" not in unset.run("send", "breaking", "--article", "ferry").err


def test_a_process_on_another_port_says_what_others_assume(unset, capsys, monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert noted(unset, capsys, 9000) == (
        "links lead to http://127.0.0.1:9000 here, but to http://127.0.0.1:8000 if `build`, "
        "`send` or another command makes them: set web.port = 9000, or publication.url\n"
    )
    assert noted(unset, capsys, 8000) == ""
    assert noted(unset, capsys, None) == ""
    monkeypatch.setenv("PORT", "9000")
    assert noted(unset, capsys, 9000) == "", "other commands read PORT, too"
    unset.catch_mail()
    assert noted(unset, capsys, 9001) == ""
