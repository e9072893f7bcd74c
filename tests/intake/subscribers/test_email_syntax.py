"""Addresses: the quick look takes nothing that email-validator would not."""

import pytest
from email_validator import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndicate.intake.subscribers.cell_values import check_email, is_ordinary
from syndicate.model.subscribers import normalise_email

LOCAL = st.text(alphabet="aZ09._+-'!#{}~\"@ ", min_size=0, max_size=70)
LABEL = st.text(alphabet="aZ9-x.n", min_size=0, max_size=66)
LAST = st.sampled_from(
    ["com", "ORG", "test", "local", "arpa", "invalid", "xn--p1ai", "c0m", "9", ""]
)
ANY = st.builds(lambda local, label, last: f"{local}@{label}.{last}", LOCAL, LABEL, LAST)


@settings(max_examples=200, deadline=None)
@given(ANY | st.emails())
@example("a@ab--cd.com")
@example("a@xn--a.com")
@example("a@example.test")
@example("a@b.local")
@example("a@example.com\n")
@example("a@" + "b" * 64 + ".com")
@example("a" * 65 + "@example.com")
@example("a@" + "b.c" * 100 + ".com")
@example(".a@example.com")
def test_what_passes_at_a_glance_passes_the_validator_and_has_the_same_form(email):
    if is_ordinary(email):
        validate_email(email, check_deliverability=False, test_environment=True)
        assert check_email(email) == (normalise_email(email), "")


@pytest.mark.parametrize(
    "email", ["ada@example.org", "ADA.LIND+news@sub.example.co.uk", "o'brien_x@example.com"]
)
def test_most_pass_at_a_glance(email):
    assert is_ordinary(email)


def test_others_are_judged_as_ever():
    assert check_email("jürgen@exämple.org") == ("jürgen@xn--exmple-cua.org", "")
    assert check_email("a@b.local")[1].startswith('"a@b.local" is not an email address: ')
    assert check_email("a b@example.org")[1]
