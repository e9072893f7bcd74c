"""What the doctor finds about the way that bounces, complaints and mailto: unsubscribing take."""

import pytest

from syndicate.config.sections.feedback import BounceSettings, HookSettings, ImapSettings
from syndicate.deliver.doctor.checkup import checkup
from syndicate.deliver.doctor.findings import DnsRecord, FindingState
from tests.deliver.dns_zone import BROKEN
from tests.deliver.doctor.findings import FROM, HERE, RELAY, findings, only

OK, MISSING, WRONG, UNKNOWN = FindingState
IN = f"in.{FROM}"
MAILBOX = ImapSettings(host="imap.post.example", username="bounce", password_file="imap-password")


@pytest.fixture
def returning(ours, tmp_path):
    """A publication whose bounces come back to a subdomain, by the ways that are given."""
    (tmp_path / "imap-password").touch(0o600)

    def make(address=f"bounce@{IN}", **ways):
        return ours.override(bounces=BounceSettings(address=address, **(ways or {"pipe": True})))

    return make


@pytest.fixture(autouse=True)
def _bounce_domain(zone):
    zone.put(IN, "MX", "10 mx.post.example")
    zone.put(IN, "TXT", "v=spf1 include:relay.example -all")


def at(found, where):
    (one,) = [one for one in found if one.where == where]
    return one


# the domain


def test_a_bounce_domain_with_mx_spf_and_a_way_in_is_well(returning, zone):
    found = list(checkup(returning(), zone))

    assert {(one.check, one.where) for one in found if one.where == IN} == {
        ("SPF", IN),
        ("MX", IN),
        ("DMARC", IN),
    }
    assert [one.check for one in found if one.state is not OK] == ["TLS"], "not tried"
    assert at(findings(returning(), zone, "MX"), IN).said == "bounces go to mx.post.example"
    assert at(findings(returning(), zone, "MX"), FROM).said == "replies go to mx.post.example"


def test_a_bounce_domain_without_mx_spf_or_address_is_refused(returning, zone):
    del zone.records[IN, "MX"], zone.records[IN, "TXT"]
    spf, mx = (at(findings(returning(), zone, check), IN) for check in ("SPF", "MX"))

    assert (spf.state, spf.fails) == (mx.state, mx.fails) == (MISSING, True)
    assert mx.publish == DnsRecord(IN, "MX", "10 mail.in.post.example")
    zone.put(IN, "A", HERE)
    assert at(findings(returning(), zone, "MX"), IN).state is OK, "as RFC 5321, 5.1 says"


def test_a_bounce_domain_that_takes_no_mail_is_wrong(returning, zone):
    zone.put(IN, "MX", "0 ")
    found = at(findings(returning(), zone, "MX"), IN)

    assert (found.state, found.fails) == (WRONG, True)
    assert "bounces go nowhere" in found.said


def test_spf_of_the_bounce_domain_is_what_counts(returning, zone):
    zone.put(FROM, "TXT", "v=spf1 -all")
    found = findings(returning(), zone, "SPF")
    assert [(one.where, one.state) for one in found] == [
        (FROM, OK),
        (IN, OK),
        ("smtp.relay.example", OK),
    ]
    assert "in.post.example permits it" in found[2].said

    del zone.records[FROM, "TXT"]
    assert at(findings(returning(), zone, "SPF"), FROM).state is MISSING
    assert not at(findings(returning(), zone, "SPF"), FROM).fails
    zone.put(IN, "TXT", "v=spf1 +all")
    assert at(findings(returning(), zone, "SPF"), IN).fails


def test_our_own_host_has_to_be_permitted_by_the_bounce_domain(returning, zone):
    zone.put("smtp.relay.example", "A", HERE)
    zone.put("smtp.relay.example", "AAAA")
    found = at(findings(returning(), zone, "SPF", own=[HERE]), "smtp.relay.example")

    assert (found.state, found.fails) == (WRONG, True)
    assert found.publish.name == IN


def test_a_relay_that_takes_no_tokens_is_permitted_by_from_the_others_by_the_bounce_domain(
    config, zone
):
    relays = [
        {"name": "good", "host": "smtp.relay.example"},
        {"name": "ses", "host": "ses.example", "verp": False},
    ]
    zone.put("ses.example", "A", "198.51.100.8")
    given = config("ed25519", mail={"transport": "smtp", "relays": relays}).override(
        bounces=BounceSettings(address=f"bounce@{IN}", pipe=True)
    )
    spf = findings(given, zone, "SPF")

    assert at(spf, "smtp.relay.example").said == "in.post.example permits it"
    assert at(spf, "ses.example").said == "post.example permits it"
    del zone.records[FROM, "TXT"]
    assert at(findings(given, zone, "SPF")[:2], FROM).fails, "receivers check it as well"


