"""Mail and the mirror in config.toml: who it is from, and where it may go."""

import pytest

from syndicate.config import load
from tests.config.loading.configurations import LIVE, PUBLICATION, mistakes, write


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "mail.localhost"])
def test_mail_by_this_machine_needs_a_url_which_may_lead_here(folder, host):
    mail = f'[mail]\ntransport = "smtp"\nhost = "{host}"\n'

    (missing,) = mistakes(folder, PUBLICATION + mail)

    assert missing.startswith(
        f"config.toml:1: publication.url — missing, and mail goes out by {host}"
    )
    assert "the links in mail begin with it; set the public address" in missing
    assert 'or for a catcher of test mail "http://127.0.0.1:8000"' in missing
    load(write(folder, f'{PUBLICATION}url = "http://127.0.0.1:8000"\n{mail}'))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://localhost", "http://[::1]/"])
@pytest.mark.parametrize("table", ["publication", "web"])
def test_mail_to_the_outside_has_no_links_that_lead_here(folder, url, table):
    mail = '[mail]\ntransport = "smtp"\nhost = "mail.example.org"\n'
    text = LIVE.replace("https://news.example.org", url) if table == "publication" else LIVE
    text += f'[web]\nurl = "{url}"\n' if table == "web" else ""

    (told,) = mistakes(folder, text + mail)

    assert f'{table}.url = "{url}" — leads to this machine' in told


def test_mail_to_the_outside_needs_the_url_and_the_postal_address(folder):
    text = f'{PUBLICATION}[mail]\ntransport = "smtp"\nhost = "mail.example.org"\n'

    told = mistakes(folder, text)

    assert [line.split(",")[0] for line in told] == [
        "config.toml:1: publication.url — missing",
        "config.toml:1: publication.postal_address — missing",
    ]
    load(write(folder, text.replace(PUBLICATION, LIVE)))
    load(write(folder, text.replace('"smtp"', '"outbox"')))


@pytest.mark.parametrize("host", ["smtp.example.org", "localhost", "10.0.0.1", "::1", "relay-1"])
def test_a_mail_server_is_a_host(folder, host):
    assert load(write(folder, f'{PUBLICATION}[mail]\nhost = "{host}"\n')).mail.host == host


@pytest.mark.parametrize("host", ["smtp.example.org:587", "smtp://smtp.example.org", "a b", ""])
def test_a_mail_server_with_more_than_its_host_is_refused(folder, host):
    (mistake,) = mistakes(folder, f'{PUBLICATION}[mail]\nhost = "{host}"\n')
    assert 'expected a mail server such as "smtp.example.org"' in mistake


@pytest.mark.parametrize(
    "sender",
    [
        "a@b.org",
        "News <news@localhost>",
        "news@example.test",
        "Größe <news@mail.local>",
        '"A, B" <a@b.org>',
    ],
)
def test_a_sender_may_be_on_a_machine_without_a_public_name(folder, sender):
    config = load(write(folder, f"{PUBLICATION}[mail]\nfrom = '{sender}'\n"))

    assert config.mail.sender.address in sender


@pytest.mark.parametrize(
    "sender",
    [
        "News",
        "a@",
        "@b.org",
        "a@b..org",
        "a b@c.org",
        "a@b.org\\r\\nBcc: c@d.org",
        "A\\n <a@b.org>",
    ],
)
def test_what_is_no_sender_is_refused(folder, sender):
    (told,) = mistakes(folder, f'{PUBLICATION}[mail]\nfrom = "{sender}"\n')

    assert told.endswith('— expected "Name <name@example.org>"')


@pytest.mark.parametrize(
    "url", ["s3://morning-post", "s3://morning-post/www/", "file:///srv/www", "sftp://me@host/www"]
)
def test_a_mirror_is_an_address_of_storage(folder, url):
    config = load(write(folder, f'{PUBLICATION}[publish]\nmirror = "{url}"\n'))
    assert config.publish.mirror == url
    assert config.publish.mirror_options == {}


@pytest.mark.parametrize(
    "url", ["morning-post", "/srv/www", "s3://", "https://cdn.example", "sftp://me:hush@host/www"]
)
def test_what_nothing_can_be_mirrored_to_is_refused(folder, url):
    [mistake] = mistakes(folder, f'{PUBLICATION}[publish]\nmirror = "{url}"\n')
    assert mistake.startswith("config.toml:5: publish.mirror = ")
    assert 'expected storage such as "s3://bucket/folder", without a password' in mistake
    assert "hush" not in mistake


@pytest.mark.parametrize(
    "options",
    [
        'mirror_options = { key = "hush" }',
        'mirror_options = { client_kwargs = { aws_secret_access_key = "hush" } }',
        '[publish.mirror_options]\nkey = "hush"',
        '[publish.mirror_options.client_kwargs]\naws_access_key_id = "hush"',
    ],
)
def test_secrets_of_a_mirror_stand_in_the_environment(folder, options):
    [mistake] = mistakes(folder, f"{PUBLICATION}[publish]\n{options}\n")
    assert "secrets come from the environment, such as AWS_SECRET_ACCESS_KEY" in mistake
    assert "hush" not in mistake


def test_a_mirror_is_told_what_it_has_to_know(folder):
    options = 'endpoint_url = "https://s3.example.org"\nclient_kwargs = { region_name = "eu-1" }'
    config = load(write(folder, f"{PUBLICATION}[publish.mirror_options]\n{options}\n"))
    assert config.publish.mirror_options == {
        "endpoint_url": "https://s3.example.org",
        "client_kwargs": {"region_name": "eu-1"},
    }


def test_senders_of_their_own_are_not_refused_where_there_are_none(folder):
    relays = '[[mail.relays]]\nname = "a"\nhost = "localhost"\nverp = false\n'
    mail = '[mail]\ntransport = "smtp"\nverp = false\n'

    told = mistakes(folder, LIVE + mail + relays)

    assert told == [
        "config.toml:8: mail.verp = false — has no effect without bounces.address",
        "config.toml:12: mail.relays.a.verp = false — has no effect without bounces.address",
    ]
    load(write(folder, f'{LIVE}{mail}{relays}[bounces]\naddress = "b@news.example.org"\n'))
