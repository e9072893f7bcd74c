"""Mail servers, their limits and their warming up, as config.toml has them."""

from datetime import date, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from syndicate.config import load
from syndicate.config.loading.load import secret_warnings
from syndicate.config.sections.mail import RelaySettings, SmtpServer, sessions
from syndicate.config.values import Day, Rate, Throttle
from syndicate.errors import ConfigError, SecretUnreadable

PUBLICATION = """\
[publication]
id = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"
title = "Morning Post"
url = "https://news.example.org"
postal_address = "Here"
"""
TWO = """\
[mail]
transport = "smtp"
[[mail.relays]]
name = "one"
host = "smtp.one.example"
[[mail.relays]]
name = "two"
host = "smtp.two.example"
"""


@pytest.fixture
def mail(tmp_path):
    def make(text):
        return config(tmp_path, text).mail

    return make


@pytest.fixture
def mistakes(tmp_path):
    def told(text):
        with pytest.raises(ConfigError) as refusal:
            config(tmp_path, text)
        return str(refusal.value).splitlines()

    return told


def config(folder, text):
    path = folder / "config.toml"
    path.write_text(PUBLICATION + text, encoding="utf-8")
    return load(path)


def relay(name="one", **keys):
    return RelaySettings(name=name, host=f"smtp.{name}.example", **keys)


# rates and days


@pytest.mark.parametrize(
    ("text", "count", "per"),
    [
        ("100/s", 100, timedelta(seconds=1)),
        ("20/m", 20, timedelta(minutes=1)),
        ("5000/h", 5000, timedelta(hours=1)),
        ("50000/d", 50000, timedelta(days=1)),
    ],
)
def test_a_rate_is_read_and_written(text, count, per):
    read = TypeAdapter(Throttle).validate_python(text)

    assert read == Rate(count, per)
    assert str(read) == text
    assert TypeAdapter(Throttle).dump_python(read) == text


@pytest.mark.parametrize(
    "value",
    ["", "20", "0/s", "-1/s", "1.5/s", "20/w", "20/second", "1e3/s", "20 / s", "٣/s", 20, {}],
)
def test_what_is_no_rate_is_refused_with_an_example(value):
    with pytest.raises(ValidationError, match='expected a rate such as "20/s"'):
        TypeAdapter(Throttle).validate_python(value)


@pytest.mark.parametrize("value", ["2026-01-15", date(2026, 1, 15)])
def test_a_day_is_read_with_and_without_quotes(value):
    assert TypeAdapter(Day).validate_python(value) == date(2026, 1, 15)


@pytest.mark.parametrize(
    "written", ["2026-01-15T10:00:00Z", '"tomorrow"', "20260115", '"2026-02-30"']
)
def test_what_is_no_day_is_refused_with_an_example(mistakes, written):
    (told,) = mistakes(f"[mail]\nwarm_up = [1]\nwarm_up_from = {written}\n")

    assert told.startswith("config.toml:8: mail.warm_up_from = ")
    assert told.endswith("expected a day such as 2026-01-15")


# which servers there are


def test_mail_itself_is_a_server_named_by_its_host(mail):
    (only,) = mail("").servers
    assert (only.name, only.weight, only.address) == ("localhost", 1, "localhost:587")

    text = '[mail]\nhost = "smtp.example.org"\nsecurity = "tls"\nrate = "9/m"\nconnections = 7\n'
    (named,) = mail(text).servers
    assert (named.name, named.address) == ("smtp.example.org", "smtp.example.org:465")
    assert (named.rate, named.connections, named.verify) == (Rate.parse("9/m"), 7, True)


def test_several_relays_take_over_from_mail_what_they_do_not_say(mail):
    head = '[mail]\nconnections = 9\nmax_messages = 50\ntimeout = "7s"\nverify = false\n'
    own = 'connections = 4\nmax_messages = 100\ntimeout = "30s"\nverify = true\nport = 2525\n'
    one, two = mail(TWO.replace("[mail]\n", head) + own).servers

    def taken(each):
        return each.connections, each.max_messages, each.timeout, each.verify

    assert [one.name, two.name] == ["one", "two"]
    assert taken(one) == (9, 50, timedelta(seconds=7), False)
    assert taken(two) == (4, 100, timedelta(seconds=30), True)
    assert (one.address, two.address) == ("smtp.one.example:587", "smtp.two.example:2525")
    assert one.security == "starttls"


