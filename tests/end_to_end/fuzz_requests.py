"""Requests that nobody sends in good faith, and some that are: drawn by a seed."""

import random
import string
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

Thing = TypeVar("Thing")

METHODS = [*["GET"] * 12, *["HEAD"] * 4, "POST", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
ODD_METHODS = ["TRACE", "CONNECT", "PROPFIND", "get", "G\0T", "", "G" * 9000, "GET/", "PRI", "Ä"]
ROUTES = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/hub",
    "/signup",
    "/subscribe",
    "/confirm/x",
    "/preferences/x",
    "/unsubscribe/x",
    "/view/x",
    "/archive/",
    "/editions/1/",
    "/newsletters/breaking/",
    "/outbox",
    "/outbox/1.eml",
    "/feed",
    "/feed/",
    "/rss",
    "/feeds/private/x/rss.xml",
    "/feeds/private/../rss.xml",
]
"""Where no file may be: what programs of ours answer, or could."""
HIDDEN = [
    ".manifest.sqlite",
    ".manifest.sqlite-wal",
    ".manifest.sqlite-shm",
    ".manifest.sqlite-journal",
    ".lock",
    ".hidden.txt",
    ".hidden/secret.txt",
    ".git/config",
    ".htaccess",
    "config.toml",
    "syndicate.db",
    "secret.txt",
    "out.txt",
    "outside/secret.txt",
    "outside/config.toml",
    "absolute/passwd",
    "ring",
    "articles/out.txt",
    "media/outside/syndicate.db",
]
"""What isn't published, and the links and files that the test lays out."""
UPWARDS = [
    "..",
    "../..",
    "%2e%2e",
    "%2E%2e",
    ".%2e",
    "%252e%252e",
    "..%2f",
    "..%5c",
    "..\\",
    "%c0%ae%c0%ae",
    "..;",
    "...",
    "..%00",
    ".",
    "%2e",
    "",
    "~root",
    "~",
]
TARGETS = ["secret.txt", "config.toml", "syndicate.db", "etc/passwd", "feeds/.manifest.sqlite", ""]
BYTES = ["%00", "%ff", "%c3%28", "%", "%zz", "%0d%0aX:y", "\x7f", "\x01", "é", "\xff", "💥", "|"]
NUMBERS = ["0", "-1", "1", "9", "99999999999999999999", "18446744073709551616", "x", "", "1e9", "٣"]


