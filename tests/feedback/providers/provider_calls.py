"""Calls as providers make them, signed by other code than ours: true ones and their twins."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

from syndicate.config.sections.feedback import HookSettings
from syndicate.errors import CallFailed
from syndicate.feedback.providers.webhook_request import WebhookRequest
from syndicate.publish.push.http_client import HttpClient, HttpReply

AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SECRETS = {
    "mailgun": "key-3ax6xnjp29jd6fds4gc373sgvjxteol0",
    "postmark": "correct horse battery staple",
    "brevo": "umbrella-7",
    "standard": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "ses": "",
}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-events"
AMAZON = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"{AMAZON}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

_sendgrid_key = ec.generate_private_key(ec.SECP256R1())
SECRETS["sendgrid"] = base64.b64encode(
    _sendgrid_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
KINDS = tuple(sorted(SECRETS))
SIGNED_TIME = ("mailgun", "sendgrid", "ses", "standard")
"""The kinds whose signature covers a time."""
SIGNED_BODY = ("sendgrid", "ses", "standard")
"""Those whose signature covers what is reported; Mailgun's covers a time and a token alone."""


@dataclass(frozen=True, kw_only=True)
class SignedCall:
    """What a provider sends."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def request(self, now: datetime = AT) -> WebhookRequest:
        """Return it as our server hands it on."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        token = self.query.removeprefix("token=")
        return WebhookRequest(headers=headers, body=self.body, token=token, now=now)

    def changed(self, **changes: Any) -> "SignedCall":
        """Return a twin with another body, or other headers."""
        return replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Message:
    """What an event is about."""

    message_id: str = "<41.7.0123456789abcdef@news.example.org>"
    provider_id: str = "0102018f3c2a7b1e-5d2c"
    recipient: str = "anna@example.net"
    at: datetime = AT
    id: str = "event-1"


def hook(kind: str, name: str = "", **changes: Any) -> HookSettings:
    """Return the settings of a hook."""
    given: dict[str, Any] = {"name": name or kind, "kind": kind}
    given |= {"topic": TOPIC} if kind == "ses" else {"secret_env": "HOOK_SECRET"}
    return HookSettings.model_validate(given | changes)


# events, one a provider, of a mailbox that doesn't exist, and of a message that has arrived


def bounced(kind: str, about: Message) -> dict[str, Any]:
    """Return a hard bounce in a provider's words."""
    said = "550 5.1.1 no such user"
    return _EVENTS[kind](about, "bounced", said)


def delivered(kind: str, about: Message) -> dict[str, Any]:
    """Return a delivery in a provider's words."""
    return _EVENTS[kind](about, "delivered", "250 2.0.0 OK")


