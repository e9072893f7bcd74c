"""What the pages for readers say, in the languages we have: English, and German.

A publication in another language gets English here; its own `templates/web/`
may say anything.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every sentence of the pages; `{…}` is filled in by the template."""

    language: str
    to_publication: str
    missing_title: str
    missing: str
    leave_title: str
    leave: str
    leave_button: str
    left_title: str
    left: str
    undo: str
    undo_button: str
    rejoined_title: str
    rejoined: str
    nobody: str
    bad_link_title: str
    bad_link: str
    write_to: str
    refused_title: str
    refused: str
    busy_title: str
    busy: str


ENGLISH = Words(
    language="en",
    to_publication="Go to {publication}",
    missing_title="There is nothing here",
    missing="The address may be mistyped, or the story has never been published.",
    leave_title="Unsubscribe from {newsletter}?",
    leave="{email} will no longer get it.",
    leave_button="Unsubscribe",
    left_title="You are unsubscribed",
    left="{email} no longer gets {newsletter}.",
    undo="That was a mistake?",
    undo_button="Subscribe again",
    rejoined_title="Welcome back",
    rejoined="{email} gets {newsletter} as before.",
    nobody="This address does not get {newsletter}.",
    bad_link_title="This link is not complete",
    bad_link="Mail programs sometimes cut off a part of it. "
    "Please use the link in another mail from us, or copy all of it.",
    write_to="Or write to {address}, and we do it for you.",
    refused_title="That was not understood",
    refused="Nothing was changed. Please go back and use the button.",
    busy_title="Just a moment",
    busy="Nothing was changed yet. Please try again in a minute.",
)

GERMAN = Words(
    language="de",
    to_publication="Zu {publication}",
    missing_title="Hier ist nichts",
    missing="Vielleicht ist die Adresse vertippt, oder der Artikel wurde nie veröffentlicht.",
    leave_title="{newsletter} abbestellen?",
    leave="{email} bekommt den Newsletter dann nicht mehr.",
    leave_button="Abbestellen",
    left_title="Sie sind abgemeldet",
    left="{email} bekommt {newsletter} nicht mehr.",
    undo="Das war ein Versehen?",
    undo_button="Wieder abonnieren",
    rejoined_title="Willkommen zurück",
    rejoined="{email} bekommt {newsletter} wie bisher.",
    nobody="Diese Adresse bekommt {newsletter} nicht.",
    bad_link_title="Dieser Link ist nicht vollständig",
    bad_link="Mailprogramme schneiden manchmal einen Teil ab. Bitte nehmen Sie den Link "
    "aus einer anderen Mail von uns, oder kopieren Sie ihn ganz.",
    write_to="Oder schreiben Sie an {address}, dann erledigen wir es für Sie.",
    refused_title="Das haben wir nicht verstanden",
    refused="Es wurde nichts geändert. Bitte gehen Sie zurück und benutzen Sie die Schaltfläche.",
    busy_title="Einen Moment bitte",
    busy="Es wurde noch nichts geändert. Bitte versuchen Sie es in einer Minute noch einmal.",
)


def words_in(language: str) -> Words:
    """Return the words for a language (BCP 47)."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
