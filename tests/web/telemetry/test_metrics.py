"""Figures over real HTTP: what is counted, and how."""

import re
import socket
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from syndicate import __version__, clock
from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.store.database.schema import editions
from syndicate.store.ledger.mail_flow import SendRate
from syndicate.web.app import application
from syndicate.web.telemetry.counters import REPORT_LIFETIME, KindCounters, RequestCounters
from tests import ROOT
from tests.causes import by_test
from tests.feedback_records import accept_all, report
from tests.store.ledger.test_deliveries import edition, readers
from tests.web.asgi_client import Client
from tests.web.known_reader import TABLES
from tests.web.telemetry.figures import FEEDLY, NOW, RSS, metrics, publish

pytestmark = pytest.mark.neighbours


def test_every_request_is_counted_by_kind_status_and_coding(web, tmp_path):
    client = web()
    publish(tmp_path, articles__a__index_html=b"<p>tram")
    began = time.monotonic()
    plain = client.get("/rss.xml", headers={"accept-encoding": "identity"})
    packed = client.get("/rss.xml", headers={"accept-encoding": "gzip"})
    client.get("/rss.xml", headers={"if-none-match": plain.headers["etag"]})
    client.head("/rss.xml", headers={"accept-encoding": "identity"})
    client.get("/articles/a/")
    client.get("/nowhere/")
    asked = client.post("/signup", data={"email": "anna@example.org"})
    seen = metrics(client)
    assert seen("syndicate_response_bytes_total", "acting") == len(asked.content)
    client.head("/newsletters/")
    again = metrics(client)
    assert again("syndicate_response_bytes_total", "acting") == len(asked.content), "no body"
    assert seen("syndicate_requests_total", "feed", "200", "identity") == 2
    assert seen("syndicate_requests_total", "feed", "200", "gzip") == 1
    assert seen("syndicate_requests_total", "feed", "304", "identity") == 1
    assert seen("syndicate_requests_total", "page", "200", "identity") == 1
    assert seen("syndicate_requests_total", "page", "404", "identity") == 1
    acting = frozenset({"syndicate_requests_total", "acting"})
    assert sum(count for key, count in seen.items() if acting < key) == 1
    sent = len(RSS) + int(packed.headers["content-length"])
    assert seen("syndicate_response_bytes_total", "feed") == sent
    assert seen("syndicate_request_duration_seconds_count", "feed") == 4
    assert seen("syndicate_request_duration_seconds_bucket", "feed", "+Inf") == 4
    took = time.monotonic() - began
    assert 0 < seen("syndicate_request_duration_seconds_sum", "feed") < took


def test_polls_are_counted_by_reader_and_outcome(web, tmp_path):
    client = web()
    publish(tmp_path)
    tag = client.get("/rss.xml", headers=FEEDLY).headers["etag"]
    client.get("/rss.xml", headers={**FEEDLY, "if-none-match": tag})
    client.get("/gone/rss.xml", headers={"user-agent": "newsboat/2.36.0"})
    seen = metrics(client)
    assert seen("syndicate_feed_polls_total", "Feedly", "full") == 1
    assert seen("syndicate_feed_polls_total", "Feedly", "unmodified") == 1
    assert seen("syndicate_feed_polls_total", "Newsboat", "other") == 1


def test_what_services_say_of_their_subscribers_is_kept_by_feed(web, tmp_path):
    client = web()
    publish(tmp_path, feeds__city__rss_xml=RSS)
    client.get("/rss.xml", headers=FEEDLY)
    client.get("/rss.xml", headers={"user-agent": FEEDLY["user-agent"].replace("16", "17")})
    client.get("/feeds/city/rss.xml", headers={"user-agent": "Feedbin feed-id:7 - 12 subscribers"})
    client.get("/invented/rss.xml", headers=FEEDLY)
    client.get("/feeds/private/secret/rss.xml", headers=FEEDLY)
    name = "syndicate_feed_subscribers_reported"
    reported = {key - {name}: count for key, count in metrics(client).items() if name in key}
    assert reported == {
        frozenset({"Feedly", "/rss.xml"}): 17,
        frozenset({"Feedbin", "/feeds/city/rss.xml"}): 12,
    }


