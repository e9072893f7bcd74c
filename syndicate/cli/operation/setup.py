"""`init`, `migrate`, `templates copy`: set a publication up."""

import json
import string
import uuid
from pathlib import Path
from typing import Annotated

from typer import Argument

from syndicate.cli.console import echo, note
from syndicate.cli.context import CommandContext
from syndicate.errors import Refused
from syndicate.text import printable

WELCOME = """\
---
title: {title}
summary: The first article of this publication; change it, or delete it and write your own.
---

This is an article. It is stored in `articles/welcome.md`, and everything about it is
in that one file: the keys between the dashes, and the text below them.

To publish another, save a file beside it:

```
---
title: The harbour tram opens on Sunday
section: City
breaking: true
---

Text in Markdown.
```

`syndicate run` imports it within two seconds. Without `run`, call
`syndicate import articles` and then `syndicate build`.
"""
ABOUT = """\
---
title: {title}
description: Who we are, and how to reach us.
footer: true
---

This is a page of your own, at `/about/`. It is stored in `pages/about.md`, and with `footer: true`
the foot of every page links to it. Say here who writes, who owns the publication, and how readers
reach you.

Save others beside it, such as `pages/imprint.md` and `pages/privacy.md`.
"""
IGNORED = "/syndicate.db*\n/media/\n/outbox/\n/feeds/\n*.refused.csv\n"
"""Generated files for .gitignore; anchored, so that `articles/media/` is not ignored."""


def init(
    _: CommandContext,
    folder: Annotated[Path, Argument(metavar="DIR", help="The folder to create it in.")],
) -> None:
    """Create a publication: config.toml, a welcome article, an About page, .gitignore."""
    from syndicate.config.loading.reference import initial_config  # noqa: PLC0415 - start-up

    config = folder / "config.toml"
    if config.exists():
        raise Refused(f"{config} exists already; nothing was changed")
    name = folder.resolve().name.replace("-", " ").replace("_", " ")
    title = string.capwords(printable(name)) or "My Publication"
    welcome, about = (  # also valid YAML strings
        json.dumps(f"{words} {title}", ensure_ascii=False) for words in ("Welcome to", "About")
    )
    files = {
        config: initial_config(title, uuid.uuid4()),
        folder / "articles" / "welcome.md": WELCOME.format(title=welcome),
        folder / "pages" / "about.md": ABOUT.format(title=about),
        folder / ".gitignore": IGNORED,
    }
    try:
        for path, text in files.items():
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{folder}: can't be written: {error.strerror}") from error
    for path in files:
        echo(str(path))
    note(f"next: syndicate --config {config} run")


def migrate(command: CommandContext) -> None:
    """Upgrade the store to this version's schema. Other commands do so automatically."""
    with command.store() as store:
        for name in store.migrations:
            echo(f"migrated to {name}")
        if not store.migrations:
            echo("up to date")


def copy(
    command: CommandContext,
    name: Annotated[str, Argument(help="Such as email/digest.mjml, or digest for HTML and text.")],
) -> None:
    """Copy a built-in template into the publication, to be edited there."""
    from syndicate.render.templates import PACKAGED, Templates  # noqa: PLC0415 - start-up

    names = Templates().names()
    matching = [file for file in names if name in {file, Path(file).stem}]
    if not matching:
        raise Refused(f"there is no template {name!r}; there are: {', '.join(names)}")
    if len({Path(file).parent for file in matching}) > 1:
        raise Refused(f"{name!r} could be any of {', '.join(matching)}; name one of them")
    targets = {file: command.config.templates / file for file in matching}
    for target in targets.values():
        if target.exists():
            raise Refused(f"{target} exists already; nothing was changed")
    for file, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((PACKAGED / file).read_bytes())
        echo(str(target))
