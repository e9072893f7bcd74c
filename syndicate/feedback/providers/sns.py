"""Messages of Amazon SNS: their signature, and the confirmation of a subscription.

Anybody can have a topic of their own report to us with a valid signature, so only messages of
the configured topic count. The certificate comes from Amazon's own hosts, in the topic's region.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import SplitResult, urlsplit

from cachetools import LRUCache
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from syndicate.clock import parse_time
from syndicate.errors import CallFailed, WebhookForged, WebhookMalformed
from syndicate.feedback.providers.json_fields import parse_object
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.publish.push.http_client import HttpClient

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
UNSUBSCRIPTION = "UnsubscribeConfirmation"
WINDOW = timedelta(minutes=70)
"""How old a message may be: its time is when it was published, and SNS may retry for an hour."""
_SIGNED: Mapping[str, tuple[str, ...]] = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        (SUBSCRIPTION, UNSUBSCRIPTION),
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
"""The fields that are signed, in their order, by the type of message."""
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - SNS's version 1
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]+\.pem")
_HOST = re.compile(r"sns\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")
_MAX_CERTIFICATES = 16
_MAX_FETCHES = 10
"""Certificates that are fetched in a minute: a forger can name any number of them."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A message of SNS, exactly as it is; nothing of it is verified yet."""

    fields: Mapping[str, str]

    @classmethod
    def parse(cls, request: WebhookRequest) -> Self:
        """Read the body of a call; raise WebhookMalformed."""
        if request.header("x-amz-sns-rawdelivery"):
            raise WebhookMalformed("raw message delivery has no signature: turn it off in SNS")
        body = parse_object(request.body)
        fields = {name: text for name in body.fields if (text := body.raw(name)) is not None}
        message = cls(fields)
        signed = _SIGNED.get(message.type, ())
        needed = {*signed, "Signature", "SigningCertURL"} - {"Subject"}  # which it may lack
        if not signed or not needed <= fields.keys():
            raise WebhookMalformed("the body is not a message of Amazon SNS")
        return message

    @property
    def type(self) -> str:
        """`NOTIFICATION`, `SUBSCRIPTION`, `UNSUBSCRIPTION` or another."""
        return self.fields.get("Type", "")

    @property
    def id(self) -> str:
        """The same whenever SNS tries again."""
        return self.fields["MessageId"]

    @property
    def content(self) -> str:
        """What was published."""
        return self.fields["Message"]

    @property
    def signed_bytes(self) -> bytes:
        """The signed text; raise WebhookMalformed for text that is no Unicode."""
        names = [name for name in _SIGNED[self.type] if name in self.fields]
        try:
            return "".join(f"{name}\n{self.fields[name]}\n" for name in names).encode()
        except UnicodeEncodeError as error:
            raise WebhookMalformed("a field is not valid Unicode") from error


class SnsCertificates:
    """Fetches the certificates that messages name, and keeps their keys; safe for threads."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._certificates: LRUCache[str, x509.Certificate] = LRUCache(_MAX_CERTIFICATES)
        self._fetched_at: deque[datetime] = deque(maxlen=_MAX_FETCHES)
        self._lock = threading.Lock()

    def public_key(self, url: str, at: datetime) -> rsa.RSAPublicKey:
        """Return the key of a certificate at an address of Amazon's.

        Raise WebhookForged where it is none or isn't valid at that time, CallFailed where it
        can't be fetched now.
        """
        with self._lock:
            certificate = self._certificates.get(url)
            if certificate is None:
                certificate = self._certificates[url] = self._fetch(url, at)
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise WebhookForged("the certificate of the signature isn't valid now")
        try:
            key = certificate.public_key()
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, rsa.RSAPublicKey):
            raise WebhookForged("the certificate of the signature has no RSA key")
        return key

    def _fetch(self, url: str, at: datetime) -> x509.Certificate:
        if len(self._fetched_at) == _MAX_FETCHES and at - self._fetched_at[0] < _MINUTE:
            raise CallFailed("too many different certificates were named in the last minute")
        self._fetched_at.append(at)
        reply = self._client.get(url)
        if not reply.is_success:
            raise CallFailed(f"the certificate can't be fetched: status {reply.status}")
        try:
            return x509.load_pem_x509_certificate(reply.body)
        except ValueError as error:
            raise WebhookForged("the certificate of the signature can't be read") from error


class SnsTopic:
    """The topic whose messages are accepted."""

    def __init__(self, arn: str, client: HttpClient) -> None:
        """Use the client for certificates and confirmations: it calls public addresses only."""
        self.arn = arn
        self._client = client
        self._certificates = SnsCertificates(client)
        self._region = arn.split(":")[3]

    def verify(self, message: SnsMessage, request: WebhookRequest) -> None:
        """Check topic and signature; raise WebhookForged, WebhookStale or CallFailed."""
        if message.fields["TopicArn"] != self.arn:
            raise WebhookForged("the message is of another topic")
        algorithm = _HASHES.get(message.fields.get("SignatureVersion", ""))
        if algorithm is None:
            raise WebhookForged("the version of the signature is unknown")
        url = message.fields["SigningCertURL"]
        parts = self._own_url(url)
        if not _CERTIFICATE.fullmatch(parts.path) or parts.query or parts.fragment:
            raise WebhookForged("the certificate of the signature isn't Amazon's")
        key = self._certificates.public_key(url, request.now)
        try:
            signature = base64.b64decode(message.fields["Signature"], validate=True)
            key.verify(signature, message.signed_bytes, padding.PKCS1v15(), algorithm)
            published_at = parse_time(message.fields["Timestamp"], UTC)
        except (ValueError, OverflowError, InvalidSignature) as error:
            raise WebhookForged("the signature is wrong") from error
        request.require_recent(published_at, WINDOW)

    def confirm(self, message: SnsMessage) -> None:
        """Confirm a subscription that a verified message offers; raise CallFailed."""
        url = message.fields["SubscribeURL"]
        self._own_url(url)
        reply = self._client.get(url)
        if not reply.is_success:
            raise CallFailed(f"Amazon didn't confirm the subscription: status {reply.status}")

    def _own_url(self, url: str) -> SplitResult:
        """Return an address at Amazon SNS in the topic's region; raise WebhookForged for others."""
        try:
            parts = urlsplit(url)
            host = _HOST.fullmatch(parts.netloc)
        except ValueError:
            host = None
        if host is None or parts.scheme != "https" or host[1] != self._region:
            raise WebhookForged("an address in the message isn't Amazon's")
        return parts
