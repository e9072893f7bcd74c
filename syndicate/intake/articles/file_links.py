"""Links that name another article's file, in Markdown as in Hugo, MkDocs and Obsidian.

A name is relative to the file with the link; `/city/tram.md`, and Zola's `@/city/tram.md`, are
relative to the intake folder.
"""

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from syndicate.body.file_links import file_link
from syndicate.text import printable

_FILE_NAME = re.compile(r"\.(?:md|markdown|html?)\b", re.IGNORECASE)
_MARKDOWN = (".md", ".markdown")
_HTML = (".html", ".htm")
_ADDRESS = re.compile(r"//|[A-Za-z][A-Za-z0-9+.-]*:")


def mark_file_links(
    root: etree._Element, text: str, path: str, *, intake: str, publication: Path
) -> None:
    """Have the links in a body name the stored paths of the files that they lead to.

    `text` is what the body was made of; `path` is the stored path of the file that it is in, and
    `intake` that of the intake folder, relative to `publication` if inside.
    """
    if _FILE_NAME.search(text) is None:
        return
    for link in root.iter("a"):
        name, _, fragment = link.get("href", "").partition("#")
        target = _target(unquote(name), path, intake, publication)
        if target is not None:
            link.set("href", file_link(target, fragment))


def _target(name: str, path: str, intake: str, publication: Path) -> str | None:
    """Return the path of the file that an address names; None if it is another address."""
    suffix = posixpath.splitext(name)[1].lower()
    if suffix not in (*_MARKDOWN, *_HTML) or _ADDRESS.match(name) or printable(name) != name:
        return None
    folder = posixpath.dirname(path)
    from_root = name.startswith("/")
    if from_root or name.startswith("@/"):
        folder, name = intake, name.lstrip("@/")
    target = posixpath.normpath(posixpath.join(folder, name))
    if (from_root or suffix in _HTML) and not (publication / target).is_file():
        return None  # perhaps a page of another program
    return target