def test_each_server_has_its_own_password(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "from outside")
    (tmp_path / "secret").write_text("from a file\n", encoding="utf-8")
    login = 'username = "me"\npassword_env = "SECRET"\n[[mail.relays]]\nname = "two"'
    text = TWO.replace('[[mail.relays]]\nname = "two"', login)
    made = config(tmp_path, text + 'username = "we"\npassword_file = "secret"\n')

    assert [relay.password(made.root) for relay in made.mail.servers] == [
        "from outside",
        "from a file",
    ]
    (tmp_path / "secret").write_text("another")
    assert made.mail.servers[1].password(made.root) == "another"
    monkeypatch.delenv("SECRET")
    with pytest.raises(
        SecretUnreadable, match=r"smtp\.one\.example: the environment variable SECRET"
    ):
        made.mail.servers[0].password(made.root)


def test_a_password_that_is_missing_is_a_warning_with_its_line(tmp_path, monkeypatch):
    monkeypatch.delenv("NONE", raising=False)
    login = 'username = "me"\npassword_env = "NONE"\n[[mail.relays]]\nname = "two"'
    text = TWO.replace('[[mail.relays]]\nname = "two"', login)
    made = config(tmp_path, text + 'username = "me"\npassword_file = "gone"\n')

    first, second = secret_warnings(tmp_path / "config.toml", made)

    assert first.startswith('config.toml:12: mail.relays.one.password_env = "NONE" — ')
    assert second.startswith('config.toml:17: mail.relays.two.password_file = "gone" — ')


# what does not fit together

SINGLE = [
    ('host = "a.example"', "host"),
    ("port = 25", "port"),
    ('security = "none"', "security"),
    ('username = "me"', "username"),
    ('password_env = "X"', "password_env"),
    ('password_file = "x"', "password_file"),
    ('rate = "1/s"', "rate"),
    ("warm_up = [1]", "warm_up"),
    ("warm_up_from = 2026-01-15", "warm_up_from"),
]


@pytest.mark.parametrize(("line", "key"), SINGLE, ids=[key for _, key in SINGLE])
def test_the_keys_of_a_single_server_are_refused_beside_relays(mistakes, line, key):
    (told,) = mistakes(TWO.replace("[mail]\n", f"[mail]\n{line}\n"))

    assert told.startswith(f"config.toml:7: mail.{key} = ")
    assert "mail leaves by [[mail.relays]] alone; move it" in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TWO.replace('"two"', '"one"'), '12: mail.relays.one.name = "one" — there are two relays'),
        (TWO.replace('"two"', '"Two"'), '12: mail.relays.Two.name = "Two" — expected a name of'),
        (
            TWO.replace('name = "one"', 'name = "one"\nweight = 0') + "weight = 0\n",
            "10: mail.relays.one.weight = 0 — no relay has a weight of 1 or more",
        ),
        (f"{TWO}weight = -1\n", "14: mail.relays.two.weight = -1 — expected 0 or more"),
        (f"{TWO}weight = 1.5\n", "14: mail.relays.two.weight = 1.5 — expected a whole number"),
        (TWO.replace('host = "smtp.two.example"\n', ""), "11: mail.relays.two.host — missing"),
        (f'{TWO}rate = "5"\n', '14: mail.relays.two.rate = "5" — expected a rate such as'),
        (f"{TWO}warm_up = [0]\nwarm_up_from = 2026-01-15\n", "14: mail.relays.two.warm_up.#1 = 0"),
        (f"{TWO}warm_up = [1]\n", "14: mail.relays.two.warm_up = [1] — needs warm_up_from"),
        (
            f"{TWO}warm_up_from = 2026-01-15\n",
            "14: mail.relays.two.warm_up_from = 2026-01-15 — needs warm_up",
        ),
        ("[mail]\nwarm_up = [1]\n", "7: mail.warm_up = [1] — needs warm_up_from"),
        ("[mail]\nwarm_up = []\nwarm_up_from = 2026-01-15\n", "8: mail.warm_up_from"),
        (f'{TWO}username = "me"\n', '14: mail.relays.two.username = "me" — needs password_env'),
        (
            f'{TWO}password_env = "A"\npassword_file = "b"\n',
            '15: mail.relays.two.password_file = "b" — expected one of',
        ),
        (f"{TWO}connectoins = 3\n", "14: mail.relays.two.connectoins = 3 — there is no such key"),
        ("[mail.relays]\nname = 'x'\n", "6: mail.relays — expected [[mail.relays]], in two"),
        ('[mail]\nstop_timeout = "0s"\n', '7: mail.stop_timeout = "0s" — expected a duration'),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told_with_its_line(mistakes, text, expected):
    (told,) = mistakes(text)

    assert told.startswith(f"config.toml:{expected}"), told


