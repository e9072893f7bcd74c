"""Messages at the bounce address: what they are, within limits, whatever the bytes."""

import base64

import pytest

from syndicate.feedback.reports import flufl_bounce
from syndicate.feedback.reports.mime_parts import MAX_PARTS, MAX_SIZE, split_mail
from syndicate.feedback.reports.parse import parse_report
from syndicate.model.feedback import FeedbackKind, ReportOutcome
from tests.feedback.reports.report_forms import ADDRESS, MESSAGE_ID, TOKEN, form, parse

HEADER = f"""\
From: MAILER-DAEMON@mx.example.net
To: bounce+{TOKEN}@news.example.org
Subject: failure notice
""".encode()
GROUP = b"Final-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n"


def letter(subject: str = "", text: str = "", **fields: str) -> bytes:
    """Write a letter of a reader to the bounce address."""
    given = {"From": "ada@example.net", "To": f"bounce+{TOKEN}@news.example.org", **fields}
    header = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in given.items())
    return f"{header}Subject: {subject}\n\n{text}".encode()


# --- limits


@pytest.mark.parametrize("body", [b"550 5.1.1 no such user\n", b"x", b"\n", b"@", b" ", b"--\n"])
def test_of_a_report_of_100_megabytes_the_beginning_is_read(body):
    raw = HEADER + b"\n" + body * (100_000_000 // len(body))
    assert split_mail(raw).parts[0].body == raw[:MAX_SIZE].partition(b"\n\n")[2]
    assert parse(raw).subject == "failure notice"


def test_of_ten_thousand_nested_parts_the_first_are_read():
    opened = [
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (depth, depth + 1)
        for depth in range(10_000)
    ]
    raw = HEADER + b"Content-Type: multipart/mixed; boundary=b0\n\n" + b"".join(opened)
    assert len(split_mail(raw).parts) < MAX_PARTS
    assert parse(raw).outcome is ReportOutcome.UNREADABLE


def test_of_ten_thousand_parts_the_first_are_read():
    status = b"--b\nContent-Type: message/delivery-status\n\n" + GROUP + b"\n"
    raw = HEADER + b"Content-Type: multipart/report; boundary=b\n\n" + status * 10_000
    assert len(split_mail(raw).parts) == MAX_PARTS
    assert len(parse(raw).feedback) == 20


def test_messages_in_messages_are_not_opened():
    raw = HEADER + b"Content-Type: message/rfc822\n\n" * 10_000
    assert len(split_mail(raw).parts) == 1
    assert parse(raw).outcome is ReportOutcome.UNREADABLE


def test_a_bounce_of_a_bounce_of_a_bounce_is_not_about_us():
    returned = form("postfix-user-unknown")
    for _ in range(3):
        returned = (
            HEADER
            + b"Content-Type: multipart/report; boundary=bb\n\n--bb\n"
            + b"Content-Type: message/delivery-status\n\n"
            + GROUP
            + b"\n--bb\nContent-Type: message/rfc822\n\n"
            + returned
            + b"\n--bb--\n"
        )
        report = parse(returned)
        assert (report.outcome, report.feedback) == (ReportOutcome.UNREADABLE, ())
        assert "a report about a report" in report.reason


# --- broken and foreign messages


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\0" * 1000,
        b"\xff\xfe" * 1000,
        b"Subject: x",
        b": \n: \n\n",
        b"Content-Type: multipart/report; boundary=\n\n--\n--\n",
        b'Content-Type: multipart/report; boundary="\n\n--\n--\n',
        b"Content-Type: text/plain; charset=nonsense\n\n\xff",
        b"Content-Type: text/plain; charset=punycode\n\n\xff",
        b"Content-Type: text/plain; charset=\xff\xff\n\n\xff",
        b"Content-Type: text/plain; charset=utf-16\n\n\xd8\x00",
        b"Content-Transfer-Encoding: base64\n\n!!!=a",
        b"Subject: =?utf-8?b?=?= =?x?q?=zz?= =?utf-8*en?q?=ed=a0=80?=\n\n",
        b"From: MAILER-DAEMON\nContent-Type: multipart/mixed\n\n",
    ],
)
def test_a_broken_message_is_kept_for_a_person(raw):
    assert parse(raw).outcome is ReportOutcome.UNREADABLE


