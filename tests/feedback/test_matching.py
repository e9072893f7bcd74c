"""A delivery is found by what nobody can forge, the safest first; an address alone is not enough."""

from typing import Any

import pytest

from syndicate.feedback.matching import find_delivery
from syndicate.model.feedback import DeliveryReference, Feedback, FeedbackKind, MatchedBy
from tests.causes import by_test
from tests.feedback.reported import ANNA, DAY, HOUR, NOW


def find(newsroom, *, kind=FeedbackKind.HARD_BOUNCE, event_id="", at=None, **reference):
    """Find a delivery; return edition, reader and how it was found."""
    feedback = Feedback(
        kind=kind, reference=DeliveryReference(**reference), event_id=event_id, at=at
    )
    with newsroom.store.read() as tx:
        found = find_delivery(tx, newsroom.links, feedback, NOW)
    return found and (found.edition, found.subscriber, found.by)


@pytest.fixture
def sent(newsroom):
    """An edition and its reader."""
    reader = newsroom.subscribe()
    return newsroom.send(), reader


def test_the_safest_reference_comes_first(newsroom, sent):
    links = newsroom.links
    edition, reader = sent
    url = f"<{links.unsubscribe(reader, 'breaking')}>"
    references: dict[MatchedBy, dict[str, Any]] = {
        MatchedBy.RETURN_PATH: {"tokens": ("x", links.bounce_token(*sent).upper())},
        MatchedBy.ENVELOPE_ID: {"envelope_ids": ("?", links.message_id(*sent, "a").strip("<>"))},
        MatchedBy.MESSAGE_ID: {"message_ids": ("<1@x>", links.message_id(*sent, "b"))},
        MatchedBy.UNSUBSCRIBE_LINK: {"unsubscribe_urls": ("https://[", url)},
        MatchedBy.PROVIDER_ID: {"provider_ids": ("4XyZ12345",)},
        MatchedBy.ADDRESS: {"recipient": "Anna@Example.ORG"},
    }
    given = {key: value for fields in references.values() for key, value in fields.items()}
    for by, fields in references.items():
        assert find(newsroom, **given) == (edition, reader, by)
        if by is not MatchedBy.ADDRESS:  # an id of a provider's needs it, too
            assert find(newsroom, **fields, recipient=ANNA) == (edition, reader, by)
        for name in fields:
            del given[name]
    assert find(newsroom) is None


def test_the_envelope_id_may_be_that_of_the_return_path(newsroom, sent):
    token = newsroom.links.bounce_token(*sent)
    assert find(newsroom, envelope_ids=(token,)) == (*sent, MatchedBy.ENVELOPE_ID)


def test_an_unsubscribe_link_is_that_of_the_newest_edition_of_its_newsletter(newsroom, sent):
    url = newsroom.links.unsubscribe(sent[1], "breaking")
    newer = newsroom.send(NOW - HOUR / 2)
    newsroom.freeze(newsletter="other", at=NOW - HOUR / 3)
    assert find(newsroom, unsubscribe_urls=(url,))[0] == newer
    with newsroom.store.write() as tx:
        tx.newsletters.rename("breaking", "alerts", cause=by_test(NOW))
    assert find(newsroom, unsubscribe_urls=(url,))[0] == newer
    culture = newsroom.links.unsubscribe(sent[1], "culture")
    assert find(newsroom, unsubscribe_urls=(culture,)) is None


def test_the_link_in_the_text_which_readers_forward_is_no_evidence(newsroom, sent):
    forwarded = newsroom.links.leave(sent[1], "breaking")
    for kind in (FeedbackKind.COMPLAINT, FeedbackKind.HARD_BOUNCE):
        assert find(newsroom, kind=kind, unsubscribe_urls=(forwarded,)) is None


def test_the_mailto_of_list_unsubscribe_names_its_edition(newsroom, sent):
    newsroom.send(NOW - HOUR / 2)
    token = newsroom.links.unsubscribe_token(*sent)
    mailto = f"mailto:bounce%2B{token}@news.example.org?subject=unsubscribe"
    assert find(newsroom, unsubscribe_urls=(mailto,)) == (*sent, MatchedBy.UNSUBSCRIBE_LINK)


def test_an_id_of_a_provider_counts_only_with_the_address_and_as_a_word(newsroom, sent):
    by_id = {"provider_ids": ("<4XyZ12345>",), "recipient": ANNA}
    assert find(newsroom, **by_id)[2] is MatchedBy.PROVIDER_ID
    newsroom.subscribe("bo@example.org", at=NOW)
    assert find(newsroom, provider_ids=("4XyZ12345",)) is None
    assert find(newsroom, provider_ids=("4XyZ12345",), recipient="bo@example.org") is None
    for part in ("4XyZ1234", "queued", "Ok", "as 4XyZ12345 x", ""):
        found = find(newsroom, provider_ids=(part,), recipient=ANNA)
        assert found[2] is MatchedBy.ADDRESS, part
    assert find(newsroom, **by_id, at=NOW + 8 * DAY)[2] is MatchedBy.ADDRESS
    complaint = {"kind": FeedbackKind.COMPLAINT, "at": NOW + 20 * DAY}
    assert find(newsroom, **by_id, **complaint)[2] is MatchedBy.PROVIDER_ID
    assert find(newsroom, **by_id, at=NOW - 9999 * DAY)[2] is MatchedBy.PROVIDER_ID


def test_by_mail_only_the_address_in_the_readers_own_copy_unsubscribes(newsroom, sent):
    links, kind = newsroom.links, FeedbackKind.UNSUBSCRIBED
    token = links.unsubscribe_token(*sent)
    assert find(newsroom, kind=kind, tokens=(token,)) == (*sent, MatchedBy.UNSUBSCRIBE_LINK)
    others = {
        "tokens": (links.bounce_token(*sent),),
        "message_ids": (links.message_id(*sent, "x"),),
    }
    assert find(newsroom, kind=kind, **others) is None
    assert find(newsroom, kind=kind, **others, recipient=ANNA) == (*sent, MatchedBy.ADDRESS)
    event = find(newsroom, kind=kind, event_id="e1", message_ids=others["message_ids"])
    assert event == (*sent, MatchedBy.MESSAGE_ID)


def test_a_token_is_for_one_purpose(newsroom, sent):
    links = newsroom.links
    assert find(newsroom, tokens=(links.unsubscribe_token(*sent),)) is None
    assert (
        find(newsroom, kind=FeedbackKind.UNSUBSCRIBED, tokens=(links.bounce_token(*sent),)) is None
    )


def test_an_address_may_have_bytes_that_no_address_has(newsroom, sent):
    for wild in ("\0", "a\0b@example.org", "\ud800@example.org", "@", "x" * 9000, "a@b@c"):
        assert find(newsroom, recipient=wild) is None


def test_an_address_that_was_not_mailed_lately_is_nobodys(newsroom):
    newsroom.subscribe()
    newsroom.send(NOW - 31 * DAY)
    assert find(newsroom, recipient=ANNA) is None
    newsroom.freeze()
    assert find(newsroom, recipient=ANNA) is None
