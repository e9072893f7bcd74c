"""Whether readers complain too much, and which domains refuse us, by the mail that it is about."""

import pytest
from sqlalchemy import literal, select

from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.feedback import ComplaintRate, PolicyRefusals
from syndicate.store.database.schema import editions
from tests.feedback_records import report
from tests.store.ledger.bounced_mail import BLOCKED, DAY, NOW, complain, crowd, edition, refuse


def test_complaints_are_too_much_from_a_share_and_a_number_on(store):
    key, people = edition(store, *crowd(20))
    complain(store, key, people[:1])
    with store.read() as tx:
        judge = tx.reputation.complaint_rates
        assert judge(NOW, share=0.001, at_least=2) == [], "one among 20 readers rings nothing"
    complain(store, key, people[1:2])
    with store.read() as tx:
        judge = tx.reputation.complaint_rates
        [rate] = judge(NOW, share=0.001, at_least=2)
        assert (rate.complaints, rate.readers, rate.accepted, rate.edition) == (2, 2, 20, key)
        assert rate.share == 0.1
        assert judge(NOW, share=0.1, at_least=2) == [rate], "the share itself is too much"
        assert judge(NOW, share=0.11, at_least=2) == []
        assert judge(NOW + 7 * DAY, share=0.001, at_least=2) == [], "the mail of a week counts"


def test_complaints_about_older_mail_do_not_count_against_that_of_a_week(store):
    old, people = edition(store, *crowd(4), at=NOW - 8 * DAY)
    complain(store, old, people)
    edition(store, at=NOW - DAY)
    with store.read() as tx:
        assert tx.reputation.complaint_rates(NOW, share=0.001, at_least=2) == []
        rate = tx.reputation.complaint_rate("breaking", NOW, share=0.001, at_least=2)
    assert rate is None


def waiting_copy(key):
    """Select what makes a newer edition of one that waits to be released."""
    columns = [column for column in editions.c if column.name not in {"key", "state"}]
    copy = select(*columns, literal(EditionState.WAITING.value)).where(editions.c.key == key)
    return [*(column.name for column in columns), "state"], copy


def test_where_the_newest_edition_is_older_than_a_week_it_is_the_one_that_counts(store):
    first, people = edition(store, *crowd(4), at=NOW - 60 * DAY)
    edition(store, at=NOW - 90 * DAY, newsletter="other")
    second, _ = edition(store, at=NOW - 30 * DAY)
    complain(store, first, people)
    with store.read() as tx:
        judge = tx.reputation.complaint_rate
        assert judge("breaking", NOW, share=0.001, at_least=2) is None
    complain(store, second, people[:2])
    with store.write() as tx:
        tx._connection.execute(editions.insert().from_select(*waiting_copy(second)))
    with store.read() as tx:
        judge = tx.reputation.complaint_rate
        rate = judge("breaking", NOW, share=0.001, at_least=2)
        assert judge("nothing-sent", NOW, share=0.001, at_least=2) is None
    expected = {"complaints": 2, "readers": 2, "accepted": 4, "edition": second}
    assert rate == ComplaintRate(newsletter="breaking", **expected)


def test_one_reader_who_complains_about_each_message_of_a_week_is_one_reader(store):
    first, people = edition(store, *crowd(4), at=NOW - 5 * DAY)
    later = [edition(store, at=NOW - days * DAY)[0] for days in range(1, 5)]
    for key in (first, *later):
        complain(store, key, people[:1])
    with store.read() as tx:
        assert tx.reputation.complaint_rates(NOW, share=0.001, at_least=2) == []
        assert tx.reputation.complaint_rate("breaking", NOW, share=0.001, at_least=2) is None
    complain(store, first, people[1:2])
    with store.read() as tx:
        [rate] = tx.reputation.complaint_rates(NOW, share=0.001, at_least=2)
    assert (rate.complaints, rate.readers, rate.accepted) == (6, 2, 20)


def test_letters_are_no_mail_of_a_newsletter(store):
    key, people = edition(store, *crowd(3), kind=EditionKind.LETTER)
    complain(store, key, people)
    with store.read() as tx:
        assert tx.reputation.complaint_rates(NOW, share=0.001, at_least=2) == []
        assert tx.feedback_figures.by_newsletter() == {}


def block(tx, key, people, domain="gmail.example", at=NOW, **changes):
    answer = {"code": 550, "status": "5.7.26", "text": "unauthenticated", "domain": domain}
    for reader in people:
        tx.feedback.add(report(key, reader, BLOCKED, at=at, **answer | changes))


@pytest.mark.parametrize(("others", "rings"), [(0, True), (76, True), (77, False)])
def test_a_domain_refuses_us_from_a_share_of_its_own_mail_on(store, others, rings):
    gmail = crowd(4 + others, "gmail.example")
    key, people = edition(store, *gmail, *crowd(3))
    with store.write() as tx:
        block(tx, key, people[:3])
        refuse(tx, key, people[3], BLOCKED, domain="gmail.example", text="unauthenticated")
        judge = tx.reputation.policy_refusals
        assert judge(NOW, share=0.05, at_least=5) == []
        found = judge(NOW, share=0.05, at_least=4)
        assert judge(NOW + DAY, share=0.05, at_least=4) == []
    assert bool(found) is rings
    if rings:
        assert [(f.domain, f.refused, f.tried) for f in found] == [("gmail.example", 4, 4 + others)]
        assert found[0].answer.endswith("unauthenticated, by mx.example.net")


def test_of_a_domain_that_refuses_us_the_newest_edition_counts(store):
    first, people = edition(store, *crowd(3))
    second, _ = edition(store)
    with store.write() as tx:
        for key in (first, second):
            block(tx, key, people, domain="example.org", text=f"no. {key}")
        [found] = tx.reputation.policy_refusals(NOW, share=0.05, at_least=3)
    assert found == PolicyRefusals(
        edition=second,
        domain="example.org",
        refused=3,
        tried=3,
        answer=f"550 5.7.26 no. {second}, by mx.example.net",
    )