def test_a_report_without_a_sender_is_read():
    raw = form("qmail-user-unknown").replace(b"From: MAILER-DAEMON@mx.example.net\n", b"")
    [feedback] = parse(raw).feedback
    assert feedback.kind is FeedbackKind.HARD_BOUNCE


def test_what_flufl_bounce_raises_costs_only_its_hint(monkeypatch):
    def broken(message):
        raise IndexError

    monkeypatch.setattr(flufl_bounce, "all_failures", broken)
    [feedback] = parse(form("qmail-user-unknown")).feedback
    assert feedback.kind is FeedbackKind.HARD_BOUNCE


def test_flufl_bounce_knows_a_bounce_that_nothing_else_shows():
    raw = letter(
        "Notice",
        "This is a delivery failure notification message indicating that\n"
        "an email you addressed to email address :\n-- ada@example.net\n\n"
        "could not be delivered. The problem appears to be :\n-- mailbox gone\n",
    )
    for message in (raw, raw.replace(b"From: ada@example.net\n", b"")):
        [feedback] = parse(message).feedback
        assert feedback.kind is FeedbackKind.SOFT_BOUNCE
        assert feedback.reference.recipient == "ada@example.net"


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"])
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_japanese_reports_are_read_in_each_of_their_charsets(charset, encoding):
    text = "宛先のアドレスが存在しません。\n\n<ada@example.net>: 550 5.1.1 存在しない宛先です\n"
    body = text.encode(charset)
    if encoding == "base64":
        body = base64.encodebytes(body)
    raw = HEADER + f"Content-Type: text/plain; charset={charset}\n".encode()
    [feedback] = parse(raw + f"Content-Transfer-Encoding: {encoding}\n\n".encode() + body).feedback
    assert feedback.text == "存在しない宛先です"
    assert feedback.kind is FeedbackKind.HARD_BOUNCE


def test_subject_and_sender_are_decoded_on_one_short_line():
    raw = form("naver-euc-kr")
    report = parse(raw)
    assert report.subject == "[반송] 전송 실패 안내"
    assert report.sender == '"메일시스템" <MAILER-DAEMON@naver.example>'
    assert len(parse(HEADER.replace(b"notice", b"notice " * 999) + b"\n").subject) <= 200


# --- references


def references(raw: bytes, **others):
    [feedback] = parse_report(raw, address=ADDRESS, **others).feedback
    return feedback.reference


@pytest.mark.parametrize(
    "field",
    [
        f"Delivered-To: bounce+{TOKEN}@news.example.org",
        f"X-Original-To: BOUNCE+{TOKEN.upper()}@NEWS.example.org",
        f"Envelope-To: prvs=1234abcd=bounce+{TOKEN}@news.example.org",
        f"Received: by mx.example.org with LMTP\n\tfor <bounce+{TOKEN}@news.example.org>; Mon",
        f"Cc: a@b.example, Bounces <bounce+{TOKEN}@news.example.org>",
    ],
)
def test_the_token_is_found_in_each_field_that_names_a_recipient(field):
    raw = HEADER.replace(f"To: bounce+{TOKEN}@news.example.org".encode(), field.encode())
    assert references(raw + b"\n(#5.1.1)").tokens[0].lower() == TOKEN


def test_the_recipients_that_a_door_knows_come_first():
    recipients = ["other@news.example.org", "bounce+abc@news.example.org"]
    raw = HEADER + b"\n(#5.1.1)"
    assert references(raw, recipients=recipients).tokens == ("abc", TOKEN)