def _sendgrid(about: Message, what: str, said: str) -> dict[str, Any]:
    bounce = {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": said}
    return {
        "email": about.recipient,
        "timestamp": int(about.at.timestamp()),
        "smtp-id": about.message_id,
        "sg_event_id": about.id,
        "sg_message_id": f"{about.provider_id}.recvd-7b8f4c9bf-1",
        **(bounce if what == "bounced" else {"event": "delivered", "response": said}),
    }


def _mailgun(about: Message, what: str, said: str) -> dict[str, Any]:
    status = {"code": int(said[:3]), "message": said, "mx-host": "mx.example.net"}
    return {
        "event": "failed" if what == "bounced" else "delivered",
        "id": about.id,
        "timestamp": about.at.timestamp(),
        "recipient": about.recipient,
        "message": {"headers": {"message-id": about.message_id.strip("<>")}},
        "delivery-status": status,
        **({"severity": "permanent", "reason": "bounce"} if what == "bounced" else {}),
    }


def _postmark(about: Message, what: str, said: str) -> dict[str, Any]:
    shared = {"MessageID": about.provider_id, "ServerID": 23, "Tag": about.id}
    if what == "delivered":
        shared |= {"RecordType": "Delivery", "Recipient": about.recipient}
        return shared | {"DeliveredAt": about.at.isoformat(), "Details": said}
    shared |= {"RecordType": "Bounce", "Type": "HardBounce", "Email": about.recipient}
    return shared | {"ID": 42, "BouncedAt": about.at.isoformat(), "Details": f"smtp;{said}"}


def _brevo(about: Message, what: str, said: str) -> dict[str, Any]:
    return {
        "event": "hard_bounce" if what == "bounced" else "delivered",
        "email": about.recipient,
        "id": 12345,
        "message-id": about.message_id,
        "ts_epoch": int(about.at.timestamp() * 1000),
        "tag": about.id,
        **({"reason": f" RecipientError: {said}"} if what == "bounced" else {}),
    }


def _standard(about: Message, what: str, said: str) -> dict[str, Any]:
    code, status, reason = said.split(" ", 2)
    return {
        "type": what,
        "message_id": about.message_id,
        "recipient": about.recipient,
        "code": int(code),
        "status": status,
        "reason": reason,
        "timestamp": about.at.isoformat(),
        "tag": about.id,
    }


def _ses(about: Message, what: str, said: str) -> dict[str, Any]:
    mail = {
        "messageId": about.provider_id,
        "destination": [about.recipient],
        "headers": [{"name": "Message-ID", "value": about.message_id}],
    }
    if what == "delivered":
        delivery = {"recipients": [about.recipient], "smtpResponse": said}
        delivery["timestamp"] = about.at.isoformat()
        return {"notificationType": "Delivery", "mail": mail, "delivery": delivery}
    recipient = {"emailAddress": about.recipient, "action": "failed", "status": "5.1.1"}
    recipient["diagnosticCode"] = f"smtp; {said}"
    bounce = {"bounceType": "Permanent", "bounceSubType": "General"}
    bounce |= {"timestamp": about.at.isoformat(), "reportingMTA": "dns; mx.example.net"}
    return {
        "notificationType": "Bounce",
        "mail": mail,
        "bounce": {**bounce, "bouncedRecipients": [recipient]},
    }


_EVENTS: Mapping[str, Callable[[Message, str, str], dict[str, Any]]] = {
    "sendgrid": _sendgrid,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "brevo": _brevo,
    "standard": _standard,
    "ses": _ses,
}


# signing


def signed(kind: str, event: Any, *, at: datetime = AT, id: str = "event-1") -> SignedCall:  # noqa: A002
    """Return the call of a provider with an event, signed at a time."""
    return _SIGNERS[kind](event, at, id)


def _signed_by_sendgrid(event: Any, at: datetime, _: str) -> SignedCall:
    events = event if isinstance(event, list) else [event]
    return signed_by_sendgrid(json.dumps(events).encode() + b"\r\n", at=at)


def signed_by_sendgrid(body: bytes, *, at: datetime = AT) -> SignedCall:
    """Return a call with any body."""
    timestamp = str(int(at.timestamp()))
    signature = _sendgrid_key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    return SignedCall(body=body, headers=headers)


def _signed_by_mailgun(event: Any, at: datetime, id_: str) -> SignedCall:
    timestamp, token = str(int(at.timestamp())), hashlib.sha1(id_.encode()).hexdigest()
    signature = hmac.new(SECRETS["mailgun"].encode(), (timestamp + token).encode(), hashlib.sha256)
    proof = {"timestamp": timestamp, "token": token, "signature": signature.hexdigest()}
    return SignedCall(body=json.dumps({"signature": proof, "event-data": event}).encode())


def _with_password(event: Any, _: datetime, __: str) -> SignedCall:
    login = base64.b64encode(f"postmark:{SECRETS['postmark']}".encode()).decode()
    return SignedCall(body=json.dumps(event).encode(), headers={"Authorization": f"Basic {login}"})


def _with_token(event: Any, _: datetime, __: str) -> SignedCall:
    return SignedCall(body=json.dumps(event).encode(), query=f"token={SECRETS['brevo']}")


def _signed_by_standard(event: Any, at: datetime, id_: str) -> SignedCall:
    body = json.dumps(event)
    signature = Webhook(SECRETS["standard"]).sign(id_, at, body)
    headers = {"webhook-id": id_, "webhook-timestamp": str(int(at.timestamp()))}
    return SignedCall(body=body.encode(), headers=headers | {"webhook-signature": signature})


def _signed_by_sns(event: Any, at: datetime, id_: str) -> SignedCall:
    return sns_call("Notification", json.dumps(event), at=at, id=id_)


_SIGNERS: Mapping[str, Callable[[Any, datetime, str], SignedCall]] = {
    "sendgrid": _signed_by_sendgrid,
    "mailgun": _signed_by_mailgun,
    "postmark": _with_password,
    "brevo": _with_token,
    "standard": _signed_by_standard,
    "ses": _signed_by_sns,
}

_sns_key = rsa.generate_private_key(65537, 2048)


def sns_certificate(*, since: datetime = AT - timedelta(days=30), key: Any = _sns_key) -> bytes:
    """Return a certificate as Amazon publishes it, valid for a year."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(since).not_valid_after(since + timedelta(days=365))
    signer = key if isinstance(key, rsa.RSAPrivateKey) else _sns_key
    certificate = builder.sign(signer, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM)


def sns_call(
    type_: str,
    message: str,
    *,
    at: datetime = AT,
    id: str = "event-1",  # noqa: A002
    version: str = "2",
    **changes: str,
) -> SignedCall:
    """Return a message of SNS, signed over what Amazon's page on signatures lists."""
    fields = {
        "Type": type_,
        "MessageId": id,
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    }
    if type_ != "Notification":
        fields |= {"Token": "2336412f37fb687f", "SubscribeURL": f"{AMAZON}/?Action=Confirm"}
    fields |= changes
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn"]
    text = "".join(f"{name}\n{fields[name]}\n" for name in (*names, "Type") if name in fields)
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = _sns_key.sign(text.encode(), padding.PKCS1v15(), algorithm)
    fields["Signature"] = base64.b64encode(signature).decode()
    body = json.dumps(fields).encode()
    return SignedCall(body=body, headers={"x-amz-sns-message-type": type_})


class AmazonClient(HttpClient):
    """Answers as Amazon's hosts do, and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = {CERTIFICATE_URL: sns_certificate(), f"{AMAZON}/?Action=Confirm": b"<ok/>"}
        self.asked: list[str] = []
        self.is_down = False

    def get(self, url: str, _: Mapping[str, str] | None = None) -> HttpReply:
        """Answer with a page, or 404."""
        self.asked.append(url)
        if self.is_down:
            raise CallFailed("no reply within 10 s")
        page = self.pages.get(url)
        return HttpReply(404 if page is None else 200, {}, page or b"")
