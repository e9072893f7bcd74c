"""Messages read back as a mail program reads them."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parseaddr


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def parts(raw: bytes) -> tuple[str, str]:
    """Return the text and the HTML, with \\n for line ends."""
    plain, marked = (_content(part) for part in parse(raw).iter_parts())
    return plain, marked


def display_name(raw: bytes) -> str:
    """Read the name in To: with the older parser, since Python 3.11's newer one, against
    RFC 2047, leaves the spaces between encoded words."""
    to = message_from_bytes(raw)["To"].replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(to)[0])))


def normal(said: str) -> str:
    """Write all line ends as \\n."""
    return said.replace("\r\n", "\n").replace("\r", "\n")


def _content(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n", "\n")
