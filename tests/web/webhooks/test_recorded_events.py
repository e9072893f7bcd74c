"""True calls of mail providers: each is recorded once, about the right message or reader."""

import json

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.model.deliveries import DeliveryState
from syndicate.web.app import application
from syndicate.web.webhooks import MAX_BODY
from tests.feedback.providers.provider_calls import KINDS, bounced, delivered, signed, sns_call
from tests.web.asgi_client import Client
from tests.web.webhooks.hook_site import HookSite, hook_tables

pytestmark = pytest.mark.neighbours

REPLAYED = dict.fromkeys(KINDS, 409) | {
    "mailgun": 406,
    "postmark": 403,
    "sendgrid": 200,
    "standard": 200,
}
"""The status at which each provider stops calling: for the last two no refusal is one."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_call_is_recorded_and_its_replay_changes_nothing(site, kind):
    site = site(kind)
    (about,) = site.send()
    call = site.bounce(kind, about)

    first, second = site.post(kind, call), site.post(kind, call)

    assert (first.status_code, second.status_code) == (200, REPLAYED[kind])
    assert (first.text, second.text) == ("1 recorded\n", "All of this was recorded before.\n")
    assert site.feedback() == {"hard bounce": 1}
    assert site.suppressed() == "hard bounce"
    assert site.counts(kind) == {"recorded": 1, "replayed": 1}


@pytest.mark.parametrize("kind", ["postmark", "ses", "sendgrid"])
def test_a_message_is_found_by_the_providers_id_in_its_reply(site, kind):
    site = site(kind)
    (about,) = site.send()
    event = bounced(kind, about)
    event.pop("smtp-id", None)
    event.get("mail", {}).pop("headers", None)

    assert site.post(kind, signed(kind, event, at=clock.now())).status_code == 200

    assert site.feedback() == {"hard bounce": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_alone_changes_nothing_and_is_kept_for_a_person_with_its_evidence(site, kind):
    site = site(kind)
    (about,) = site.send(reply="2.0.0 Ok")
    event = json.loads(json.dumps(bounced(kind, about)).replace(about.message_id.strip("<>"), "x"))
    call = signed(kind, event, at=clock.now())

    assert site.post(kind, call).text == "1 undecided\n"
    site.post(kind, call)

    assert site.feedback() == {}
    assert site.suppressed() is None
    assert site.counts(kind) == {"undecided": 1, "replayed": 1}
    (held,) = site.newsroom.held()
    assert (held.source, held.recipient) == (f"hook {kind}", about.recipient)
    assert held.reason.endswith("550 5.1.1 no such user")
    assert json.loads(held.raw)["event"] == event, "as it came, and no proof that others could use"


@pytest.mark.parametrize("kind", KINDS)
def test_delivered_settles_what_was_unknown(site, kind):
    site = site(kind)
    reply = f"no answer; {site.newsroom.config.url}"
    (about,) = site.send(state=DeliveryState.UNKNOWN, reply=f"{reply} 0102018f3c2a7b1e-5d2c")
    edition, reader = map(int, about.id.removeprefix("event ").split("-"))

    call = signed(kind, delivered(kind, about), at=clock.now())

    assert site.post(kind, call).status_code == 200
    assert site.newsroom.state(edition, reader) == "accepted"
    assert site.feedback() == {"delivered": 1}


def test_a_complaint_ends_the_subscription_and_an_event_of_no_consequence_is_counted(site):
    site = site("sendgrid")
    (about,) = site.send()
    complaint = bounced("sendgrid", about) | {"event": "spamreport"}
    opened = complaint | {"event": "open", "sg_event_id": "opened-1"}

    answer = site.post("sendgrid", signed("sendgrid", [opened, complaint], at=clock.now()))

    assert (answer.status_code, answer.text) == (200, "1 ignored, 1 recorded\n")
    assert site.newsroom.newsletters("anna@example.net") == {"breaking": "left"}
    assert site.suppressed() == "complaint"
    assert site.counts("sendgrid") == {"ignored": 1, "recorded": 1}


def test_two_accounts_of_one_provider_have_two_hooks(site, monkeypatch):
    other = {"name": "brevo-alerts", "kind": "brevo", "secret_env": "OTHER"}
    monkeypatch.setenv("OTHER", "another secret")
    site = site(hooks=[*hook_tables("brevo"), other])
    (about,) = site.send()
    call = site.bounce("brevo", about)

    assert site.post("brevo-alerts", call).status_code == 401
    assert site.post("brevo-alerts", call.changed(query="token=another secret")).status_code == 200
    assert site.counts("brevo-alerts")["recorded"] == 1


def test_a_thousand_events_of_a_batch_are_recorded_and_its_retry_is_a_replay(site):
    site = site("sendgrid")
    messages = site.send_many(1000)
    call = signed("sendgrid", [delivered("sendgrid", m) for m in messages], at=clock.now())
    assert 200_000 < len(call.body) < MAX_BODY

    assert site.post("sendgrid", call).status_code == 200
    assert site.feedback() == {"delivered": 1000}
    assert site.post("sendgrid", call).text == "All of this was recorded before.\n"
    assert site.counts("sendgrid")["recorded"] == 1000


def test_a_topics_subscription_is_confirmed(site, amazon):
    site = site("ses")

    answer = site.post("ses", sns_call("SubscriptionConfirmation", "You have", at=clock.now()))

    assert answer.status_code == 200
    assert [url.partition("?")[2] for url in amazon.asked] == ["", "Action=Confirm"]


def test_neither_log_has_a_secret_or_an_address(sqlite_store, publication, tmp_path):
    config = publication(
        hooks=hook_tables("brevo"), web={"access_log": str(tmp_path / "access.log")}
    )
    app, site = application(sqlite_store, config), HookSite(sqlite_store, config)
    client = Client(app)
    (about,) = site.send()
    body = site.bounce("brevo", about).body

    with capture_logs() as logs:
        for path in ("brevo?token=umbrella-7", "brevo?token=umbrella-8", "umbrella-7"):
            client.request("POST", f"/hooks/{path}", content=body)
    app.close()

    written = [json.loads(line) for line in (tmp_path / "access.log").read_text().splitlines()]
    assert [line["path"] for line in written] == ["/hooks/…"] * 3
    text = json.dumps([written, *map(repr, logs)])
    assert "umbrella" not in text
    assert "anna" not in text
    assert "hard bounce of edition" in text


def test_the_figures_have_each_hook_and_result(site):
    site = site("brevo", "mailgun", web={"monitors": ["127.0.0.1/32"]})
    (about,) = site.send()
    call = site.bounce("brevo", about)
    for query in (call.query, call.query, "token=guess"):
        site.post("brevo", call.changed(query=query))
    site.post("nothing", call)

    figures = site.client.get("/metrics").text

    for hook, result in (("brevo", "accepted"), ("brevo", "replayed"), ("brevo", "forged")):
        assert f'syndicate_webhook_calls_total{{hook="{hook}",result="{result}"}} 1.0' in figures
    assert 'syndicate_webhook_calls_total{hook="",result="unknown"} 1.0' in figures


def test_no_published_file_takes_the_place_of_a_hook(site, tmp_path):
    site = site("brevo")
    folder = tmp_path / "feeds/hooks"
    folder.mkdir(parents=True)
    (folder / "brevo").write_text("a file")
    (about,) = site.send()

    assert site.post("brevo", site.bounce("brevo", about)).status_code == 200
    assert site.client.get("/hooks/brevo").status_code == 405
