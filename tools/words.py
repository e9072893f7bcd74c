"""Bring the catalogues up to date with the code, and compile them.

python -m tools.words       each `.po` gets the new texts, loses the old, and is compiled
python -m tools.words fr    the same, after beginning a catalogue for French

What is to be translated is empty in the `.po`, or "fuzzy" where it may be what an old text
says; who has looked at that one deletes the mark. A test waits for both.
"""

import sys
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from syndicate.language import FOLDER

_KEYWORDS: dict[str, Any] = {"msgid": {1: (1,), 2: (1, (2, "c"))}, "plural": (1, 2)}
_HEADER = "# What Syndicate says to readers; `make words` compiles it."


def main() -> None:
    """Update and compile every catalogue, and those of the languages that are named."""
    for language in sys.argv[1:]:
        begin(language)
    for source in sources():
        catalogue = updated(read(source))
        with source.open("wb") as file:
            write_po(file, catalogue, width=100, include_lineno=False, ignore_obsolete=True)
        with source.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
        undone = sum(not is_done(message) for message in texts(catalogue))
        sys.stdout.write(f"{catalogue.locale}: {len(catalogue)} texts, {undone} to translate\n")


def sources() -> list[Path]:
    """Return where the catalogues are written by people."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/syndicate.po"))


def begin(language: str) -> None:
    """Begin the catalogue of a BCP 47 language, unless there is one."""
    source = FOLDER / language.replace("-", "_") / "LC_MESSAGES/syndicate.po"
    if source.exists():
        return
    catalogue = Catalog(source.parts[-3], header_comment=_HEADER, project="Syndicate", fuzzy=False)
    catalogue.version = catalogue.msgid_bugs_address = ""
    catalogue.last_translator = catalogue.language_team = ""
    source.parent.mkdir(parents=True, exist_ok=True)
    with source.open("wb") as file:
        write_po(file, catalogue)


def read(source: Path) -> Catalog:
    """Return what a `.po` says."""
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3])


def updated(catalogue: Catalog) -> Catalog:
    """Give a catalogue the texts that are in the code, and no others."""
    catalogue.update(extracted(), update_creation_date=False)
    return catalogue


def extracted() -> Catalog:
    """Return every marked text of the code, with what its comment tells translators."""
    found = Catalog()
    package = FOLDER.parent
    for file, _, text, comments, context in extract_from_dir(
        package,
        [("**.py", "python")],
        keywords=_KEYWORDS,
        comment_tags=["Translators:"],
        strip_comment_tags=True,
    ):
        where = [(f"{package.name}/{file}", 1)]
        found.add(text, locations=where, auto_comments=comments, context=context)
    return found


def texts(catalogue: Catalog) -> list[Message]:
    """Return a catalogue's texts without its header."""
    return [message for message in catalogue if message.id]


def is_done(message: Message) -> bool:
    """Whether a text is translated, in every form that it has."""
    return not message.fuzzy and bool(forms(message)) and all(forms(message))


def forms(message: Message) -> tuple[str, ...]:
    """Return what a text is in the catalogue's language: one form, or one for each number."""
    said = message.string or ()
    return (said,) if isinstance(said, str) else tuple(said)


if __name__ == "__main__":
    main()