@pytest.mark.parametrize(
    "address",
    [
        "xbounce+{}@news.example.org",
        "bounce+{}@news.example.org.evil.example",
        "bounce+{}@evil.example",
        "bounce-{}@news.example.org",
    ],
)
def test_a_token_at_another_address_is_none(address):
    raw = HEADER.replace(
        f"bounce+{TOKEN}@news.example.org".encode(), address.format(TOKEN).encode()
    )
    assert references(raw + b"\n(#5.1.1)").tokens == ()


def test_without_a_bounce_address_no_token_is_found():
    [feedback] = parse_report(HEADER + b"\n(#5.1.1)", address="").feedback
    assert feedback.reference.tokens == ()


@pytest.mark.parametrize(
    "quoted",
    [
        f"Message-ID: <{MESSAGE_ID}>",
        f"> Message-Id: <{MESSAGE_ID}>",
        f"  Message-id:{MESSAGE_ID}",
        f"The message {MESSAGE_ID} was refused.",
    ],
)
def test_a_message_id_that_is_quoted_in_the_text_is_found(quoted):
    raw = HEADER + f"\n<ada@example.net>: gone (#5.1.1)\n\n{quoted}\n".encode()
    assert MESSAGE_ID in references(raw).message_ids


def test_the_envelope_id_is_read_as_it_is_and_decoded():
    group = GROUP + b"Original-Envelope-Id: a+2Bb+3D\n"
    raw = HEADER + b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    raw += b"Content-Type: message/delivery-status\n\n" + group + b"\n--b--"
    assert references(raw).envelope_ids == ("a+2Bb+3D", "a+b=")


@pytest.mark.parametrize("name", ["X-Original-Message-ID", "In-Reply-To", "References"])
def test_a_report_may_name_the_message_in_its_own_header(name):
    raw = HEADER + f"{name}: <{MESSAGE_ID}>\n\ngone (#5.1.1)".encode()
    assert references(raw).message_ids == (MESSAGE_ID,)


def test_our_own_address_is_not_the_recipient():
    text = f"MAIL FROM:<bounce+{TOKEN}@news.example.org>: <{ADDRESS}> was refused (#5.1.1)\n"
    assert references(HEADER + b"\n" + text.encode()).recipient == ""
    assert references(HEADER + f"\n{text}ada@example.net\n".encode()).recipient == "ada@example.net"


def test_what_the_returned_message_says_is_no_answer_of_a_server():
    quoted = f"\n\nMessage-ID: <{MESSAGE_ID}>\nFrom: a@b.example\nSubject: 550 5.1.1 unknown\n"
    [feedback] = parse(HEADER + b"\nThe mailbox is gone." + quoted.encode()).feedback
    assert (feedback.code, feedback.status) == (0, "")
    assert feedback.kind is FeedbackKind.SOFT_BOUNCE


# --- auto-replies, requests and letters


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: News", "Out of Office", "I am out of the office", "Auto: News", "Re: Automatische Antwort: News",
        "Automatische Antwort: News", "Abwesenheitsnotiz", "Réponse automatique : News", "Absence du bureau",
        "Respuesta automática: News", "Fuera de la oficina", "Risposta automatica: News", "Fuori sede",
        "Automatisch antwoord: News", "Afwezig tot maandag", "Resposta automática: News", "Fora do escritório",
        "Odpowiedź automatyczna: News", "Otomatik yanıt: News", "自動返信: News", "不在通知", "الرد التلقائي: News",
        "자동 회신: News", "Автоответ: News", "Please confirm your message", "Read: News", "Gelesen: News",
    ],
)  # fmt: skip
def test_an_auto_reply_is_known_by_its_subject(subject):
    assert parse(letter(subject, "550 5.1.1 no")).outcome is ReportOutcome.AUTO_REPLY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "auto-replied"),
        ("Auto-Submitted", "auto-generated (rejected)"),
        ("X-Autoreply", "yes"),
        ("Precedence", "auto_reply"),
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply"),
        ("X-Autorespond", ""),
        ("X-TMDA-Challenge", "1"),
    ],
)
def test_an_auto_reply_is_known_by_a_field(name, value):
    fields = {name.replace("-", "_"): value}
    assert parse(letter("News", "Hello", **fields)).outcome is ReportOutcome.AUTO_REPLY


