"""Secrets in config.toml: where they are named, and that none is printed."""

import os

import pytest

from syndicate.config import load, missing_secrets
from syndicate.config.loading.load import secret_warnings
from syndicate.errors import ConfigError, SecretUnreadable
from tests.config.loading.configurations import PUBLICATION, mistakes, write


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def login(*keys: str) -> str:
    lines = ['url = "https://a.example"', "[mail]", 'transport = "smtp"', 'username = "me"', *keys]
    return "\n".join([f"{PUBLICATION}{lines[0]}", *lines[1:], ""])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], '7: mail.username = "me" — needs password_env or password_file'),
        (['password_env = "HOME"', 'password_file = "file"'], '9: mail.password_file = "file" — expected one of password_env and password_file, not both'),
    ],
)  # fmt: skip
def test_a_login_names_one_secret(folder, keys, expected):
    (told,) = mistakes(folder, login(*keys))

    assert told.startswith(f"config.toml:{expected}")


def test_a_secret_is_not_asked_for_where_none_is_needed(folder, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    text = login('password_env = "NOT_SET"')

    def missing(text):
        return list(missing_secrets(load(write(folder, text))))

    assert len(missing(text)) == 1
    assert missing(text.replace('"smtp"', '"outbox"')) == []
    assert missing(text.replace('username = "me"\n', "")) == []


def test_the_password_comes_from_the_environment_or_a_file_beside_the_config(folder, monkeypatch):
    monkeypatch.setenv("MAIL_SECRET", "s e c")
    (folder / "secret").write_text("pässword\n", encoding="utf-8")

    def secret(text):
        config = load(write(folder, text))
        return config.mail.password(config.root)

    assert secret(login('password_env = "MAIL_SECRET"')) == "s e c"
    assert secret(login('password_file = "secret"')) == "pässword"
    assert secret(PUBLICATION) is None


def test_a_password_that_went_missing_is_told_at_its_use(folder, monkeypatch):
    monkeypatch.setenv("MAIL_SECRET", "s")
    config = load(write(folder, login('password_env = "MAIL_SECRET"')))
    monkeypatch.delenv("MAIL_SECRET")

    with pytest.raises(SecretUnreadable, match="MAIL_SECRET is not set"):
        config.mail.password(config.root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_secret_that_may_not_be_read_is_missing(folder):
    (folder / "secret").touch(mode=0o000)
    config = load(write(folder, login('password_file = "secret"')))

    [secret] = missing_secrets(config)

    assert "can't be read: Permission denied" in secret.reason


@pytest.mark.parametrize(
    "text",
    [
        '[store]\nurl = "postgres://me:hunter2@host/db"\n',
        '[mail]\npassword = "hunter2"\n',
        '[mail]\nauth_token = "hunter2"\n',
        '[store]\nurl = "postgres://me@host/db?password=hunter2"\n',
        '[store]\nurl = "postgres://me:hun/hunter2@host/db"\n',
        '[store]\nurl = "postgres://host:5432/db?password=hun@hunter2"\n',
        '[store]\nurl = "postgresql://me:hun@hunter2@host/db"\n',
        '[store]\nurl = "host=db user=me password=hunter2"\n',
        '[store]\nlink = { url = "postgres://me:hun/hunter2@host/db" }\n',
        '[mail]\nhost = "smtp://me:hunter2@smtp.example.org"\n',
        '[mail]\nhost = "me:hunter2@smtp.example.org"\n',
        '[publish]\nmirror = "s3://key:hun/hunter2@bucket"\n',
        '[publish]\nmirror_options = [{ key = "AK", secret = "hunter2" }]\n',
        '[publish]\nhubs = ["https://hunter2@hub.example.org/"]\n',
    ],
)
def test_a_secret_in_a_mistake_is_not_printed(folder, text):
    (told,) = mistakes(folder, PUBLICATION + text)

    assert told.startswith("config.toml:5: ")
    assert "hunter2" not in told


@pytest.mark.parametrize("url", ["", 'url = "http://localhost:8000"\n'])
def test_a_login_in_the_mail_server_is_printed_by_no_mistake_of_another_key(folder, url):
    mail = '[mail]\ntransport = "smtp"\nhost = "smtp://me:hunter2@smtp.example.org"\n'

    found = mistakes(folder, PUBLICATION + url + mail)

    assert any("mail goes out by smtp://me:…@smtp.example.org" in mistake for mistake in found)
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    "table",
    [
        '[mail]\ntransport = "outbox"\nusername = "me"\npassword_env = "hunter2!"\n',
        '[web]\nmonitor_token_env = "2hunter2"\n',
        '[[mail.dkim]]\nselector = "a"\nkey_env = "-----BEGIN hunter2"\n',
        '[mail]\nusername = "me"\npassword_env = ["hunter2"]\n',
    ],
)
def test_nor_is_a_secret_in_the_place_of_its_variable(folder, table):
    (mistake,) = mistakes(folder, PUBLICATION + table)

    assert '_env = "…" — expected' in mistake
    assert "hunter2" not in mistake


def test_the_configuration_prints_no_login_of_the_database(folder):
    config = load(write(folder, PUBLICATION + '[store]\nurl = "postgresql://me:hunter2@host/db"\n'))

    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hun%40ter2@host/db",
        "postgresql://me@host/db?sslmode=require&options=-c%20a@b",
        "sqlite:////srv/a@b@c.db",
    ],
)
def test_a_database_may_have_an_at_sign_where_it_is_read_in_one_way(folder, url):
    assert load(write(folder, f'{PUBLICATION}[store]\nurl = "{url}"\n')).store.url == url


def test_a_token_for_figures_is_in_one_place(tmp_path):
    text = PUBLICATION + '[web]\nmonitor_token_env = "A"\nmonitor_token_file = "b"\n'
    with pytest.raises(ConfigError, match="expected one of monitor_token_env and monitor_token_f"):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("key", "kept", "reason"),
    [
        ('monitor_token_env = "NO_SUCH"', None, "the environment variable NO_SUCH is not set"),
        ('monitor_token_file = "token"', None, "No such file or directory"),
        ('monitor_token_file = "token"', "short", "a token of 5 characters can be guessed"),
    ],
)
def test_a_token_that_lets_nobody_in_is_a_warning_with_its_line(tmp_path, key, kept, reason):
    if kept is not None:
        (tmp_path / "token").write_text(kept)
    path = write(tmp_path, f"{PUBLICATION}[web]\n{key}\n")
    [warning] = secret_warnings(path, load(path))
    assert warning.startswith(f"config.toml:{len(path.read_text().splitlines())}: web.{key} — ")
    assert reason in warning
    assert warning.endswith("the token lets nobody in until then")
