"""What a mail says besides what pages say too (`render.words`), per language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """One language's table; `{…}` is filled in by `str.format`."""

    language: str
    read_on: str
    read_on_web: str
    cut: str
    """Leads to the rest of a story that was cut for length."""
    also: str
    """Before the headlines that an edition has no room for."""
    others: str
    """For those that are not even named."""
    more: str
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
    read_on="Read on",
    read_on_web="Read on the web",
    cut="The story goes on: read the rest on the web",
    also="And {count} more:",
    others="{count} others at {publication}",
    more="and {count} more",
    picture="Picture",
    video="Watch the video",
    audio="Listen to the recording",
    embedded="Open what is shown here",
    links="Links",
    why="You get this because {email} is subscribed to “{newsletter}” from {publication}.",
    unsubscribe="Unsubscribe",
)

GERMAN = MailWords(
    language="de",
    read_on="Weiterlesen",
    read_on_web="Im Web lesen",
    cut="Der Artikel geht weiter: den Rest im Web lesen",
    also="Und {count} weitere:",
    others="{count} andere bei {publication}",
    more="und {count} weitere",
    picture="Bild",
    video="Video ansehen",
    audio="Aufnahme anhören",
    embedded="Eingebetteten Inhalt öffnen",
    links="Links",
    why="Sie bekommen dies, weil {email} „{newsletter}“ von {publication} abonniert hat.",
    unsubscribe="Abbestellen",
)

_TABLES = {table.language: table for table in (ENGLISH, GERMAN)}


def mail_words(language: str) -> MailWords:
    """Return the table for a BCP 47 language, or the English one."""
    return _TABLES.get(language.partition("-")[0].lower(), ENGLISH)
