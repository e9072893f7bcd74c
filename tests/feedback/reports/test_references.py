"""What a report names of the message that it is about."""

import pytest

from syndicate.feedback.reports.mime_parts import split_mail
from syndicate.feedback.reports.references import ReferenceCollector
from tests.feedback.reports.report_forms import ADDRESS


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("<41.7.ab@news.example.org>", ("41.7.ab@news.example.org",)),
        ("<first@x> and <second@x>", ("first@x", "second@x")),
        ("41.7.ab@news.example.org", ("41.7.ab@news.example.org",)),
        ("what ada@example.net wrote", ()),
        ("none", ()),
    ],
)
def test_a_message_id_is_in_brackets_or_alone(written, ids):
    mail = split_mail(f"X-Original-Message-ID: {written}\n\n".encode())
    assert ReferenceCollector(mail, ADDRESS, []).find().message_ids == ids