def test_a_password_is_not_asked_for_before_mail_is_sent(mail):
    text = TWO.replace('"smtp"', '"outbox"')

    assert len(mail(f'{text}username = "me"\n').servers) == 2


@pytest.mark.parametrize("first", ["localhost", "smtp.one.example"])
def test_each_relay_decides_whether_mail_goes_outside(tmp_path, first):
    path = tmp_path / "config.toml"
    text = TWO.replace("smtp.one.example", first)
    path.write_text(PUBLICATION.replace('postal_address = "Here"\n', "") + text)
    with pytest.raises(ConfigError) as refusal:
        load(path)

    outside = "smtp.two.example" if first == "localhost" else first
    (told,) = str(refusal.value).splitlines()
    assert f"publication.postal_address — missing, and mail goes out by {outside}" in told


# limits


def test_the_domains_of_a_limit_are_known_in_ascii(mail):
    text = '[[mail.limits]]\ndomains = ["GMail.com", "bücher.example."]\nrate = "20/s"\n'
    (limit,) = mail(text).limits

    assert limit.domains == ("gmail.com", "xn--bcher-kva.example")
    assert limit.rate == Rate.parse("20/s")


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        (
            ('["a.example"]', '["b.example", "A.example"]'),
            '10: mail.limits.#2.domains.#2 = "A.example" — a.example has a limit already; remove one',
        ),
        (('["bücher.example", "xn--bcher-kva.example"]',), "7: mail.limits.#1.domains.#2 = "),
        (('["*.example"]',), '7: mail.limits.#1.domains.#1 = "*.example" — expected a domain such'),
        (('["a@b.example"]',), "7: mail.limits.#1.domains.#1"),
        (("[]",), "7: mail.limits.#1.domains = [] — expected 1 or more of them"),
        (('"a.example"',), '7: mail.limits.#1.domains = "a.example" — expected a list'),
    ],
)
def test_a_domain_has_one_limit_and_is_one(mistakes, domains, expected):
    text = "".join(f'[[mail.limits]]\ndomains = {each}\nrate = "1/s"\n' for each in domains)
    (told,) = mistakes(text)

    assert told.startswith(f"config.toml:{expected}"), told


# shares and warming up


def test_each_relay_has_the_sessions_that_its_weight_gives_it():
    even = [relay("one", connections=20), relay("two", connections=4)]
    assert sessions(even) == {"one": 20, "two": 4}

    uneven = [relay("one", connections=12, weight=3), relay("two", connections=12)]
    assert sessions(uneven) == {"one": 12, "two": 4}
    assert sessions([relay("one", weight=100), relay("two")]) == {"one": 4, "two": 1}


def test_what_is_left_takes_over_and_a_reserve_comes_last():
    one, two = relay("one", connections=12, weight=3), relay("two", connections=12)
    reserve = relay("reserve", connections=2, weight=0)

    assert sessions([one, two, reserve]) == {"one": 12, "two": 4}
    assert sessions([two, reserve]) == {"two": 12}
    assert sessions([reserve]) == {"reserve": 2}
    assert sessions([]) == {}


@pytest.mark.parametrize(
    ("day", "quota"),
    [
        (date(2025, 12, 1), 200),
        (date(2026, 1, 31), 200),
        (date(2026, 2, 1), 500),
        (date(2026, 2, 2), 1000),
        (date(2026, 2, 3), None),
        (date(2027, 1, 1), None),
    ],
)
def test_warming_up_takes_its_days_one_by_one(day, quota):
    server = SmtpServer(warm_up=(200, 500, 1000), warm_up_from=date(2026, 1, 31))

    assert server.warm_up_quota(day) == quota


def test_without_warming_up_there_is_no_quota():
    assert SmtpServer().warm_up_quota(date(2026, 1, 31)) is None


def test_a_stop_leaves_what_is_in_hand_eight_seconds(mail):
    assert mail("").stop_timeout == timedelta(seconds=8)
    assert mail('[mail]\nstop_timeout = "1m"\n').stop_timeout == timedelta(minutes=1)
