"""What a mail says besides what pages say too (`render.words`), which tells how to add to it."""

from dataclasses import dataclass

from syndicate.language import Counted, counted, marked, translated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MailWords:
    """One language's table; `{…}` is filled in by `str.format`."""

    language: str
    read_on: str
    read_on_web: str
    cut: str
    """Leads to the rest of a story that was cut for length."""
    also: Counted
    """Before the headlines that an edition has no room for."""
    others: Counted
    """For those that are not even named."""
    more: Counted
    """The end of a digest's subject."""
    picture: str
    video: str
    audio: str
    embedded: str
    links: str
    why: str
    """Why a reader gets this."""
    unsubscribe: str


ENGLISH = MailWords(
    language="en",
    read_on=marked("Read on"),
    read_on_web=marked("Read on the web"),
    cut=marked("The story goes on: read the rest on the web"),
    also=counted("And {count} more:", "And {count} more:"),
    others=counted("{count} other at {publication}", "{count} others at {publication}"),
    # Translators: the end of a subject, after its first headline and a comma.
    more=counted("and {count} more", "and {count} more"),
    picture=marked("Picture"),
    video=marked("Watch the video"),
    audio=marked("Listen to the recording"),
    embedded=marked("Open what is shown here"),
    links=marked("Links"),
    why=marked("You get this because {email} is subscribed to “{newsletter}” from {publication}."),
    unsubscribe=marked("Unsubscribe"),
)


def mail_words(language: str) -> MailWords:
    """Return the table for a BCP 47 language, or the English one."""
    return translated(ENGLISH, language)
