"""What people read of a server's answer."""

import pytest

from syndicate.deliver.smtp.dialogue import legible


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b" \xc3\xa9t\xc3\xa9 \xff\x1b[2Jshut ", "été \\xff [2Jshut"),
        (b"x" * 500, "x" * 500),
        (b"x" * 501, "x" * 499 + "…"),
    ],
)
def test_an_answer_is_one_line_of_at_most_500_characters(reply, text):
    assert legible(reply) == text
