"""`dkim-keygen` and `doctor`, as operators use them one after the other."""

import json
import re
import stat
import tomllib

import pytest
from dns.zone import from_text

from syndicate.config import load
from syndicate.deliver.doctor.dmarc import DmarcRecord
from syndicate.deliver.doctor.dns_records import SpfRecords
from syndicate.errors import CallFailed
from tests import ROOT
from tests.deliver.dkim_keys import records
from tests.deliver.dns_zone import Zone, served

FROM = "post.example"
PAGE = (ROOT / "docs/deliverability.md").read_text("utf-8")
PUBLIC = """\
[publication]
url = "https://www.post.example"
postal_address = "Morning Post, 1 Quay"
"""
LIVE = f"""\
[mail]
transport = "smtp"
host = "smtp.relay.example"
from = "Post <news@{FROM}>"
"""


@pytest.fixture
def post(operator):
    """A publication about to go live."""
    operator.configure("[mail]\n", LIVE)
    operator.configure("[publication]\n", PUBLIC)
    return operator


@pytest.fixture(name="zone")
def a_zone():
    zone = Zone()
    zone.put("smtp.relay.example", "A", "198.51.100.7")
    zone.put("mail.post.example", "A", "192.0.2.25")
    with served(zone) as port:
        zone.port = port
        yield zone


class Failing(Zone):
    """A zone whose server fails whatever it is asked."""

    def ask(self, name: str, kind: str) -> list[str]:
        raise CallFailed(f"{name} {kind}")


def ask(operator, zone, *more):
    return operator.run("doctor", "--nameserver", f"127.0.0.1:{zone.port}", *more)


def published(text: str) -> dict[tuple[str, str], str]:
    """Read records as a name server reads them from its zone file."""
    zone = from_text("$TTL 60\n" + text, origin=".", relativize=False, check_origin=False)
    return {
        (name.to_text(omit_final_dot=True), rdata.rdtype.name): value_of(rdata)
        for name, _, rdata in zone.iterate_rdatas()
    }


def value_of(rdata):
    if rdata.rdtype.name == "TXT":
        return b"".join(rdata.strings).decode()
    return rdata.to_text().removesuffix(".")


def split(out: str) -> tuple[str, str]:
    """The tables of the config, and the records, of what `dkim-keygen` prints."""
    lines = out.splitlines(keepends=True)
    return (
        "".join(line for line in lines if " IN TXT " not in line),
        "".join(line for line in lines if " IN TXT " in line),
    )


@pytest.mark.neighbours
def test_from_no_keys_to_a_clean_bill_of_health(post, zone):
    sick = ask(post, zone)
    assert sick.code == 1
    assert re.search(r"^missing +DKIM +post\.example", sick.out, re.MULTILINE)
    assert (
        "missing or not visible, but mailbox providers require it: SPF, DKIM, DMARC, MX" in sick.err
    )

    made = post.run("dkim-keygen")
    assert made.code == 0
    tables, entries = split(made.out)
    config = post.folder / "config.toml"
    config.write_text(config.read_text() + "\n" + tables)
    assert post.run("check").code == 0
    assert len(load(config).mail.dkim) == 2
    for (name, kind), value in published(entries).items():
        zone.put(name, kind, value)

    better = ask(post, zone)
    assert "DKIM" not in better.err
    for (name, kind), value in published(better.out.partition("to publish:\n")[2]).items():
        zone.put(name, kind, value)
    healthy = ask(post, zone, "--json")
    assert healthy.code == 0, healthy.out + healthy.err
    found = json.loads(healthy.out)
    left = [one["check"] for one in found if one["state"] != "ok"]
    assert left == ["TLS", "bounces", "mailto"], "not tried, and not set up"


