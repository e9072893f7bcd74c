"""What it costs to take what mail providers report, by processor time.

python -m bench.webhooks [--events N]

An edition of N messages was accepted; each provider reports all of them as delivered, and then
half of them as bounced. Calls are signed beforehand, so only our side is measured: signature,
JSON, the delivery found, the record committed. The store is SQLite.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.store import Store
from syndicate.web.telemetry.counters import RequestCounters, WebhookResult
from syndicate.web.webhooks import WebhookReceiver
from tests.feedback.providers.provider_calls import (
    CERTIFICATE_URL,
    AmazonClient,
    Message,
    SignedCall,
    bounced,
    delivered,
    signed,
    sns_certificate,
)
from tests.web.webhooks.hook_site import HookSite, hook_tables, secrets_in_the_environment

_ROWS = (("sendgrid", 1000), ("sendgrid", 100), ("ses", 1), ("mailgun", 1), ("postmark", 1))
"""Providers, with the events of a call."""
_SHARE = 2
"""One in so many messages bounces."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2000)
    events = parser.parse_args().events
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    os.environ |= secrets_in_the_environment()
    print("| provider | events a call | delivered a minute | bounces a minute | forged calls |")
    print("|---|---|---|---|---|")
    for kind, batch in _ROWS:
        with tempfile.TemporaryDirectory(prefix="bench-webhooks-") as folder:
            rates = measure(Path(folder), kind, batch, events)
        print(f"| {kind} | {batch} |", *(f"{rate:,.0f} |" for rate in rates))


def measure(folder: Path, kind: str, batch: int, count: int) -> Sequence[float]:
    """Return how many events, bounces and forged calls a minute of processor time takes."""
    given = {"publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"}}
    config = Config.model_validate(
        {**given, "newsletters": [{"name": "breaking"}], "hooks": hook_tables(kind), "root": folder}
    )
    amazon = AmazonClient()
    amazon.pages[CERTIFICATE_URL] = sns_certificate(since=clock.now() - timedelta(days=30))
    store = Store.open(f"sqlite:///{folder}/syndicate.db")
    site = HookSite(store, config)
    messages = site.send(*(f"reader-{number}@example.net" for number in range(count)))
    receiver = WebhookReceiver(store, config, site.links, RequestCounters(), amazon)

    def per_minute(what: Callable[[str, Message], object], some: Sequence[Message]) -> float:
        renamed = [replace(message, id=f"{what.__name__} {message.id}") for message in some]
        calls = _calls(kind, batch, what.__name__, [what(kind, message) for message in renamed])
        return len(some) / _seconds(receiver, kind, calls, WebhookResult.ACCEPTED) * 60

    rates = [per_minute(delivered, messages), per_minute(bounced, messages[::_SHARE])]
    forged = [
        SignedCall(body=call.body[:-20] + b"0" * 20, headers=call.headers, query="token=guess")
        for call in _calls(kind, batch, "", [delivered(kind, message) for message in messages])
    ]
    seconds = _seconds(receiver, kind, forged, WebhookResult.FORGED, WebhookResult.MALFORMED)
    store.close()
    return [*rates, len(forged) / seconds * 60]


def _calls(kind: str, batch: int, name: str, events: Sequence[object]) -> Sequence[SignedCall]:
    """Return signed calls with so many events each; `name` makes their ids differ from others."""
    at, starts = clock.now(), range(0, len(events), batch)
    parts = [events[start : start + batch] if batch > 1 else events[start] for start in starts]
    return [signed(kind, part, at=at, id=f"{name} {number}") for number, part in enumerate(parts)]


def _seconds(
    receiver: WebhookReceiver, kind: str, calls: Sequence[SignedCall], *results: WebhookResult
) -> float:
    """Return the processor time of all calls."""
    hook, at = receiver.hooks[kind], clock.now()
    requests = [call.request(at) for call in calls]
    started = time.process_time()
    for request in requests:
        outcome = receiver.take(hook, request)
        assert outcome.result in results, outcome
    return time.process_time() - started


if __name__ == "__main__":
    main()
