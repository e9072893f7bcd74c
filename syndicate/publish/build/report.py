"""What a printer makes, and what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from syndicate.errors import Problem
from syndicate.publish.build.topic_index import ListedArticle
from syndicate.publish.output.manifest import PublishedFile
from syndicate.publish.output.media import MediaFault


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """One file of the output: where it is, how it is served, and how it is made."""

    path: str
    owner: str
    render: Callable[[], bytes]
    status: int = 200
    location: str | None = None
    modified: str | None = None
    packed: bool = False
    """Whether it lies compressed beside itself, too."""
    settled: bool = False
    """Whether it stays as it is."""


@dataclass(slots=True, kw_only=True)
class TaskOutcome:
    """What became of a task."""

    files: list[PublishedFile] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    unchanged: int = 0
    spoilt: list[tuple[str, int]] = field(default_factory=list)
    """Paths that could not be made, each with the status that it should have."""
    problems: list[Problem] = field(default_factory=list)
    faults: list[MediaFault] = field(default_factory=list)
    done: dict[int, "ArticleOutcome"] = field(default_factory=dict)


@dataclass(slots=True)
class BuildReport:
    """What a build has done so far."""

    written: list[str] = field(default_factory=list)
    unchanged: int = 0
    deleted: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleOutcome:
    """What became of one article."""

    page: str
    """The path of what stands at its address."""
    listing: ListedArticle | None = None
    """How lists have it; None where they don't."""
    pictures: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    """Files that readers can't load, so the page does without; each with its stamp."""
    failed: bool = False


def said(error: Exception) -> str:
    """Return an error as an operator reads it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
