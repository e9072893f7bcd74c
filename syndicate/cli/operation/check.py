"""`check`: report mistakes in the config and the templates, and what else deserves attention."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typer import Exit

from syndicate import clock
from syndicate.cli.console import echo_json, echo_table, format_slot_time, note
from syndicate.cli.context import AsJson, CommandContext
from syndicate.errors import ConfigError
from syndicate.private_file import GROUP_AND_OTHERS
from syndicate.text import closest_match

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.model.articles import Article
    from syndicate.model.people import People
    from syndicate.publish.output.media import MediaFault


def check(command: CommandContext, *, json: AsJson = False) -> None:
    """Report mistakes in config and templates, and each schedule's next slots."""
    try:
        found = _CheckReport.of(command)
    except ConfigError as error:
        if json:
            echo_json(asdict(_CheckReport(mistakes=list(error.lines))))
        raise
    if json:
        echo_json(asdict(found))
    else:
        found.echo()
    if found.mistakes:
        raise Exit(2)
    note(f"{command.path}: no mistakes")


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckReport:
    """What `check` finds, as `--json` prints it."""

    schedules: list[dict[str, Any]] = field(default_factory=list)
    hooks: list[dict[str, str]] = field(default_factory=list)
    unknown_keys: dict[str, int] = field(default_factory=dict)
    """How many articles have a key that means nothing to Syndicate."""
    media: "list[MediaFault]" = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mistakes: list[str]

    @classmethod
    def of(cls, command: CommandContext) -> Self:
        """Check everything; raise ConfigError for a config that can't be read."""
        from syndicate.intake.authors.author_files import AuthorFiles  # noqa: PLC0415 - start-up
        from syndicate.intake.pages.page_files import PageFiles  # noqa: PLC0415
        from syndicate.publish.mirror import Mirror  # noqa: PLC0415
        from syndicate.publish.output.media import faults_of, media_warnings  # noqa: PLC0415
        from syndicate.render.template_check import check_templates  # noqa: PLC0415

        config = command.config
        Mirror.of(config)
        authors = AuthorFiles(config=config, save_media=False).read()
        pages = PageFiles(config=config, save_media=False).read()
        articles, orphans = _read_store(command)
        unknown_keys = Counter(key for article in articles for key in article.extra)
        public = (a for a in articles if a.number is not None and not a.retracted_at)
        media = faults_of(public, config)
        unknown_authors = _unmatched_authors(authors.people, articles)
        return cls(
            schedules=list(_upcoming(config)),
            hooks=list(_hooks(config)),
            unknown_keys=dict(sorted(unknown_keys.items())),
            media=media,
            warnings=[
                *_unknown_key_warnings(unknown_keys),
                *map(str, media_warnings(media)),
                *_config_warnings(command.path, config),
                *orphans,
                *_unmatched_selections(config, articles),
                *(*pages.warnings, *authors.warnings, *unknown_authors),
            ],
            mistakes=[*map(str, check_templates(config)), *authors.refused, *pages.refused],
        )

    def echo(self) -> None:
        """Print it for people."""
        rows = []
        for name, newsletter, zone, slots in (schedule.values() for schedule in self.schedules):
            times = [format_slot_time(slot, slot.tzinfo) for slot in slots]
            rows.append((name, newsletter, *times, zone))
        echo_table(("schedule", "newsletter", "next", "", "", "zone"), rows)
        if self.hooks:
            rows = [tuple(hook.values()) for hook in self.hooks]
            echo_table(("hook", "kind", "the provider calls"), rows)
        for line in (*self.warnings, *self.mistakes):
            note(line)


def _unknown_key_warnings(counts: Mapping[str, int]) -> Iterator[str]:
    for key, count in sorted(counts.items()):
        have = "1 article has it" if count == 1 else f"{count} articles have it"
        yield f"articles: the key {key!r} means nothing to Syndicate ({have})"


def _config_warnings(path: Path, config: "Config") -> Iterator[str]:
    """Yield what is valid in the config but should be corrected all the same."""
    from syndicate.config.loading.load import secret_warnings  # noqa: PLC0415 - start-up
    from syndicate.publish.push.change_notifier import ineffective_settings  # noqa: PLC0415

    # we don't speak TLS, so an https address means that there is a proxy
    if config.web_url.startswith("https:") and config.signup.enabled and not config.web.proxies:
        yield (
            "web.proxies: the address is https, so readers come through a proxy, but none is "
            "listed; until then all of them count as one network when they sign up"
        )
    folder = config.intake.folder
    if config.intake.watch and not folder.is_dir():
        yield (
            f"intake.folder: there is no folder {folder}, so `run` imports nothing; create it, or "
            "name the folder of your articles"
        )
    yield from ineffective_settings(config)
    yield from secret_warnings(path, config)
    yield from _mail_warnings(config)
    yield from _readable_by_others(config)


def _mail_warnings(config: "Config") -> Iterator[str]:
    from syndicate.config.loopback import is_loopback_url  # noqa: PLC0415

    if config.mail.transport != "smtp":
        return
    host = config.mail.servers[0].host
    for key, url in (("publication.url", config.publication.url), ("web.url", config.web.url)):
        if is_loopback_url(url):
            yield (
                f"{key}: mail is sent through {host}, but its links lead to this machine: use "
                "this only to catch test mail, not to mail readers"
            )
    if not config.publication.postal_address:
        yield (
            "publication.postal_address: missing; the law requires one at the foot of every mail "
            "to readers"
        )


