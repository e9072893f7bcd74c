"""Work with the same result for all tests of a process, done once."""

import functools
from collections.abc import Callable
from types import CodeType
from typing import Any

import httpx
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from syndicate.config import Config
from syndicate.publish.build import writer
from syndicate.publish.output import icons
from syndicate.render import templates
from syndicate.render.templates import Environment
from syndicate.store.database import migrate, sql_engine

_Text = tuple[str, str | None, str | None]
_Icon = Callable[[Config], bytes]
_Letter = tuple[str, str, str]


def share_work() -> None:
    """Do once what is the same for many publications, and for many stores.

    Compile each template and statement, compress each file, draw each icon, and load the
    certificates of HTTP clients.
    """
    migrate.metadata = _CompiledTables(migrate.metadata)  # type: ignore[assignment, attr-defined]
    sql_engine.create_engine = _compile_statements_once(sql_engine.create_engine)  # type: ignore[attr-defined]
    Environment.compile = _compile_once(Environment.compile)  # type: ignore[method-assign]
    templates._minified = functools.cache(templates._minified)
    writer.compressed = functools.lru_cache(500)(writer.compressed)  # type: ignore[attr-defined]
    icons.favicon = _draw_letter_once(icons.favicon)  # type: ignore[assignment]
    icons.touch_icon = _draw_letter_once(icons.touch_icon)  # type: ignore[assignment]
    transport = httpx._transports.default
    transport.create_ssl_context = functools.cache(httpx.create_ssl_context)  # type: ignore[attr-defined]


def _compile_once(compile_template):
    """Cache compiled templates for all publications: that is most of the time of a small build.

    The result depends only on a template's text and name: all environments have the same options.
    """
    cache: dict[_Text, CodeType] = {}

    @functools.wraps(compile_template)
    def compiled(
        environment: Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        text = source, name, filename
        if text not in cache:
            cache[text] = compile_template(environment, source, name, filename)
        return cache[text]

    return compiled


def _draw_letter_once(draw: _Icon) -> _Icon:
    """Cache an icon for all publications that have the same letter and colours, and no picture."""
    cache: dict[_Letter, bytes] = {}

    @functools.wraps(draw)
    def drawn(config: Config) -> bytes:
        publication, colours = config.publication, config.theme.light
        if publication.icon or publication.logo:
            return draw(config)
        letter = publication.title, colours.accent, colours.paper
        if letter not in cache:
            cache[letter] = draw(config)
        return cache[letter]

    return drawn


class _CompiledTables:
    """The tables of a new store, whose statements are compiled once for each database.

    Each store executes them itself, and gets a secret of its own.
    """

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._statements: dict[str, list[str]] = {}

    def create_all(self, connection: Connection, *, checkfirst: bool) -> None:
        """Execute what the metadata executes: it does so itself the first time."""
        name = connection.dialect.name
        if name in self._statements:
            for statement in self._statements[name]:
                connection.exec_driver_sql(statement)
            return
        executed: list[str] = []

        @event.listens_for(connection, "before_cursor_execute")
        def keep(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
            executed.append(statement)

        self._metadata.create_all(connection, checkfirst=checkfirst)
        event.remove(connection, "before_cursor_execute", keep)
        self._statements[name] = executed


def _compile_statements_once(create_engine):
    """Give all engines one cache of compiled statements: each test has a store of its own.

    Its keys contain the engine's dialect, and those of one database are all the same.
    """
    cache = LRUCache[Any, Any](5000)
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]

    @functools.wraps(create_engine)
    def created(*words: Any, **options: Any) -> Engine:
        engine: Engine = create_engine(*words, **options)
        engine._compiled_cache = cache
        return engine

    return created
