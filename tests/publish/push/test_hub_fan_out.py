"""Calls to many servers: what the failure of one callback means for others."""

import time
from threading import Event

import pytest

from syndicate.errors import CallFailed, NotReached
from syndicate.publish.push import hub
from syndicate.publish.push.http_client import HttpReply
from syndicate.publish.push.hub import FanOut
from syndicate.publish.push.ssrf_guard import host_of
from syndicate.store import CallKind, OutgoingCall

OK = HttpReply(204, {}, b"")


def call_to(address):
    return OutgoingCall(
        kind=CallKind.DELIVERY, endpoint=address, topic="", version="1", due_at=None
    )


class Calls:
    """Calls that fail where a test says so, and which they were."""

    def __init__(self, fails=lambda _: None, takes=0.0):
        self.made: list[str] = []
        self._fails = fails
        self._takes = takes

    def __call__(self, call):
        self.made.append(call.endpoint)
        time.sleep(self._takes)
        if (error := self._fails(call.endpoint)) is not None:
            raise error
        return OK


def outcomes(fan, calls, *addresses):
    made = fan.make_all(map(call_to, addresses), calls)
    return {call.endpoint: outcome for call, outcome in made}


def test_who_can_not_be_reached_is_called_once_also_in_the_next_round():
    calls, fan = Calls(lambda _: NotReached("nobody")), FanOut(Event())
    for _ in range(2):
        found = outcomes(fan, calls, "http://a.example/1", "http://a.example/2")
        assert [str(each) for each in found.values()] == ["nobody", "nobody"]
    assert len(calls.made) == 1


@pytest.mark.parametrize(
    "other",
    ["http://a.example:81/", "https://a.example/", "http://a.example./", "http://b.a.example/"],
)
def test_that_nobody_is_at_one_server_says_nothing_of_another(other):
    calls = Calls(lambda address: NotReached("nobody") if address != other else None)
    found = outcomes(FanOut(Event()), calls, "http://a.example:80/1", other)
    assert found[other] is OK


def test_who_answers_nothing_at_one_address_may_at_another():
    calls = Calls(lambda address: CallFailed("slow") if address.endswith("1") else None)
    found = outcomes(FanOut(Event()), calls, "http://a.example/1", "http://a.example/2")
    assert found["http://a.example/2"] is OK


def test_who_takes_long_is_left_for_later_also_in_the_next_round(monkeypatch):
    monkeypatch.setattr(hub, "SERVER_TIMEOUT", 0.1)
    calls, fan = Calls(takes=0.2), FanOut(Event())
    found = outcomes(fan, calls, "http://a.example/1", "http://a.example/2", "http://b.example/")
    assert found == {"http://a.example/1": OK, "http://a.example/2": None, "http://b.example/": OK}
    assert outcomes(fan, calls, "http://a.example/2") == {"http://a.example/2": None}
    assert outcomes(FanOut(Event()), calls, "http://a.example/2") == {"http://a.example/2": OK}


def test_once_it_is_stopped_nobody_is_called():
    stop = Event()
    stop.set()
    assert outcomes(FanOut(stop), Calls(), "http://a.example/") == {"http://a.example/": None}


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("https://ada.example/", "ada.example"),
        ("HTTP://ADA.example:8080/x", "ada.example"),
        ("http://ada.example.?x", "ada.example"),
        ("http://BÜCHER.example/", "xn--bcher-kva.example"),
        ("http://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("http://[2606:4700:0::1]/", "2606:4700::1"),
        ("http://[2606:4700::0001]:81/", "2606:4700::1"),
        ("http://1.1.1.1/", "1.1.1.1"),
        ("http://0x01010101/", "1.1.1.1"),
        ("http://[::ffff:1.1.1.1]/", "1.1.1.1"),
        ("http://[64:ff9b::1.1.1.1]/", "1.1.1.1"),
        ("http://exa\nmple.org/", ""),
    ],
)
def test_a_host_is_one_however_it_is_written(spelled, host):
    assert host_of(spelled) == host
