"""Messages in the forms of real servers, with our references; and the secret that signed those."""

from pathlib import Path

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.feedback.reports.parse import parse_report
from syndicate.model.feedback import DeliveryReference, MatchedBy, ParsedReport

FOLDER = Path(__file__).parent / "forms"
ADDRESS = "bounce@news.example.org"
SECRET = b"the secret of the report forms"
EDITION, READER = 41, 7
TOKEN = "010000000029000000000744a1d0be8b77a884"
MESSAGE_ID = "41.7.28839a70016b2c0c@news.example.org"


def parse(raw: bytes) -> ParsedReport:
    return parse_report(raw, address=ADDRESS)


def form(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def signed_links(config: Config) -> SignedLinks:
    return SignedLinks(config, SECRET)


def match(links: SignedLinks, reference: DeliveryReference) -> MatchedBy | None:
    """Return how a reference names the delivery of the forms, by the order of trust."""
    ours = EDITION, READER
    if any(links.read_bounce_token(token) == ours for token in reference.tokens):
        return MatchedBy.RETURN_PATH
    if any(links.read_message_id(id_) == ours for id_ in reference.envelope_ids):
        return MatchedBy.ENVELOPE_ID
    if any(links.read_message_id(id_) == ours for id_ in reference.message_ids):
        return MatchedBy.MESSAGE_ID
    urls = [url.rpartition("/")[2] for url in reference.unsubscribe_urls]
    tokens = [links.read_unsubscribe_token(token) for token in reference.tokens]
    if ours in tokens or any(map(links.read_unsubscribe, urls)):
        return MatchedBy.UNSUBSCRIBE_LINK
    return MatchedBy.ADDRESS if reference.recipient else None
