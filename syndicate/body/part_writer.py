"""HTML for several channels at once, divided only where the channels differ."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape

from syndicate.model.compiled_body import Part


class PartWriter:
    """Collects the HTML of a compiled body, as parts."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._shared: list[str] = []
        self._without_amp = 0

    def write(self, html: str) -> None:
        """Write the same HTML for every channel."""
        if self._without_amp and html:
            self.write_each(page=html, amp="", feed=html)
        else:
            self._shared.append(html)

    def write_each(self, *, page: str, amp: str, feed: str, needs: str | None = None) -> None:
        """Write the HTML of each channel; `needs` is the AMP extension that `amp` requires."""
        if self._without_amp:
            amp, needs = "", None
        if page == amp == feed:
            self._shared.append(page)
            return
        self._end_shared()
        part = {"page": page, "amp": amp, "feed": feed}
        self._parts.append(part | {"needs": needs} if needs else part)

    @contextmanager
    def without_amp(self) -> Iterator[None]:
        """Leave what is written in this context out of AMP."""
        self._without_amp += 1
        try:
            yield
        finally:
            self._without_amp -= 1

    def parts(self) -> tuple[Part, ...]:
        """Return everything written."""
        self._end_shared()
        return tuple(self._parts)

    def _end_shared(self) -> None:
        if html := "".join(self._shared):
            self._parts.append(html)
        self._shared.clear()


def format_attributes(attributes: Mapping[str, str]) -> str:
    """Return attributes as HTML, each with a space before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
