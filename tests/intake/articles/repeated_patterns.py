"""Files that repeat one pattern: what makes a careless parser take quadratic time."""

import struct
from collections.abc import Callable

Maker = Callable[[int], bytes]
"""Makes a file of about this many bytes."""


def _text(unit: str, before: str = "", after: str = "") -> Maker:
    size = len(unit.encode())
    return lambda wanted: (before + unit * (wanted // size) + after).encode()


def _body(unit: str, before: str = "", after: str = "") -> Maker:
    return _text(unit, f"---\ntitle: Tram\n---\n{before}", after)


_HTML = (
    "<video ", '<video a="', "<video a='", "<video a=b ", "<video/>", '<video a="" b=\'', "<audio \n",
    "<iframe ", '<iframe src="https://www.youtube.com/embed/x"></iframe>', "<video src=https://a.example/x></video>",
    "<embed src=x>y", "<source src=x>y", "<p></p>", "<p></p>x ", "<p>", "</p>", "<p><b></b></p>", "<div></div>x",
    "<br>", "<hr>", "<i>a</i>", "<b><i>", "<a href=x>y</a>", "<a name=x>", "<img src=x> ", "x<img src=x alt=y>",
    "<p><img src=x></p>", "<figure><img src=x></figure>", "<figcaption>", "<ul><li>x</ul>", "<dl><dt>x<dd>y",
    "<table><tr><td>x</table>", "<td headers=x>y</td>", "<h2>x</h2>", "<h1></h1>", "<details><summary>s",
    "<ruby>x<rt>y</ruby>", "<section>x</section>", "<del><p>x</p></del>", "<b><p>x</p></b>y", "<!-- x -->", "<",
    "&", "&amp;", "&nbsp;", "&x;", "\u00a0", "\u202e", "<script>", "<svg><g></g></svg>", "\r",
)  # fmt: skip
_CAPTIONS = (
    "<i>a</i>", "<cite>c</cite>", "<small>s</small>", "<p>x</p>", "<b></b>y ", "<img src=x>y ",
)  # fmt: skip
_HEADINGS = ("<p>x</p>y", "<div></div>y")
_BARE = ("<body ", "<body a='", "</body", "<meta ", "<!--")
_MARKDOWN = (
    "[^1] ", "[^1]: x\n\n", "^[x] ", "[^", "[", "[x](", "![x](y)\n\n", "![x](y) z ", "[x]: y\n", "*a ", "**a ",
    "*_", "~~a", "`a", "```\n", "> x\n", "- x\n", "|x|\n|-|\n|y|\n", "{% highlight ruby %}\nx\n{% endhighlight %}\n",
    "<p>\n\n", "x\n: y\n\n", "x\n\n: y\n\n", "> [!NOTE] *x*\n> y\n\n", "![x](y){.a ", "![x](y){.a}\n\n", "> [!NOTE]\n",
)  # fmt: skip
_HEADS = (
    ("size: 1", ":1", ""), ("size: 1.5", ":1", ".5"), ("size: 0x", "f", ""), ("size: 9", "9", ""),
    ("size: [x", ", x", "]"), ("size: ", "[", ""), ("size: 'x", "''", "'"), ("x: y", "\n? x", ""),
    ("size: |\n", " x\n", ""), ("image: x", "/x", ""), ("slug: a", "\u00e9", ""),
)  # fmt: skip
_LIQUID = (
    "{{", "{%", "{{ x }}", "[a]({{ x }}", "{% raw %}", "{% comment %}", "{% highlight c %}",
    "{% highlight c %}x{% endhighlight %}\n", "`{{ x }}", "x {{- x -}}", "{% include a a='b' %}", "{{ a|",
    "{% link _posts/a.md %}", "{% include figure.html src='x' %}",
)  # fmt: skip
_TOML = (
    ("x = [", "[", ""), ("x = [", "1,", "]"), ("", "a.", "a = 1"), ("", "a", " = 1"), ("", "[[a]]\n", ""),
    ('x = "', "\\\\", '"'), ('x = """', '""a', '"""'), ("", '"', ""), ("x = 0x", "f", ""), ("x = 1", "1", ""),
)  # fmt: skip
_JSON = (
    (', "x": [', "[", "]"), (', "x": [1', ",1", "]"), (', "x": "', "\\\\", '"'), (', "x": 1', "1", ""),
    (', "x"', "\n", ": 1"), (', "x": {"a": ', '{"a": ', "}"),
)  # fmt: skip

ARTICLES: dict[str, tuple[str, Maker]] = {
    **{f"html {unit!r}": (".html", _body(unit)) for unit in _HTML},
    **{
        f"caption {unit!r}": (".html", _body(unit, "<figure><img src=x><figcaption>", "</figure>"))
        for unit in _CAPTIONS
    },
    **{f"heading {unit!r}": (".html", _body(unit, "<h2>x", "</h2>")) for unit in _HEADINGS},
    **{f"document {unit!r}": (".html", _text(unit, "<title>x</title>")) for unit in _BARE},
    **{f"markdown {unit!r}": (".md", _body(unit)) for unit in _MARKDOWN},
    **{
        f"head {before + unit!r}": (
            ".md",
            _text(unit, f"---\ntitle: Tram\n{before}", f"{after}\n---\nText\n"),
        )
        for before, unit, after in _HEADS
    },
    **{
        f"liquid {unit!r}": (".md", _text(unit, "---\ntitle: Tram\nlayout: post\n---\n"))
        for unit in _LIQUID
    },
    **{
        f"toml {before + unit!r}": (
            ".md",
            _text(unit, f'+++\ntitle = "Tram"\n{before}', f"{after}\n+++\nText\n"),
        )
        for before, unit, after in _TOML
    },
    **{
        f"json {before + unit!r}": (
            ".md",
            _text(unit, f'{{"title": "Tram"{before}', f"{after}}}\nText\n"),
        )
        for before, unit, after in _JSON
    },
}
"""Their suffix, and what makes them."""


def _avif(size: int) -> bytes:
    """Make an AVIF whose table says that its metadata has many parts, each of the whole file."""
    parts = size // 16
    entry = _box(b"infe", b"\x02\0\0\0" + struct.pack(">HH", 1, 0) + b"Exif\0")
    iinf = _box(b"iinf", bytes(4) + struct.pack(">H", 1) + entry)
    head = bytes(4) + b"\x88\x00" + struct.pack(">HHHH", 1, 1, 0, min(parts, 65_535))
    iloc = _box(b"iloc", head + struct.pack(">QQ", 0, size - 1) * parts)
    return _box(b"ftyp", b"avif\0\0\0\0avif") + _box(b"meta", bytes(4) + iinf + iloc)


def _nested_avif(size: int) -> bytes:
    boxes = (struct.pack(">I4s", left, b"moov") for left in range(size - size % 8, 8, -8))
    return _box(b"ftyp", b"avif\0\0\0\0avif") + b"".join(boxes)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


PICTURES: dict[str, Maker] = {
    "AVIF, a table of parts": _avif,
    "AVIF, boxes in boxes": _nested_avif,
    "AVIF, many brands": lambda size: _box(b"ftyp", b"mif1" * (size // 4)),
    "GIF, empty blocks": lambda size: b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\0" * (size // 3) + b";",
    "JPEG, fill bytes": lambda size: b"\xff\xd8" + b"\xff" * size,
    "JPEG, empty comments": lambda size: b"\xff\xd8" + b"\xff\xfe\0\2" * (size // 4) + b"\xff\xd9",
    "PNG, empty chunks": lambda size: b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXtcrc!" * (size // 12),
    "WebP, empty chunks": lambda size: (
        b"RIFF" + struct.pack("<I", size // 8 * 8 + 4) + b"WEBP" + b"XMP \0\0\0\0" * (size // 8)
    ),
}