class Fuzz:
    """Draws requests as bytes; the same seed draws the same ones."""

    def __init__(self, seed: int, tags: Mapping[str, str]) -> None:
        """Draw from published paths, and from the tags that a server gave them."""
        self._random = random.Random(seed)
        self._paths = list(tags)
        self._tags = tags
        self._known = ""
        """The tag of the path that was drawn last."""

    def request(self) -> tuple[str, bytes]:
        """Draw a request: its method, and all of its bytes."""
        method = self._one(ODD_METHODS, unless=self._one(METHODS))
        version = self._one(["HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "", "HTTP/9"], unless="HTTP/1.1")
        target = self.target()
        headers = self._headers()
        body = b""
        if method in {"POST", "PUT", "PATCH"}:
            body, more = self._body()
            headers += more
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        line = f"{method} {target} {version}\r\n{head}\r\n"
        return method, line.encode("utf-8", "surrogatepass") + body

    def target(self) -> str:
        """Draw what stands in the first line."""
        path = self._path()
        if self._random.random() < 0.2:
            path += self._one(
                ["#x", "?\x01"],
                unless=self._one(["?", "?a=b", "?%00", f"?{'q' * 5000}", "?a=%ff&b", "??"]),
            )
        form = self._random.random()
        if form < 0.05:
            return self._one(["http://x", "https://127.0.0.1", "file://", "http://[", "//"]) + path
        if form < 0.07:
            return self._one(["*", "", "x", "127.0.0.1:80", "\\", " ", path.lstrip("/"), "?", "#"])
        return path

    # paths

    def _path(self) -> str:
        kinds: list[Callable[[], str]] = [
            *[self._published] * 8,
            lambda: self._one(ROUTES),
            lambda: f"/{self._one(HIDDEN)}",
            self._upwards,
            lambda: self._bent(self._one(self._paths)),
            lambda: self._bent(self._one(ROUTES)),
            self._noise,
        ]
        return self._one(kinds)()

    def _published(self) -> str:
        path = self._one(self._paths)
        self._known = self._tags[path]
        return path

    def _upwards(self) -> str:
        steps = [self._one(UPWARDS) for _ in range(self._random.randint(1, 8))]
        start = self._one(["", "articles", "media", "feeds/private", "outside", "assets"])
        between = self._one(["\\", "//", "%2f", "%5c"], unless="/")
        return f"/{between.join([start, *steps, self._one(TARGETS)])}"

    def _bent(self, path: str) -> str:
        """Put something into a path where it doesn't belong."""
        at = self._random.randint(0, len(path))
        odd = self._one([*UPWARDS, *BYTES, "/", "//", "\\", ";", ":", "*", "x" * 300, "a/" * 200])
        bent = path[:at] + odd + path[at:]
        if self._random.random() < 0.2:
            bent = self._one([bent.upper(), bent * 5, bent.replace("/", "//"), f"/{bent}"])
        return bent

    def _noise(self) -> str:
        letters = string.printable.replace("\n", "") + "".join(BYTES)
        length = self._one([1, 10, 100, 3000])
        noise = "".join(self._random.choice(letters) for _ in range(length))
        return f"/{self._one([noise, quote(noise, safe='/%?')])}"

    # headers

    def _headers(self) -> list[tuple[str, str]]:
        headers = [("Host", self._one(["", "x", "evil.example", "a" * 5000], unless="127.0.0.1"))]
        headers += [self._header() for _ in range(self._random.choice([0, 1, 1, 2, 3, 8]))]
        if self._random.random() < 0.03:
            headers += headers
        if self._random.random() < 0.02:
            headers.pop(0)
        if self._random.random() < 0.01:
            headers += [(f"X-{number}", "y" * 50) for number in range(self._one([90, 400, 1500]))]
        return headers

    def _header(self) -> tuple[str, str]:
        name, values = self._one(
            [
                ("Range", self._ranges),
                ("If-Range", self._tag),
                ("If-None-Match", self._tag),
                ("If-Match", self._tag),
                ("If-Modified-Since", self._date),
                ("If-Unmodified-Since", self._date),
                ("Accept-Encoding", self._codings),
                ("A-IM", lambda: self._one(["feed", "feed, gzip", "vcdiff", "feed;q=0", ",", ""])),
                ("Accept", lambda: self._one(["*/*", "application/feed+json", ";q=", "x" * 4000])),
                ("X-Forwarded-For", self._client),
                ("X-Forwarded-Host", lambda: self._one(["evil.example", "", "a b", "é"])),
                ("X-Forwarded-Proto", lambda: self._one(["https", "javascript", ""])),
                ("Forwarded", lambda: self._one(["for=1.2.3.4", "for=_x;host=evil", '"', "é"])),
                (
                    "User-Agent",
                    lambda: self._one(["", "Feedly/1 (9 subscribers)", "é", "(" * 3000]),
                ),
                ("Cookie", lambda: self._one(["a=b", "=", ";;;", "\x80"])),
                ("Connection", lambda: self._one(["close", "upgrade", "keep-alive, x", ""])),
                ("Upgrade", lambda: self._one(["websocket", "h2c", ""])),
                ("Expect", lambda: self._one(["100-continue", "x"])),
                ("Origin", lambda: self._one(["null", "https://evil.example", "é"])),
                ("Content-Length", lambda: self._one(NUMBERS)),
                ("Transfer-Encoding", lambda: self._one(["chunked", "gzip", "x, chunked"])),
                (self._one(["", " ", "Bad Name", "é", "x\0y"], unless="X" * 3000), lambda: "y"),
                ("X-Own", lambda: self._one(["a\r\n b", "a\0b", "a\rb"], unless="x" * 3000)),
            ]
        )
        return name, values()

    def _tag(self) -> str:
        known = self._known or self._tags[self._one(self._paths)]
        tag = self._one(
            [known, known, "*", known, f"W/{known}", '"', '"x', "x", "", '"é"', "W/", '"x"' * 500]
        )
        return f"{tag}, {known}" if self._random.random() < 0.2 else tag

    def _date(self) -> str:
        return self._one(
            [
                "Wed, 25 Nov 2026 01:00:00 GMT",
                "Wed, 25 Nov 1926 01:00:00 GMT",
                "Wed, 25 Nov 2026 01:00:00 -0000",
                "Wed, 25 Nov 99999 01:00:00 GMT",
                "Wed, 25 Nov 2026 25:61:61 +9999",
                "Mon, 01 Jan 0001 00:00:00 +2359",
                "Fri, 31 Dec 9999 23:59:59 -2359",
                "Wed Nov 25 01:00:00 2026",
                "0",
                "",
                "é",
                "x" * 4000,
            ]
        )

    def _ranges(self) -> str:
        one = f"{self._one(NUMBERS)}-{self._one(NUMBERS)}"
        return (
            self._one(["bytes", "bytes ", "BYTES", "lines", ""])
            + self._one(["=", "", " = "])
            + (",".join([one] * self._one([1, 1, 1, 2, 500])))
        )

    def _codings(self) -> str:
        coding = self._one(
            ["gzip", "br", "identity", "*", "zstd", "x-gzip", "GZIP", "", "é", "deflate"]
        )
        weight = self._one(
            [";q=0", ";q=1", ";q=0.000", ";q=9", ";q=", ";q=é", ";", ";q=nan"], unless=""
        )
        return ", ".join([coding + weight] * self._one([1, 1, 2, 300]))

    def _client(self) -> str:
        numbers = ".".join(str(self._random.randint(0, 255)) for _ in range(4))
        return self._one(
            ["::1", "unknown", "x", "", f"{numbers}, {numbers}", "é", ","], unless=numbers
        )

    def _body(self) -> tuple[bytes, list[tuple[str, str]]]:
        form = "application/x-www-form-urlencoded"
        kind = self._one(
            ["multipart/form-data; boundary=x", "multipart/form-data", "é"], unless=form
        )
        body = self._one(
            [
                b"",
                b"email=a@example.org&newsletter=breaking",
                b"hub.mode=subscribe&hub.topic=x&hub.callback=http://127.0.0.1/",
                b"hub.mode=subscribe&hub.mode=publish&hub.url=%ff",
                b"email=%00&name=%ff&=&&&",
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
                b"a=b&" * 5000,
                bytes(range(256)),
            ]
        )
        return body, [("Content-Type", kind), ("Content-Length", str(len(body)))]

    def _one(self, of: Sequence[Thing], unless: Thing | None = None) -> Thing:
        """Draw one of several; mostly the one that `unless` names."""
        if unless is not None and self._random.random() < 0.95:
            return unless
        return self._random.choice(of)
