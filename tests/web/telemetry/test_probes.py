"""Probes over real HTTP: whether the process is well, and ready."""

import threading

import pytest

from syndicate.errors import StoreUnreachable
from syndicate.web.app import application
from tests.web.asgi_client import Client
from tests.web.telemetry.figures import metrics, publish

pytestmark = pytest.mark.neighbours


def test_the_process_is_well_while_its_store_can_be_read(web):
    answer = web().get("/healthz", headers={"host": "evil.example"})
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"


def test_it_is_ready_once_there_is_a_home_page_and_until_it_stops(
    sqlite_store, publication, tmp_path
):
    stopping = threading.Event()
    client = Client(application(sqlite_store, publication(), stopping=stopping.is_set))
    empty = client.get("/readyz")
    assert (empty.status_code, empty.text) == (503, "there is no home page yet\n")
    assert client.get("/healthz").status_code == 200
    publish(tmp_path)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.text) == (200, "ok\n")
    assert ready.headers["cache-control"] == "no-store"
    stopping.set()
    assert client.get("/readyz").text == "stopping\n"
    assert client.get("/healthz").status_code == 200, "it is well, and goes"


def test_what_ails_the_store_is_told_to_monitors_alone(web, sqlite_store, monkeypatch, tmp_path):
    client = web()
    publish(tmp_path)

    def broken():
        raise StoreUnreachable("postgresql://syndicate@db.internal/news: no route to host")

    monkeypatch.setattr(sqlite_store, "read", broken)
    for path in ("/healthz", "/readyz"):
        answer = client.get(path, headers={"host": "news.example.org"})
        assert (answer.status_code, answer.text) == (503, "the store can't be read\n")
        assert "db.internal" in client.get(path).text
    seen = metrics(client)
    assert seen("syndicate_store_readable") == 0
    assert seen("syndicate_articles_public") == -1
