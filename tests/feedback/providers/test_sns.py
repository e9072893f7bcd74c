"""Messages of Amazon SNS: whose they are, by which certificate, and how we subscribe."""

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from syndicate.errors import CallFailed, WebhookForged, WebhookMalformed
from syndicate.feedback.providers.hook_reader import make_reader
from tests.feedback.providers.provider_calls import (
    AMAZON,
    AT,
    CERTIFICATE_URL,
    TOPIC,
    AmazonClient,
    Message,
    bounced,
    hook,
    signed,
    sns_call,
    sns_certificate,
)

CONFIRM = f"{AMAZON}/?Action=Confirm"
EVENT = json.dumps(bounced("ses", Message()))


@pytest.fixture
def amazon():
    return AmazonClient()


@pytest.fixture
def read(amazon):
    reader = make_reader(hook("ses"), amazon)
    return lambda call, now=AT: reader(call.request(now), "")


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_both_versions_of_the_signature_are_verified_with_and_without_a_subject(
    read, version, subject
):
    assert len(read(sns_call("Notification", EVENT, version=version, **subject))) == 1


def test_a_version_that_we_dont_know_is_refused(read):
    with pytest.raises(WebhookForged, match="version"):
        read(sns_call("Notification", EVENT, SignatureVersion="3"))


@pytest.mark.parametrize("type_", ["Notification", "SubscriptionConfirmation"])
def test_another_topic_is_refused_before_anything_is_fetched(read, amazon, type_):
    with pytest.raises(WebhookForged, match="topic"):
        read(sns_call(type_, EVENT, TopicArn=f"{TOPIC}-of-mallory"))

    assert amazon.asked == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.mallory.example"),
        CERTIFICATE_URL.replace("sns.eu", "mallory.example/sns.eu"),
        CERTIFICATE_URL.replace("//sns", "//mallory@sns"),
        CERTIFICATE_URL.replace(".com/", ".com:8443/"),
        CERTIFICATE_URL.replace("eu-west-1", "us-east-1"),
        CERTIFICATE_URL.replace("sns.", "s3."),
        CERTIFICATE_URL.replace("SimpleNotificationService-", "bucket/"),
        CERTIFICATE_URL.replace(".pem", ".pem/../../x"),
        CERTIFICATE_URL + "?x=.pem",
        CERTIFICATE_URL + "#x",
        "https://[::1",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(read, amazon, url):
    with pytest.raises(WebhookForged, match="Amazon's"):
        read(sns_call("Notification", EVENT, SigningCertURL=url))

    assert amazon.asked == []


def test_chinas_hosts_end_otherwise():
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:mail"
    amazon = AmazonClient()
    url = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem"
    amazon.pages[url] = sns_certificate()
    call = sns_call("Notification", EVENT, SigningCertURL=url, TopicArn=topic)

    assert make_reader(hook("ses", topic=topic), amazon)(call.request(), "")


def test_a_certificate_is_fetched_once(read, amazon):
    for number in range(5):
        read(sns_call("Notification", EVENT, id=f"event-{number}"))

    assert amazon.asked == [CERTIFICATE_URL]


def test_a_forger_has_us_fetch_ten_certificates_a_minute_at_most(read, amazon):
    for number in range(30):
        url = CERTIFICATE_URL.replace("0123", f"{number:04}")
        with pytest.raises(CallFailed):
            read(sns_call("Notification", EVENT, SigningCertURL=url))

    assert len(amazon.asked) == 10
    assert read(sns_call("Notification", EVENT), AT + timedelta(minutes=1))


@pytest.mark.parametrize(
    "page",
    [
        b"<html>",
        sns_certificate(since=AT - timedelta(days=400)),
        sns_certificate(since=AT + timedelta(days=1)),
        sns_certificate(key=ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["no certificate", "expired", "of tomorrow", "no RSA key"],
)
def test_a_certificate_that_is_none_or_not_valid_now_proves_nothing(read, amazon, page):
    amazon.pages[CERTIFICATE_URL] = page

    with pytest.raises(WebhookForged, match="certificate"):
        read(sns_call("Notification", EVENT))


def test_while_amazon_cant_be_asked_a_call_is_neither_true_nor_forged(read, amazon):
    amazon.is_down = True

    with pytest.raises(CallFailed):
        read(signed("ses", bounced("ses", Message())))
    amazon.is_down = False
    assert read(signed("ses", bounced("ses", Message())))


def test_a_subscription_to_our_topic_is_confirmed(read, amazon):
    assert read(sns_call("SubscriptionConfirmation", "You have chosen to subscribe")) == []

    assert amazon.asked == [CERTIFICATE_URL, CONFIRM]


def test_a_forged_subscription_is_not_confirmed(read, amazon):
    call = sns_call("SubscriptionConfirmation", "You have chosen to subscribe")
    body = json.loads(call.body) | {"Signature": base64.b64encode(bytes(256)).decode()}

    with pytest.raises(WebhookForged):
        read(call.changed(body=json.dumps(body).encode()))

    assert CONFIRM not in amazon.asked


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://sns.eu-west-1.amazonaws.com.mallory.example/"]
)
def test_a_subscription_is_never_confirmed_elsewhere(read, amazon, url):
    with pytest.raises(WebhookForged):
        read(sns_call("SubscriptionConfirmation", "You have chosen", SubscribeURL=url))

    assert amazon.asked == [CERTIFICATE_URL]


def test_a_confirmation_that_fails_is_tried_again_by_amazon(read, amazon):
    del amazon.pages[CONFIRM]

    with pytest.raises(CallFailed, match="status 404"):
        read(sns_call("SubscriptionConfirmation", "You have chosen to subscribe"))


def test_the_end_of_a_subscription_changes_nothing_and_fetches_nothing(read, amazon):
    assert read(sns_call("UnsubscribeConfirmation", "You have chosen to deactivate")) == []

    assert amazon.asked == [CERTIFICATE_URL]


def test_raw_delivery_is_refused_with_the_remedy(read):
    call = signed("ses", bounced("ses", Message()))

    with pytest.raises(WebhookMalformed, match="turn it off"):
        read(call.changed(headers={"x-amz-sns-rawdelivery": "true"}))


@pytest.mark.parametrize("content", ["{", "17", "{}", '{"mail": {}}'])
def test_a_message_of_the_topic_that_is_not_of_ses_is_malformed(read, content):
    with pytest.raises(WebhookMalformed):
        read(sns_call("Notification", content))