def test_keys_are_for_their_owner_alone_and_stay_out_of_version_control(post):
    post.run("dkim-keygen")
    folder = post.folder / "dkim"
    files = sorted(folder.glob("*.pem"))

    assert [file.name for file in files] == ["syndicate-ed25519.pem", "syndicate-rsa.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"


def test_what_is_printed_is_what_the_keys_are(post):
    tables, zone = split(post.run("dkim-keygen").out)
    config = post.folder / "config.toml"
    config.write_text(config.read_text() + tables)

    assert published(zone) == {
        (name, "TXT"): record for name, record in records(load(config), FROM).items()
    }
    strings = re.findall(r'"([^"]*)"', zone)
    assert len(strings) == 3
    assert max(map(len, strings)) == 255


def test_a_key_is_never_overwritten(post):
    post.run("dkim-keygen")
    kept = {file: file.read_bytes() for file in (post.folder / "dkim").iterdir()}
    (post.folder / "dkim" / "syndicate-rsa.pem").unlink()

    again = post.run("dkim-keygen")
    assert again.code == 1
    assert "syndicate-ed25519.pem exists already; nothing was changed" in again.err
    assert not (post.folder / "dkim" / "syndicate-rsa.pem").exists()
    assert post.run("dkim-keygen", "--selector", "next").code == 0
    assert all(file.read_bytes() == kept[file] for file in kept if file.exists())


def test_where_and_for_whom_can_be_said_without_a_config(elsewhere):
    made = elsewhere().run("dkim-keygen", "--domain", "BÜCHER.example", "--out", "far/keys", "--selector", "n1")  # fmt: skip
    assert made.code == 0, made.err
    tables, zone = split(made.out)

    told = tomllib.loads(tables)["mail"]["dkim"]
    assert told == [
        {
            "selector": f"n1-{kind}",
            "domain": "xn--bcher-kva.example",
            "key_file": f"far/keys/n1-{kind}.pem",
        }
        for kind in ("rsa", "ed25519")
    ]
    assert {name for name, _ in published(zone)} == {
        f"n1-{kind}._domainkey.xn--bcher-kva.example" for kind in ("rsa", "ed25519")
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["dkim-keygen"], 2, "mail.from is at localhost; set it, or add --domain example.org"),
        (["dkim-keygen", "--domain", "a b"], 2, "--domain 'a b' — expected a domain such as"),
        (["dkim-keygen", "--domain", "x.org", "--selector", "../a"], 2, "--selector '../a-rsa' —"),
        (["dkim-keygen", "--domain", "x.org", "--out", "config.toml"], 1, "can't be written"),
        (["doctor", "--nameserver", "dns.example"], 2, "--nameserver 'dns.example' — expected an"),
        (["doctor", "--nameserver", "[::1]:x"], 2, "expected an address such as"),
        (["doctor", "--selector", "a b"], 2, "--selector 'a b' — expected letters"),
    ],
)
def test_a_mistake_is_told(operator, words, code, said):
    ran = operator.run(*words)

    assert (ran.code, said in ran.err) == (code, True), ran.err


@pytest.mark.neighbours
def test_a_server_that_does_not_answer_is_no_clean_bill(post):
    """It says so, which is as good as silence and sooner heard; that is told in test_doctor."""
    with served(Failing()) as port:
        ran = post.run("doctor", "--nameserver", f"127.0.0.1:{port}")

    assert ran.code == 1
    assert re.search(r"^unknown +SPF ", ran.out, re.MULTILINE)
    assert "DNS gave no answer for post.example TXT" in ran.out


# docs/deliverability.md


def blocks(language: str) -> list[str]:
    """The blocks of the page in a language; "": those in none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def test_the_tables_of_the_page_are_valid_ones(publication):
    seen = set()
    for block in blocks("toml"):
        tables = tomllib.loads(block)
        if "bounces" in tables:
            tables["bounces"] = {"address": "bounce@in.example.org", **tables["bounces"]}
        if "relays" in tables.get("mail", {}):
            tables["mail"]["transport"] = "smtp"
        publication(**tables)
        seen |= set(tables)
    assert seen == {"bounces", "hooks", "mail"}


def test_the_records_of_the_page_are_what_the_doctor_wants():
    lines = [line for block in blocks("") for line in block.splitlines() if " IN " in line]
    entries = [line for line in lines if "…" not in line]  # keys are too long for the page
    assert len(entries) >= 7
    for line in entries:
        for (name, kind), value in published(line).items():
            if name.startswith("_dmarc."):
                record = DmarcRecord.parse(name.removeprefix("_dmarc."), value)
                assert record is not None
                assert record.corrected() == value
            elif kind == "TXT":
                zone = Zone()
                zone.put(name, kind, value)
                zone.put("relay.example", "TXT", "v=spf1 -all")
                assert SpfRecords(zone).lookups(name) <= 1