def test_mail_to_unsubscribe_has_to_arrive_where_no_relay_takes_tokens(config, zone):
    given = config("ed25519", mail={**RELAY, "verp": False}).override(
        bounces=BounceSettings(address=f"bounce@{IN}", pipe=True)
    )
    zone.put(IN, "MX", "0 ")

    found = list(checkup(given, zone))
    assert [one.check for one in found if one.where == IN] == ["MX"]
    assert at(findings(given, zone, "SPF"), FROM).demanded


def test_the_senders_own_domain_is_checked_once(returning, zone):
    found = list(checkup(returning(address=f"bounce@{FROM}"), zone))

    assert [one.check for one in found if one.where == FROM] == ["SPF", "DMARC", "MX"]
    assert at([one for one in found if one.check == "MX"], FROM).said.startswith(
        "replies and bounces go to"
    )


def test_no_answer_about_the_bounce_domain_is_no_ok(returning, zone):
    zone.put(IN, "MX", *BROKEN)

    assert at(findings(returning(), zone, "MX"), IN).state is UNKNOWN


def test_a_bounce_address_on_this_machine_gets_no_bounces(returning, zone):
    found = at(findings(returning(address="bounce@localhost"), zone, "bounces"), "localhost")

    assert (found.state, found.fails) == (WRONG, True)


# the way in


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        ({"pipe": True}, "come in by `syndicate bounce`"),
        ({"imap": MAILBOX}, "come in by IMAP at imap.post.example"),
        ({"imap": MAILBOX, "pipe": True}, "by IMAP at imap.post.example and `syndicate bounce`"),
    ],
)
def test_the_ways_in_are_named(returning, zone, ways, said):
    assert only(returning(**ways), zone, "bounces").state is OK
    assert said in only(returning(**ways), zone, "bounces").said
    assert only(returning(**ways), zone, "mailto").state is OK


def test_an_address_that_nobody_reads_is_wrong_and_no_address_a_pity(returning, ours, zone):
    unread = returning(pipe=False)
    found = only(unread, zone, "bounces")
    assert (found.state, found.fails) == (WRONG, False)
    assert "bounces arrive at an address that nobody reads" in found.said
    assert only(unread, zone, "mailto").state is MISSING

    found = only(ours, zone, "bounces")
    assert (found.state, found.fails) == (MISSING, False)


def test_a_maildir_that_is_none_is_wrong(returning, zone, tmp_path):
    given = returning(maildir=tmp_path / "bounces")
    assert "there is no folder" in only(given, zone, "Maildir").said
    (tmp_path / "bounces/new").mkdir(parents=True)
    found = only(given, zone, "Maildir")
    assert (found.state, found.fails) == (WRONG, False)
    assert "has no cur and tmp" in found.said
    for name in ("cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir()
    assert findings(given, zone, "Maildir") == []


def test_a_mailbox_that_is_not_protected_is_reported(returning, zone):
    for change, where in (({"security": "none"}, "security"), ({"verify": False}, "verify")):
        given = returning(imap=MAILBOX.model_copy(update=change))
        found = only(given, zone, "mailbox")
        assert (found.where, found.state) == (f"bounces.imap.{where}", WRONG)
        local = returning(imap=MAILBOX.model_copy(update={**change, "host": "localhost"}))
        assert findings(local, zone, "mailbox") == []
    assert findings(returning(imap=MAILBOX), zone, "mailbox") == []


def test_secrets_of_the_ways_in_are_to_be_readable_by_us_alone(returning, zone, tmp_path):
    hook = HookSettings(name="brevo", kind="brevo", secret_file="hook-secret")
    given = returning(imap=MAILBOX).override(hooks=(hook,))
    missing = findings(given, zone, "secret")
    where = ["bounces.imap.password_file", "hooks.brevo.secret_file"]
    assert [(one.where, one.state, one.fails) for one in missing] == [
        (name, MISSING, False) for name in where
    ]

    for name in ("imap-password", "hook-secret"):
        (tmp_path / name).write_text("s3cret")
        (tmp_path / name).chmod(0o644)
    assert [one.said for one in findings(given, zone, "password")] == [
        "every user of this machine can read it: chmod 600 imap-password"
    ]
    exposed = only(given, zone, "secret")
    assert (exposed.where, exposed.state) == ("hooks.brevo", WRONG)


def test_hooks_need_an_address_that_providers_can_call(ours, config, zone):
    hook = HookSettings(name="mine", kind="postmark", secret_env="HOOK")
    found = only(ours.override(hooks=(hook,)), zone, "hook")
    assert (found.where, found.state) == ("hooks.mine", OK)
    assert "postmark has to call https://www.post.example/hooks/mine" in found.said
    assert only(ours.override(hooks=(hook,)), zone, "bounces").state is OK

    for url in ("http://www.post.example", "https://localhost:8000"):
        found = only(config(url=url).override(hooks=(hook,)), zone, "hook")
        assert (found.state, found.fails) == (WRONG, False)