def test_it_is_told_how_mail_leaves_and_who_is_held(web, sqlite_store):
    client = web()
    metrics(client)
    pace = SendRate(
        owner="host/1:7:1:a",
        relay="outbox",
        at=clock.now(),
        sessions=4,
        accepted=90,
        deferred=0,
        failed=0,
        per_second=12.5,
        note="",
    )
    with sqlite_store.write() as tx:
        tx.heartbeats.save_rate(pace)
        tx.holds.extend("domain:gmail.com", reason="421 4.7.28 too fast", at=clock.now())
    seen = metrics(client)
    assert seen("syndicate_relay_sessions", "outbox") == 4
    assert seen("syndicate_relay_messages_per_second", "outbox") == 12.5
    assert seen("syndicate_relay_held", "outbox") == 0
    assert seen("syndicate_domains_held") == 1
    with sqlite_store.write() as tx:
        tx.holds.extend("relay:outbox", reason="454 throttled", at=clock.now())
    assert metrics(client)("syndicate_relay_held", "outbox") == 1


def test_what_came_back_is_told_by_newsletter_kind_and_few_domains(web, sqlite_store):
    client = web()
    with sqlite_store.write() as tx:
        readers(tx, 12)
        key = edition(tx)
        accept_all(tx, key, clock.now())
        tx._connection.execute(update(editions).values(created_at=NOW))
        for reader in range(1, 13):
            bounce = report(
                key, reader, FeedbackKind.HARD_BOUNCE, at=clock.now(), domain=f"d{reader}.example"
            )
            tx.feedback.add(bounce)
        tx.feedback.add(report(key, 1, FeedbackKind.COMPLAINT, at=clock.now()))
        tx.subscribers.suppress("r1@example.org", "gone", cause=by_test(NOW))
        tx.held_reports.count_report("hook ses", "forged", NOW)
    seen = metrics(client)
    assert seen("syndicate_feedback", "news", "hard_bounce") == 12
    assert seen("syndicate_feedback_recent", "other", "hard_bounce") == 2, "ten are named"
    assert sum("syndicate_feedback_recent" in key for key in seen) == 12
    assert seen("syndicate_complaint_share", "news") == 1 / 12
    assert seen("syndicate_suppressions", "operator") == 1
    assert seen("syndicate_suppressions", "complaint") == 0
    assert seen("syndicate_reports_total", "hook ses", "forged") == 1
    assert seen("syndicate_held_reports") == 0


def test_reports_are_forgotten_after_three_days_and_never_more_than_a_thousand():
    counts = RequestCounters()
    counts.set_subscribers("Feedly", "/rss.xml", 5, at=0)
    assert counts.subscribers(at=REPORT_LIFETIME) == {("Feedly", "/rss.xml"): 5}
    assert counts.subscribers(at=REPORT_LIFETIME + 1) == {}
    for number in range(3000):
        counts.set_subscribers("Feedly", f"/{number}/rss.xml", number, at=1)
    assert len(counts.subscribers(at=2)) == 1000
    assert ("Feedly", "/2999/rss.xml") in counts.subscribers(at=2)


def test_whatever_clients_send_the_figures_stay_few_and_well_formed(web, tmp_path):
    client = web()
    publish(tmp_path)
    client.get("/rss.xml", headers=FEEDLY)
    client.get("/metrics")
    before = len(metrics(client))
    for number in range(100):
        agent = f'Evil{number}"}} 1 \\ ({number} subscribers)'
        client.get("/rss.xml", headers={"user-agent": agent})
        client.get(f"/%0A{number}%22%7D 7/rss.xml", headers={**FEEDLY, "accept-encoding": agent})
        client.request("OPTIONS", f"/{number}", headers={"host": f"h{number}"})
    assert len(metrics(client)) < before + 20


