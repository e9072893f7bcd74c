"""The sheet that a galley is set on: text runs on until channels differ."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape

from syndicate.model.compiled_body import Part


class FragmentWriter:
    """Gathers HTML, and keeps apart only what channels don't share."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._run: list[str] = []
        self._muted = 0

    def all(self, html: str) -> None:
        """Set what is the same everywhere."""
        if self._muted and html:
            self.each(page=html, amp="", feed=html)
        else:
            self._run.append(html)

    def each(self, *, page: str, amp: str, feed: str, needs: str | None = None) -> None:
        """Set what each channel has of its own; `needs` is the AMP extension that it takes."""
        if self._muted:
            amp, needs = "", None
        if page == amp == feed:
            self._run.append(page)
            return
        self._end_run()
        part = {"page": page, "amp": amp, "feed": feed}
        self._parts.append(part | {"needs": needs} if needs else part)

    @contextmanager
    def without_amp(self) -> Iterator[None]:
        """Leave out of AMP what is set meanwhile."""
        self._muted += 1
        try:
            yield
        finally:
            self._muted -= 1

    def parts(self) -> tuple[Part, ...]:
        """Return what was set."""
        self._end_run()
        return tuple(self._parts)

    def _end_run(self) -> None:
        if text := "".join(self._run):
            self._parts.append(text)
        self._run.clear()


def format_attributes(attributes: Mapping[str, str]) -> str:
    """Write attributes, each with a blank before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