@pytest.mark.parametrize("value", ["no", "No (manual)"])
def test_a_letter_that_says_that_it_is_none_is_none(value):
    report = parse(letter("News", "Hello", Auto_Submitted=value))
    assert report.outcome is ReportOutcome.UNREADABLE


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("unsubscribe", "anything"),
        ("Unsubscribe!", ""),
        ("RE: unsubscribe me please", ""),
        ("", ""),
        ("", " \n \n"),
        ("Re: News", "Please unsubscribe.\n\n> Unsubscribe: https://news.example.org/\n"),
        ("AW: News", "abmelden\n\n-- \nAda Lovelace\n"),
        ("News", "Désinscription\n\nLe lun. 2 mars 2026 à 07:00, News a écrit :\n> Bonjour\n"),
        ("", "darse de baja"),
        (
            "Re: News",
            "Unsubscribe\n\nSent from my iPhone\n\nOn Mon, 2 Mar 2026,\nNews wrote:\n> Hi\n",
        ),
        ("Cancelar assinatura", ""),
        ("Disiscrivimi", ""),
        ("uitschrijven", ""),
        ("Wypisz mnie", ""),
        ("abonelikten çık", ""),
        ("配信停止", ""),
        ("إلغاء الاشتراك", ""),
    ],
)
def test_a_wish_to_unsubscribe_is_understood(subject, text):
    report = parse(letter(subject, text))
    assert report.outcome is ReportOutcome.FEEDBACK
    [feedback] = report.feedback
    assert feedback.kind is FeedbackKind.UNSUBSCRIBED
    assert feedback.reference.tokens == (TOKEN,)
    assert feedback.reference.recipient == "ada@example.net"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: News", "I do not want to unsubscribe."),
        ("Re: News", "How do I unsubscribe?"),
        ("Re: News", "Lovely.\n\nunsubscribe"),
        ("Re: News", "> unsubscribe"),
        ("Stop the presses", "Thank you!"),
        ("Re: Delivery failure at the post office", "A fine article."),
        ("Re: Undelivered mail piles up", "A fine article about 550 letters."),
        ("News", ""),
    ],
)
def test_a_letter_is_kept_for_a_person(subject, text):
    report = parse(letter(subject, text))
    assert (report.outcome, report.feedback) == (ReportOutcome.UNREADABLE, ())


def test_a_picture_without_words_is_no_wish_to_unsubscribe():
    report = parse(letter("", "AAAA", Content_Type="image/png"))
    assert report.outcome is ReportOutcome.UNREADABLE


def test_a_request_was_made_when_our_own_server_received_it():
    received = "from mx.example.net by mx.example.org; Mon, 2 Mar 2026 07:00:00 +0000"
    raw = letter("unsubscribe", Received=received, Date="Thu, 1 Jan 2009 00:00:00 +0000")
    [feedback] = parse(raw).feedback
    assert feedback.at
    assert feedback.at.year == 2026
    [feedback] = parse(letter("unsubscribe", Date="Thu, 1 Jan 2009 00:00:00 +0000")).feedback
    assert feedback.at is None


def test_without_a_token_nobody_is_unsubscribed():
    raw = letter("unsubscribe").replace(f"+{TOKEN}".encode(), b"")
    assert parse(raw).outcome is ReportOutcome.UNREADABLE


def test_an_event_of_amazon_sns_by_mail_says_what_to_do():
    raw = letter("AWS Notification Message", "{}", x_amz_sns_message_id="1")
    assert "hook" in parse(raw).reason
