"""How soon pages are seen over a throttled 4G, by Chromium's own metrics, and what they weigh.

python -m bench.pages [--rounds N] [--publication FOLDER]

Serves a copy of the demonstration, or of another publication, with `syndicate serve`. Each page is
loaded with an empty cache, at the width of a phone; times are the medians of the rounds.
"""

import argparse
import functools
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.ours import Publication, timed

LATENCY, BYTES_A_SECOND = 170, 9_000_000 / 8
"""Milliseconds until an answer begins, and what comes then: WebPageTest's "4G"."""
MOST_PAINT, MOST_WEIGHT = 1000, 60_000
"""Milliseconds until the largest paint; bytes of the home page's HTML, CSS and script."""
PHONE = {"width": 360, "height": 740}
_HERE = Path(__file__).parents[1]
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_OBSERVED = """() => new Promise((done) => {
  const seen = { paint: 0, shift: 0 };
  const observe = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take))
      .observe({ type, buffered: true });
  observe("largest-contentful-paint", (entry) => { seen.paint = entry.startTime; });
  observe("layout-shift", (entry) => { seen.shift += entry.value; });
  setTimeout(() => done(seen), 200);
})"""


@dataclass(frozen=True)
class PageLoad:
    """One load of a page."""

    paint: float
    """Milliseconds until the largest paint."""
    shift: float
    """The cumulated layout shift."""
    weight: int
    """Bytes of HTML, CSS and script, uncompressed."""
    requests: int
    elsewhere: int
    """Requests to other hosts."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--publication", type=Path, default=_HERE)
    wanted = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if chromium is None:
        print("skipped: chromium is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder, sync_playwright() as engine:
        publication = built(wanted.publication, Path(folder) / "post")
        browser = engine.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        print(f"{'':34}{'largest paint':>15}{'shift':>8}{'HTML+CSS+JS':>13}{'requests':>10}")
        with served(publication) as url:
            for path in pages(publication):
                print(line(path, [load(browser, url + path) for _ in range(wanted.rounds)]))
        browser.close()
    print(
        f"at most {MOST_PAINT:,} ms, no shift, nothing from elsewhere; of / {MOST_WEIGHT:,} bytes "
        f"of HTML, CSS and script; {LATENCY} ms to an answer, 9 Mbit/s"
    )


def built(source: Path, root: Path) -> Publication:
    """Copy a publication's own files, take its articles in and build it."""
    root.mkdir()
    for name in ("config.toml", "logo.png"):
        if (source / name).is_file():
            shutil.copy(source / name, root / name)
    for name in ("articles", "authors", "pages"):
        if (source / name).is_dir():
            shutil.copytree(source / name, root / name)
    publication = Publication(root)
    for words in (("import", publication.articles), ("build",)):
        timed(publication.command(*words), root)
    return publication


def pages(publication: Publication) -> Iterator[str]:
    """Yield the home page, and one of each other kind."""
    yield "/"
    for kind in ("articles", "sections", "tags", "authors"):
        folders = sorted((publication.output / kind).glob("*/index.html"))
        yield from (f"/{kind}/{file.parent.name}/" for file in folders[:1])
    yield "/subscribe/"


@contextmanager
def served(publication: Publication) -> Iterator[str]:
    """Serve a publication; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = publication.command("serve", "--port", str(port))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def load(browser: Browser, url: str) -> PageLoad:
    """Load a page over the throttled network with an empty cache."""
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    session = context.new_cdp_session(page)
    conditions: dict[str, float] = {"offline": False, "latency": LATENCY}
    conditions |= {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", conditions)
    answers: list[Any] = []
    page.on("response", functools.partial(_keep, answers))
    page.goto(url, wait_until="networkidle")
    seen = page.evaluate(_OBSERVED)
    weight = sum(
        len(answer.body())
        for answer in answers
        if answer.request.resource_type in {"document", "stylesheet", "script"}
    )
    host = url.split("/")[2]
    elsewhere = sum(answer.url.split("/")[2] != host for answer in answers)
    context.close()
    return PageLoad(seen["paint"], seen["shift"], weight, len(answers), elsewhere)


def _keep(answers: list[Any], answer: Any) -> None:
    answers.append(answer)


def line(path: str, rounds: list[PageLoad]) -> str:
    """Write what a page took."""
    paint = statistics.median(one.paint for one in rounds)
    shift, weight = max(one.shift for one in rounds), rounds[0].weight
    elsewhere = max(one.elsewhere for one in rounds)
    others = f"  {elsewhere} of them elsewhere" if elsewhere else ""
    figures = f"{paint:>12,.0f} ms{shift:>8.4f}{weight:>13,}{rounds[0].requests:>10}"
    return f"{path[:33]:34}{figures}{others}"


if __name__ == "__main__":
    main()
