"""Reads the calls to one hook, by the provider that it is for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from syndicate.config.sections.feedback import HookSettings
from syndicate.feedback.providers import brevo, mailgun, postmark, sendgrid, ses, sns, standard
from syndicate.feedback.providers.provider_event import ProviderEvent
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.publish.push.http_client import HttpClient

_log = structlog.get_logger(__name__)
HookReader = Callable[[WebhookRequest, str], Sequence[ProviderEvent]]
"""Checks a call by the hook's secret, and returns its events.

It raises WebhookRefused, SecretUnreadable for a secret that can't be one, and CallFailed where
Amazon can't be asked now.
"""


class Provider(Protocol):
    """The module of a provider: its signature, and its vocabulary."""

    def verify(self, request: WebhookRequest, secret: str) -> None:
        """Raise WebhookRefused for a call that the provider hasn't signed, or not lately."""

    def parse(self, request: WebhookRequest) -> Sequence[ProviderEvent]:
        """Return the events of a verified call; raise WebhookMalformed."""


_PROVIDERS: Mapping[str, Provider] = {
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "postmark": postmark,
    "brevo": brevo,
    "standard": standard,
}


def make_reader(hook: HookSettings, client: HttpClient | None = None) -> HookReader:
    """Return what reads the calls to a hook; `client` is for those that ask Amazon back."""
    if hook.kind == "ses":
        return _topic_reader(hook, client or HttpClient())
    provider = _PROVIDERS[hook.kind]

    def read(request: WebhookRequest, secret: str) -> Sequence[ProviderEvent]:
        provider.verify(request, secret)
        return provider.parse(request)

    return read


def _topic_reader(hook: HookSettings, client: HttpClient) -> HookReader:
    """Return a reader of the topic's messages, which also confirms our subscription to it."""
    assert hook.topic is not None, "the configuration was checked"
    topic = sns.SnsTopic(hook.topic, client)

    def read(request: WebhookRequest, _: str) -> Sequence[ProviderEvent]:
        message = sns.SnsMessage.parse(request)
        topic.verify(message, request)
        if message.type == sns.NOTIFICATION:
            return ses.parse(message)
        if message.type == sns.SUBSCRIPTION:
            topic.confirm(message)
            _log.info("hook subscribed", hook=hook.name, topic=topic.arn)
        else:
            remedy = "subscribe again in Amazon SNS if that was a mistake"
            _log.warning("hook unsubscribed", hook=hook.name, topic=topic.arn, remedy=remedy)
        return []

    return read