def test_the_store_is_told_by_newsletter_and_state(web, sqlite_store, tmp_path):
    client = web(**TABLES)
    publish(tmp_path)
    with sqlite_store.write() as tx:
        for number in range(3):
            tx.subscribers.subscribe(f"r{number}@example.org", "culture", cause=by_test(NOW))
        person = tx.subscribers.by_email("r0@example.org")
        tx.subscribers.unsubscribe(person.key, "culture", cause=by_test(NOW))
    seen = metrics(client)
    assert seen("syndicate_store_readable") == 1
    assert seen("syndicate_subscriptions", "culture", "confirmed") == 2
    assert seen("syndicate_subscriptions", "culture", "left") == 1
    assert seen("syndicate_deliveries", "queued") == 0
    assert seen("syndicate_fires", "failed") == 0
    assert seen("syndicate_articles_public") == 0
    assert seen("syndicate_push_owed", "hubs", "failing") == 0
    assert seen("syndicate_hub_subscriptions") == 0
    assert seen("process_resident_memory_bytes") > 0
    assert seen("syndicate_build_info", __version__) == 1


def test_the_store_is_counted_once_for_many_who_ask(web, sqlite_store):
    client = web()
    metrics(client)
    with sqlite_store.write() as tx:
        tx.subscribers.subscribe("late@example.org", "breaking", cause=by_test(NOW))
    assert metrics(client)("syndicate_subscriptions", "breaking", "confirmed") == -1


def test_prometheus_gets_the_format_that_it_asks_for(web):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics

    client = web()
    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert plain.headers["cache-control"] == "no-store"
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    answer = client.get("/metrics", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert "syndicate_requests" in {one.name for one in open_metrics(answer.text)}


def test_the_page_about_figures_names_exactly_those_that_there_are(web, sqlite_store, tmp_path):
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    with sqlite_store.write() as tx:
        readers(tx, 1)
        accept_all(tx, edition(tx), NOW)
        tx._connection.execute(update(editions).values(created_at=NOW))
        tx.feedback.add(report(1, 1, FeedbackKind.COMPLAINT, at=NOW))
        refused = MatchedBy.HAND_OVER
        tx.feedback.add(report(1, 1, FeedbackKind.BLOCKED, at=NOW, matched_by=refused))
        tx.held_reports.count_report("imap", "feedback", NOW)
    hook = {"name": "post", "kind": "brevo", "secret_env": "HOOK_SECRET"}
    client = web(hooks=[hook])
    publish(tmp_path)
    client.get("/rss.xml", headers=FEEDLY)
    client.post("/hooks/nowhere")
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = {(one.type, sample.name) for one in families for sample in one.samples}
    names = {
        name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
        if kind == "histogram"
        else name
        for kind, name in samples
        if name.startswith("syndicate_")
    }
    assert set(re.findall(r"^\| `(syndicate_\w+)`", page, re.MULTILINE)) == names


def test_an_application_that_takes_another_ones_place_goes_on_counting(
    sqlite_store, publication, tmp_path
):
    publish(tmp_path)
    first = application(sqlite_store, publication())
    Client(first).get("/rss.xml")
    second = application(sqlite_store, publication(), counts=first.counts)
    Client(second).get("/rss.xml")
    assert second.counts.polls == {("python-httpx", "full"): 2}


def test_what_the_server_refuses_by_itself_is_counted_too(web):
    client = web()
    address = (client.base_url.host, client.base_url.port)
    for nonsense in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(address, timeout=60) as raw:
            raw.sendall(nonsense)
            assert raw.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert metrics(client)("syndicate_requests_total", "other", "400", "identity") == 2


def test_a_failure_is_the_servers_five_hundred():
    from syndicate.web.app import WebApplication
    from syndicate.web.telemetry.counters import RequestKind

    async def fails(scope, receive, send):
        raise ValueError("a bug")

    counts = RequestCounters()
    watched = Client(WebApplication(fails, fails, frozenset(), counts))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a bug"):
        watched.get("/")
    assert counts.by_kind[RequestKind.PAGE].responses == {(500, "identity"): 1}


def test_a_response_is_in_the_bucket_of_its_time_and_all_above():
    counters = KindCounters()
    for seconds in (0.0005, 0.001, 0.003, 9.0):
        counters.add(200, "identity", 10, seconds)
    buckets = dict(counters.buckets())
    assert [buckets[bound] for bound in ("0.001", "0.005", "2.5", "+Inf")] == [2, 3, 3, 4]