def _upcoming(config: "Config") -> Iterator[dict[str, Any]]:
    from syndicate.model.schedule_slots import schedule_timing  # noqa: PLC0415 - start-up

    now = clock.now()
    for schedule in config.schedules:
        zone = config.zone(schedule)
        slots = schedule_timing(schedule, zone).upcoming(now, 3)
        yield {
            "schedule": schedule.name,
            "newsletter": schedule.newsletter,
            "timezone": str(zone),
            "next": [slot.due_at.astimezone(zone) for slot in slots],
        }


def _hooks(config: "Config") -> Iterator[dict[str, str]]:
    """Yield the address that each mail provider has to be given."""
    from syndicate.render import addresses  # noqa: PLC0415 - start-up

    for hook in config.hooks:
        # these sign nothing, and the simplest place for their secret is the address
        query = "?token=SECRET" if hook.kind in {"postmark", "brevo"} else ""
        url = f"{config.web_url}{addresses.hook(hook.name)}{query}"
        yield {"name": hook.name, "kind": hook.kind, "url": url}


def _read_store(command: CommandContext) -> "tuple[list[Article], list[str]]":
    """Return the stored articles, and what no schedule or newsletter reaches."""
    from syndicate.schedule.orphaned_names import find_orphans  # noqa: PLC0415 - start-up
    from syndicate.store import Store  # noqa: PLC0415

    if not Store.exists(command.config):  # a check doesn't create it
        return [], []
    with command.store() as store:
        with store.read() as tx:
            articles = tx.articles.all()
        return articles, find_orphans(store, command.config, at=clock.now())


def _unmatched_selections(config: "Config", articles: "Sequence[Article]") -> Iterator[str]:
    """Report each selected section, tag and author that no stored article has.

    Without articles, nothing is reported.
    """
    if not articles:
        return
    known = {
        "sections": ("is in the section", {article.section or "" for article in articles} - {""}),
        "tags": ("has the tag", {tag for article in articles for tag in article.tags}),
        "authors": ("is by", {person.name for article in articles for person in article.authors}),
    }
    rules = [
        *((f"schedules.{schedule.name}", schedule.select) for schedule in config.schedules),
        *((f"feeds.{feed.name}", feed.select) for feed in config.feeds),
    ]
    for where, rule in rules:
        for key, (relation, names) in known.items():
            spelt = {name.lower(): name for name in sorted(names)}
            folded = {name.casefold() for name in names}
            for selected in getattr(rule, key):
                if selected.casefold() not in folded:
                    match = closest_match(selected, spelt)
                    hint = f'; did you mean "{spelt[match]}"?' if match else ""
                    yield f'{where}.select.{key}: no article {relation} "{selected}"{hint}'


def _unmatched_authors(people: "People", articles: "Sequence[Article]") -> Iterator[str]:
    """Report each author's file that is about nobody who wrote, but whose name is like one's."""
    names = {person.name for article in articles for person in article.authors}
    shown = {profile.file for name in names if (profile := people.find(name))}
    spelt = {name.lower(): name for name in sorted(names)}
    for profile in people:
        match = None if profile.file in shown else closest_match(profile.name, spelt)
        if match:
            wrote = f'no article is by "{profile.name}"; did you mean "{spelt[match]}"?'
            yield f"{profile.file}: {wrote}"


def _readable_by_others(config: "Config") -> Iterator[str]:
    """Report each file with readers' data that other users of the machine can read."""
    from syndicate.store.database.sql_engine import sqlite_path  # noqa: PLC0415 - start-up

    if (name := sqlite_path(config.store.url)) is not None:
        store = config.path(name)
        beside = (store.with_name(f"{store.name}{end}") for end in ("-wal", "-shm", "-journal"))
        yield from _check_files((store, *beside), "readers and the key for their links")
    yield from _check_files(sorted(config.root.glob("*.refused.csv")), "readers' addresses")
    yield from _check_files([config.path(config.mail.outbox)], "mail to readers", "chmod -R go=")


def _check_files(paths: Iterable[Path], content: str, fix: str = "chmod 600") -> Iterator[str]:
    """Report those that others can read or change, with their modes in octal."""
    exposed: dict[Path, str] = {}
    cwd = Path.cwd()
    for path in paths:
        with suppress(OSError):
            mode = path.stat().st_mode
            if mode & GROUP_AND_OTHERS:
                shown = path.relative_to(cwd) if path.is_relative_to(cwd) else path
                exposed[shown] = f"{mode & 0o7777:04o}"
    if not exposed:
        return
    names = ", ".join(map(str, exposed))
    modes = ", ".join(sorted(set(exposed.values())))
    verbs = (
        f"read it (its mode is {modes}); it contains"
        if len(exposed) == 1
        else f"read them (their mode is {modes}); they contain"
    )
    yield (
        f"{names}: others on this machine may {verbs} {content}: "
        f"{fix} {shlex.join(map(str, exposed))}"
    )
