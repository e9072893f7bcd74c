"""What the pages say where readers do something, in the languages that we have.

To say something new, add a field and its English text, `make words`, and translate
it in `locale/*/LC_MESSAGES/syndicate.po`. A language without a catalogue gets English
here; a publication's own `templates/web/` may say anything.
"""

from dataclasses import dataclass

from syndicate.language import marked, translated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    to_publication=marked("Go to {publication}"),
    missing_title=marked("There is nothing here"),
    missing=marked("The address may be mistyped, or the story has never been published."),
    leave_title=marked("Unsubscribe from {newsletter}?"),
    leave=marked("{email} will no longer get it."),
    leave_button=marked("Unsubscribe"),
    left_title=marked("You are unsubscribed"),
    left=marked("{email} no longer gets {newsletter}."),
    undo=marked("That was a mistake?"),
    undo_button=marked("Subscribe again"),
    rejoined_title=marked("Welcome back"),
    rejoined=marked("{email} gets {newsletter} as before."),
    nobody=marked("This address does not get {newsletter}."),
    bad_link_title=marked("This link is not complete"),
    bad_link=marked(
        "Mail programs sometimes cut off a part of it. "
        "Please use the link in another mail from us, or copy all of it."
    ),
    write_to=marked("Or write to {address}, and we do it for you."),
    refused_title=marked("That was not understood"),
    refused=marked("Nothing was changed. Please go back and use the button."),
    busy_title=marked("Just a moment"),
    busy=marked("Nothing was changed yet. Please try again in a minute."),
)


def words_in(language: str) -> Words:
    """Return the table for a BCP 47 language, or the English one."""
    return translated(ENGLISH, language)
