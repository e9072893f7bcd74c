"""Mistakes about signing keys: each told with its line, its key and the remedy."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from syndicate.config import load
from syndicate.config.loading.load import secret_warnings
from syndicate.config.sections.mail import DkimKeySettings
from syndicate.errors import ConfigError
from tests.deliver.dkim_keys import pem

HEAD = """\
[publication]
id = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"
title = "Morning Post"

[mail]
from = "Post <news@mail.example.org>"
"""
KEY = '\n[[mail.dkim]]\nselector = "{selector}"\n{more}\n'


def key(more: str, selector: str = "s1") -> str:
    return KEY.format(selector=selector, more=more)


@pytest.fixture
def written(tmp_path):
    """Write a config.toml, with keys beside it, and load it."""

    def write(text: str, **files: str):
        for name, said in files.items():
            (tmp_path / f"{name}.pem").write_text(said)
        (tmp_path / "config.toml").write_text(HEAD + text)
        return load(tmp_path / "config.toml")

    return write


def told(write, text: str, **files: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        write(text, **files)
    return str(caught.value).splitlines()


def warnings(write, folder, text: str, **files: str) -> list[str]:
    return secret_warnings(folder / "config.toml", write(text, **files))


def ec_key() -> str:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def protected() -> str:
    made = ed25519.Ed25519PrivateKey.generate()
    shut = BestAvailableEncryption(b"secret")
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, shut).decode()


def public() -> str:
    made = ed25519.Ed25519PrivateKey.generate().public_key()
    return made.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_keys_are_read_from_a_file_or_the_environment(written, monkeypatch):
    monkeypatch.setenv("RSA", pem("rsa").replace("\n", "\\n"))
    config = written(
        key('key_file = "e.pem"\ndomain = "Example.org."', "s1") + key('key_env = "RSA"', "s2"),
        e=pem("ed25519"),
    )

    assert [one.domain for one in config.mail.dkim] == ["example.org", None]
    assert [type(one.key(config.root)).__name__ for one in config.mail.dkim] == [
        "Ed25519PrivateKey",
        "RSAPrivateKey",
    ]
    assert "PRIVATE" not in repr(config)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("nonsense", "holds no private key in PEM; `syndicate dkim-keygen"),
        (public(), "holds no private key in PEM"),
        (pem("rsa")[:300] + "\n-----END PRIVATE KEY-----", "holds no private key that can be read"),
        (pem("rsa", 1024), "holds an RSA key of 1024 bits; expected 2048 or more"),
        (ec_key(), "holds a key that is neither RSA nor Ed25519"),
        (protected(), "holds a key that a password protects"),
        ("", "e.pem is empty"),
    ],
)
def test_a_key_that_will_not_do_is_a_warning(written, tmp_path, said, reason):
    (line,) = warnings(written, tmp_path, key('key_file = "e.pem"'), e=said)

    assert line.startswith('config.toml:10: mail.dkim.#1.key_file = "e.pem" — ')
    assert reason in line
    assert "-----" not in line


def test_a_file_or_a_variable_that_is_not_there_is_a_warning(written, tmp_path, monkeypatch):
    monkeypatch.delenv("NONE", raising=False)

    both = key('key_file = "gone.pem"') + key('key_env = "NONE"', "s2")
    assert warnings(written, tmp_path, both) == [
        f'config.toml:10: mail.dkim.#1.key_file = "gone.pem" — {tmp_path}/gone.pem can\'t be read: No such file or directory; `syndicate dkim-keygen --domain DOMAIN` makes one; no mail leaves until then',
        'config.toml:14: mail.dkim.#2.key_env = "NONE" — the environment variable NONE is not set; no mail leaves until then',
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("", "needs either key_file or key_env, one of them"),
        ('key_file = "e.pem"\nkey_env = "RSA"', "needs either key_file or key_env, one of them"),
        ('key_file = "e.pem"\ndomain = "a b"', 'expected a domain such as "example.org"'),
        ('key_file = "e.pem"\ndomain = 7', "expected text in quotes"),
        ('key_file = "e.pem"\nselectr = "x"', "there is no such key; did you mean selector?"),
    ],
)
def test_a_table_that_is_wrong_is_told(written, more, reason):
    (line,) = told(written, key(more), e=pem("ed25519"))

    assert reason in line


@pytest.mark.parametrize("selector", ["", "a b", "-a", "a.", "a" * 64, "ä"])
def test_a_selector_is_a_name_of_dns(written, selector):
    (line,) = told(written, key('key_file = "e.pem"', selector), e=pem("ed25519"))

    assert 'expected a selector such as "news-rsa"' in line


def test_two_keys_of_one_name_are_told(written):
    given = key('key_file = "e.pem"') * 2

    lines = told(written, given, e=pem("ed25519"))

    assert [line.partition(" — ")[2] for line in lines] == [
        "there are two keys of that name; each needs a selector of its own"
    ] * 2


def test_a_domain_that_no_mail_is_from_is_told(written):
    (line,) = told(written, key('key_file = "e.pem"\ndomain = "example.net"'), e=pem("ed25519"))

    assert line == (
        'config.toml:11: mail.dkim.#1.domain = "example.net" — no mail is from there, but from '
        "mail.example.org; expected that, or a domain above it"
    )


def test_a_key_signs_for_its_domain_and_those_below_and_not_for_one_that_ends_like_it():
    signing = DkimKeySettings(selector="a", domain="example.org").signing
    assert signing("example.org") == signing("mail.example.org") == "example.org"
    assert signing("notexample.org") is signing("org") is None


def test_a_newsletter_that_no_key_signs_for_is_told(written):
    newsletters = (
        '[[newsletters]]\nname = "a"\n\n[[newsletters]]\nname = "b"\nfrom = "b@x.example"\n'
    )
    (line,) = told(
        written, key('key_file = "e.pem"\ndomain = "example.org"\n') + newsletters, e=pem("ed25519")
    )

    assert (
        'newsletters.b.from = "b@x.example" — no key of [[mail.dkim]] signs for x.example' in line
    )


def test_a_key_above_and_one_for_each_cover_all(written):
    newsletters = '[[newsletters]]\nname = "b"\nfrom = "b@x.example"\n'
    written(key('key_file = "e.pem"\n') + newsletters, e=pem("ed25519"))


def test_one_bracket_is_told(written):
    (line,) = told(written, '\n[mail.dkim]\nselector = "x"\n')

    assert "expected [[mail.dkim]], in two brackets" in line
