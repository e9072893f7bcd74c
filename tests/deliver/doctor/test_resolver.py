"""DNS itself, asked by dnspython."""

import pytest

from syndicate.deliver.doctor.checkup import checkup
from syndicate.deliver.doctor.dns_records import Resolver, own_addresses
from syndicate.deliver.doctor.findings import FindingState
from syndicate.errors import CallFailed
from tests.deliver.dns_zone import BROKEN, served
from tests.deliver.doctor.findings import FROM


def test_no_answer_is_told_and_is_no_ok(ours, zone):
    zone.put(f"_dmarc.{FROM}", "TXT", *BROKEN)
    zone.put("smtp.relay.example", "A", *BROKEN)
    found = [one for one in checkup(ours, zone) if one.state is FindingState.UNKNOWN]

    assert [(one.check, one.fails) for one in found] == [
        ("TLS", False),
        ("DMARC", True),
        ("relay", True),
    ]


@pytest.mark.neighbours
def test_a_real_server_is_asked(ours, zone):
    zone.put("broken.example", "TXT", *BROKEN)
    zone.put("nowhere.example", "MX", "0 ")
    zone.put("evil.example", "TXT", r"v=spf1 \027[2J -all")
    with served(zone) as port:
        resolver = Resolver(("127.0.0.1",), port=port, timeout=60)
        for name, kind in list(zone.records):
            if name not in {"broken.example", "evil.example"}:
                assert sorted(resolver.ask(name, kind)) == sorted(zone.ask(name, kind)), name
        assert resolver.ask("evil.example", "TXT") == ["v=spf1 ?[2J -all"]
        assert resolver.ask("gone.example", "TXT") == []
        assert resolver.ask(FROM, "AAAA") == []
        with pytest.raises(CallFailed, match=r"no answer for broken\.example TXT"):
            resolver.ask("broken.example", "TXT")
        with pytest.raises(CallFailed, match=r"no answer for broken\.example"):
            resolver.exists("broken.example")
        exists = {
            name: resolver.exists(name) for name in (FROM, f"_domainkey.{FROM}", "gone.example")
        }
        assert exists == {FROM: True, f"_domainkey.{FROM}": True, "gone.example": False}
        assert not any(one.fails for one in checkup(ours, resolver))


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example"])
def test_what_can_be_no_name_is_told_as_no_answer(name):
    with pytest.raises(CallFailed):
        Resolver(("127.0.0.1",), port=9).ask(name, "TXT")


def test_a_server_that_is_silent_is_given_up():
    with pytest.raises(CallFailed, match="no answer"):
        Resolver(("127.0.0.1",), port=9, timeout=0.3).ask("post.example", "TXT")


@pytest.mark.neighbours
def test_a_server_that_is_silent_is_waited_for_shorter_until_it_answers(zone):
    zone.put("post.example", "TXT", "v=spf1 -all")
    silent = Resolver(("127.0.0.1",), port=9, timeout=4)
    silent._resolver.lifetime = 0.3  # as after some questions
    with pytest.raises(CallFailed):
        silent.ask("post.example", "TXT")
    assert silent._resolver.lifetime == 1, "not less"
    silent._resolver.lifetime = 60  # a loaded machine may take longer
    with served(zone) as port:
        silent._resolver.port = port
        assert silent.ask("post.example", "TXT") == ["v=spf1 -all"]
    assert silent._resolver.lifetime == 4


def test_our_own_addresses_are_public_ones():
    assert isinstance(own_addresses(), list)
