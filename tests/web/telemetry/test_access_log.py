"""The access log: whole lines of JSON, and nothing in them that tells of a person."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import datetime

import httpx
import pytest
import structlog

from syndicate import clock
from syndicate.errors import ConfigError
from syndicate.web.app import application
from syndicate.web.server.server import WebServer
from syndicate.web.telemetry.access_log import AccessLog, redact_path
from syndicate.web.telemetry.counters import RequestCounters, RequestKind
from tests.until import until
from tests.web.asgi_client import Client
from tests.web.known_reader import TABLES, path_of, subscribe_anna
from tests.web.telemetry.figures import FEEDLY, RSS, publish

FIELDS = [
    "time", "method", "path", "status", "bytes", "ms", "coding", "reader", "kind", "conditional",
]  # fmt: skip
LOGGED = {"web": {"access_log": "access.log"}}


def lines(folder, count=1):
    """Return what the log says, once it has so many lines."""
    file = folder / "access.log"
    until(lambda: file.read_bytes().count(b"\n") >= count)
    return [json.loads(line) for line in file.read_text("ascii").splitlines()]


def entry(path="/rss.xml", status=200):
    return clock.now(), "GET", path, status, 5, 0.0012, "gzip", "Feedly", RequestKind.FEED, False


@pytest.mark.neighbours
def test_an_answer_is_one_line_of_json(web, tmp_path):
    client = web(**LOGGED)
    publish(tmp_path)
    before = clock.now()
    answer = client.get("/rss.xml?who=anna", headers={**FEEDLY, "accept-encoding": "gzip"})
    client.get("/rss.xml", headers={"if-none-match": answer.headers["etag"]})
    first, second = lines(tmp_path, 2)
    assert list(first) == FIELDS
    assert first | {"time": "", "ms": 0} == {
        "time": "",
        "method": "GET",
        "path": "/rss.xml",
        "status": 200,
        "bytes": int(answer.headers["content-length"]),
        "ms": 0,
        "coding": "gzip",
        "reader": "Feedly",
        "kind": "feed",
        "conditional": False,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    said = datetime.fromisoformat(first["time"])
    assert abs((said - before).total_seconds()) < 60
    assert 0 < first["ms"] < 10_000
    assert (second["status"], second["conditional"], second["bytes"]) == (304, True, 0)


@pytest.mark.neighbours
def test_nothing_tells_of_a_person_whatever_is_asked_for(web, sqlite_store, publication, tmp_path):
    tables = TABLES | {"web": {"access_log": "access.log", "proxies": ["127.0.0.0/8"]}}
    client = web(**tables)
    publish(tmp_path)
    reader = subscribe_anna(client, sqlite_store, publication(**tables))
    links = reader.links
    addresses = [
        links.unsubscribe(reader.key, "breaking"),
        links.preferences(reader.key),
        links.view(1, reader.key),
        links.click(1, 1, reader.key),
        links.confirm(1, reader.key),
    ]
    paths = [path_of(one) for one in addresses]
    secrets = [path.rpartition("/")[2] for path in paths] + ["f00dcafe" * 4]
    paths += [f"/feeds/private/{secrets[-1]}/rss.xml"]
    mangled = [
        form.format(path=path, bare=path[1:])
        for path in paths
        for form in ("/{path}", "/news{path}", "{path}/rss.xml", "/x/{bare}.", "/%2F{bare}")
    ]
    mangled += [path.upper() for path in paths] + [f"/typo/{secret}" for secret in secrets]
    headers = {
        "x-forwarded-for": "203.0.113.77",
        "referer": "https://social.example/anna",
        "user-agent": "Annas-own-Reader/1 (anna@example.org)",
        "cookie": "session=anna",
    }
    methods = ("GET", "HEAD", "POST", "PUT")
    for path in paths:
        for method in methods:
            client.request(method, f"{path}?email=anna@example.org", headers=headers)
    for path in mangled:
        client.get(path, headers=headers)
    client.post("/signup", data={"email": "anna@example.org"}, headers=headers)
    client.get("/signup/anna@example.org", headers=headers)
    client.get("/anna@example.org/", headers=headers)
    count = len(paths) * len(methods) + len(mangled) + 3
    assert len(lines(tmp_path, count)) == count
    text = (tmp_path / "access.log").read_text().lower()
    for secret in (*secrets, "anna", "203.0.113", "127.0.0.1", "social.example", "session"):
        assert secret.lower() not in text, secret


@pytest.mark.neighbours
def test_probes_are_never_logged(web, tmp_path):
    client = web(**LOGGED)
    for path in ("/healthz", "/readyz", "/metrics", "/"):
        client.get(path)
    assert [line["path"] for line in lines(tmp_path)] == ["/"]


@pytest.mark.neighbours
def test_hostile_requests_break_no_line(web, tmp_path):
    client = web(**LOGGED)
    nasty = ["%0A%0D%00%1B[31m%22%7D", "%E2%80%A8", "%FF%FE", "a" * 5000, "%7F", "x%22,%22status"]
    for one in nasty:
        client.get(f"/{one}", headers={"user-agent": '"}\\u0000, é'.encode()})
    said = lines(tmp_path, len(nasty))
    assert len(said) == len(nasty)
    assert all(list(line) == FIELDS for line in said)
    assert max(len(line["path"]) for line in said) <= 200
    raw = (tmp_path / "access.log").read_bytes()
    assert not set(raw) & (set(range(32)) - {10} | set(range(127, 256)))


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/articles/harbour-tram/", 200, "/articles/harbour-tram/"),
        ("/articles/harbour-tram-is-late-again-today/", 404, None),
        ("/media/" + "0f" * 32 + ".jpg", 200, None),
        ("/signup", 200, None),
        ("/signup/", 404, None),
        ("/unsubscribe/TOKEN", 200, "/unsubscribe/…"),
        ("/news/Unsubscribe/TOKEN", 404, "/news/Unsubscribe/…"),
        ("/feeds/private/TOKEN/rss.xml", 200, "/feeds/private/…"),
        ("//feeds/private/TOKEN/rss.xml", 404, "//feeds/private/…"),
        ("/AQAAAAAAAAABYnJlYWtpbmf0a1b2c3", 404, "/…"),
        ("/a@b.example/x", 404, "/…/x"),
    ],
)
def test_what_may_hold_a_secret_is_cut(path, status, said):
    assert redact_path(path, status, {"signup", "unsubscribe"}) == (said or path)


def test_a_log_that_is_rotated_away_is_begun_anew(tmp_path):
    log = AccessLog(tmp_path / "access.log", (), RequestCounters())
    log.add(entry("/1"))
    log.flush()
    (tmp_path / "access.log").rename(tmp_path / "access.log.1")
    log.add(entry("/2"))
    log.close()
    assert [line["path"] for line in lines(tmp_path)] == ["/2"]
    assert "/1" in (tmp_path / "access.log.1").read_text()
    assert (tmp_path / "access.log").stat().st_mode & 0o007 == 0, "not for everybody"


def test_many_threads_lose_no_line(tmp_path):
    log = AccessLog(tmp_path / "access.log", (), RequestCounters())

    def write(name):
        for number in range(500):
            log.add(entry(f"/{name}/{number}"))
            if number % 50 == 0:
                log.flush()

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len({line["path"] for line in lines(tmp_path, 2000)}) == 2000


def until_said(client: Client, line: str) -> None:
    until(lambda: line in client.get("/metrics").text)


@pytest.mark.neighbours
def test_a_full_disk_is_told_once_and_fails_nothing(web, tmp_path):
    (tmp_path / "access.log").symlink_to("/dev/full")
    client = web(**LOGGED)
    publish(tmp_path)
    with structlog.testing.capture_logs() as events:
        for lost in (1, 2, 3):
            assert client.get("/rss.xml").content == RSS
            until_said(client, f"syndicate_access_log_lost_total {lost}.0")
    told = [event for event in events if event["event"] == "access log not written"]
    assert len(told) == 1
    assert "No space left" in told[0]["error"]


@pytest.mark.neighbours
def test_lines_that_were_lost_are_told_after_a_reload_as_well(sqlite_store, publication, tmp_path):
    (tmp_path / "access.log").symlink_to("/dev/full")
    first = application(sqlite_store, publication(**LOGGED))
    Client(first).get("/rss.xml")
    first.close()
    second = application(sqlite_store, publication(), counts=first.counts)
    with WebServer(second, "127.0.0.1", 0) as server:
        figures = httpx.get(f"{server.url}/metrics", trust_env=False).text
    assert "syndicate_access_log_lost_total 1.0" in figures


def test_a_line_that_was_torn_does_not_spoil_the_next(tmp_path, monkeypatch):
    counts = RequestCounters()
    log = AccessLog(tmp_path / "access.log", (), counts)
    write, room = os.write, [30]

    def almost_full(descriptor, data):
        if room[0] == 0:
            raise OSError(28, "No space left on device")
        written = write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", almost_full)
    log.add(entry("/torn"))
    log.flush()
    monkeypatch.undo()
    log.add(entry("/whole"))
    log.close()
    torn, whole = (tmp_path / "access.log").read_text().splitlines()
    assert len(torn) == 30
    assert json.loads(whole)["path"] == "/whole"
    assert counts.lost_log_lines == 1


def test_a_log_that_cant_be_written_is_a_mistake_of_the_config(tmp_path):
    with pytest.raises(ConfigError, match=r"web\.access_log: can't write .*nowhere/access\.log"):
        AccessLog(tmp_path / "nowhere" / "access.log", (), RequestCounters())


def test_lines_are_dropped_before_they_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicate.web.telemetry.access_log._MAX_PENDING", 10)
    counts = RequestCounters()
    log = AccessLog(tmp_path / "access.log", (), counts)
    for number in range(15):
        log.add(entry(f"/{number}"))
    log.close()
    assert (len(lines(tmp_path, 10)), counts.lost_log_lines) == (10, 5)


def test_a_dash_is_stderr_and_by_default_there_is_no_log(sqlite_store, publication, capsys):
    for log in ("-", ""):
        app = application(sqlite_store, publication(web={"access_log": log}))
        Client(app).get("/rss.xml")
        app.close()
        written = capsys.readouterr().err
        assert [json.loads(line)["path"] for line in written.splitlines()] == ["/rss.xml"] * len(
            log
        )


@pytest.mark.neighbours
def test_a_clean_stop_loses_no_line(tmp_path):
    """The real command: the last request is noted, though the process ends within the second."""
    (tmp_path / "config.toml").write_text(
        '[publication]\nid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"\ntitle = "x"\n'
        '[web]\naccess_log = "access.log"\n'
    )
    config = str(tmp_path / "config.toml")
    command = [sys.executable, "-m", "syndicate", "--config", config, "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with httpx.Client(base_url=url, trust_env=False) as client:
            for number in range(20):
                client.get(f"/{number}/")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    text = (tmp_path / "access.log").read_text()
    logged = [json.loads(line)["path"] for line in text.splitlines()]
    assert logged == [f"/{number}/" for number in range(20)]
