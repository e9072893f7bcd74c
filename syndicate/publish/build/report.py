"""The files of a build, and the outcomes of its tasks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from syndicate.errors import Problem
from syndicate.publish.output.media import MediaFault
from syndicate.publish.records.manifest import PublishedFile
from syndicate.publish.records.topic_index import ListedArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """One file of the output: its path, how it is served, and what renders it."""

    path: str
    owner: str
    render: Callable[[], bytes]
    status: int = 200
    location: str | None = None
    modified: str | None = None
    compress: bool = False
    """Whether it has compressed copies."""
    settled: bool = False
    """As in `PublishedFile`."""


@dataclass(slots=True, kw_only=True)
class TaskOutcome:
    """The result of a task."""

    files: list[PublishedFile] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[tuple[str, int]] = field(default_factory=list)
    """Paths that could not be written, each with its HTTP status."""
    problems: list[Problem] = field(default_factory=list)
    faults: list[MediaFault] = field(default_factory=list)
    articles: dict[int, "ArticleOutcome"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleOutcome:
    """The result for one article."""

    page: str
    """The path of its page."""
    listing: ListedArticle | None = None
    """Its entry in lists; None where it is in none."""
    pictures: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    """Files that readers can't load, and that the page leaves out; each with its stamp."""
    failed: bool = False


def error_text(error: Exception) -> str:
    """Return the text of an error for operators."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
