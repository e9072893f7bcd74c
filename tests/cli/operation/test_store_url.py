"""No command prints the password in `store.url`, however it is written there."""

import pytest

from tests.ports import free_port

COMMANDS = [("articles",), ("subscribers", "list", "--json"), ("tick",), ("run", "--port", "0")]


@pytest.mark.neighbours
@pytest.mark.parametrize(
    "login",
    [
        "me:hunter2@127.0.0.1:{port}/post",
        "me:hun/hunter2@127.0.0.1:{port}/post",
        "me:hunter2%3F@127.0.0.1:{port}/post",
        "me@127.0.0.1:{port}/post?password=hunter2",
        "127.0.0.1:{port}/post?user=me&password=p%40hunter2",
        "me@127.0.0.1:{port}/post?sslmode=disable&sslpassword=hunter2",
    ],
)
def test_a_server_that_cannot_be_reached_is_named_without_its_password(operator, login):
    operator.configure("[store]", f'[store]\nurl = "postgresql://{login.format(port=free_port())}"')
    for words in COMMANDS:
        ran = operator.run(*words)
        assert ran.code == 1, words
        assert "postgresql://" in ran.err
        assert "hunter2" not in ran.out + ran.err


@pytest.mark.parametrize(
    "login",
    [
        "me:hun@hunter2@127.0.0.1/post",
        "me:hun@ter/hunter2@127.0.0.1/post?sslmode=disable",
        "127.0.0.1:5432/post?user=me&password=p@hunter2",
        "me:hun?hunter2@127.0.0.1/post",
    ],
)
def test_an_at_sign_in_the_password_is_refused_before_a_part_of_it_becomes_the_host(
    operator, login
):
    operator.configure("[store]", f'[store]\nurl = "postgresql://{login}"')
    for words in [("check",), *COMMANDS]:
        ran = operator.run(*words)
        assert ran.code == 2, words
        assert 'expected "%40" for an "@" and "%3F" for a "?"' in ran.err
        assert "hunter2" not in ran.out + ran.err
