"""Bodies at random: every element and attribute that HTML knows, and some that it doesn't."""

import random

_TAGS = (
    "a abbr address article aside audio b bdi bdo blockquote br button caption center cite code col "
    "colgroup data dd del details dfn div dl dt em fieldset figcaption figure font form h1 h2 h3 h4 h6 "
    "hr i iframe img input ins kbd label li main map area mark math meter nav noscript object ol option p "
    "picture pre progress q rp rt ruby s samp script section select small source span strike strong style "
    "sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var "
    "video wbr x-thing amp-img amp-ad base link meta embed slot dialog canvas"
).split()
_VALUES: dict[str, tuple[str, ...]] = {
    "id": ("i-amphtml-x", "amp-x", "__amp_x", "a-1", "AMP", "constructor", "x y", "a12-fn:1", ""),
    "class": ("i-amphtml-layout", "language-python", "footnotes", ""),
    "style": ("color: red !important", "position: fixed", ""),
    "href": ("#a-1", "/x", "../y?z=1&a=2", "http://x.example/", "javascript:alert(1)", "mailto:a@b.example", "tel:+49 1", "ftp://x", "http://[half", "https://x.example:99999/", "//c.example/ü", "http://", "https://x.example/?__amp_source_origin=1", "https://a b/", "data:text/html,x", "https://x_y.example/%zz", "http://x.example\\y", "https://user@x.example/", "https://%20/", "https://.example./", "https://a..b/", "https://x.example:/", "https://x.example/\t\n"),
    "src": ("media/dam.jpg", "https://x.example/a.mp4", "http://x.example/a.mp3", "data:image/png;base64,AAAA", "", "x.png", "https://[::1]/x.png", "https:///x.png", "//x.example/i.gif", "javascript:1", "https://x!y/z.png", "https://<x>/z.png"),
    "poster": ("https://x.example/p.jpg", "javascript:1", "media/p.jpg", ""),
    "srcset": ("x.png 1x, y.png 2x", "x y z"),
    "width": ("100", "100%", "0", "-1", "auto", "10px", "99999", ""),
    "height": ("50", "50%", "0", "auto", "1e3"),
    "start": ("3", "-3", "x", "99999999999"),
    "value": ("3", "x", ""),
    "type": ("a", "1", "disc", "video/mp4", "x"),
    "reversed": ("", "reversed", "yes"),
    "colspan": ("2", "0", "x", "99999"),
    "rowspan": ("2", "-1"),
    "scope": ("col", "x"),
    "headers": ("a b", "<"),
    "cite": ("https://x.example", "javascript:1", "x", "http://"),
    "datetime": ("2026-11-24", "<x>", ""),
    "lang": ("de", "x y", ""),
    "dir": ("rtl", "up", ""),
    "align": ("right",),
    "border": ("1",),
    "target": ("_blank", "x"),
    "rel": ("nofollow", "stylesheet", "import"),
    "name": ("x", "__amp"),
    "onclick": ("alert(1)",),
    "on": ("tap:x.hide",),
    "layout": ("fill", "x"),
    "title": ("a title", 'with "quotes" & <b>', "{{ x }}", ""),
    "alt": ("", "alt"),
    "open": ("", "open", "x"),
    "controls": ("",),
    "autoplay": ("",),
    "loading": ("lazy",),
    "tabindex": ("0", "5"),
    "role": ("img", "x"),
    "aria-label": ("x",),
    "data-x": ("x",),
    "hidden": ("", "until-found"),
    "itemprop": ("x",),
    "is": ("x",),
    "action": ("http://x", "https://x"),
    "method": ("post",),
    "for": ("x",),
    "slot": ("x",),
}
_TEXTS = ("word ", "&amp; ", "&lt;script&gt; ", "{{ x }} ", "ünï ", " ", "&#128512; ", "]]&gt; ", "<!-- c -->")


def body(seed: int) -> str:
    """Return one body; the same for the same seed."""
    dice = random.Random(seed)
    return "".join(_element(dice, 0) for _ in range(dice.randint(1, 6)))


def _element(dice: random.Random, depth: int) -> str:
    tag = dice.choice(_TAGS)
    names = dice.sample(sorted(_VALUES), dice.randint(0, 5))
    if tag in ("img", "video", "audio", "iframe", "source"):
        names = [*names, "src"]
    if tag == "a":
        names = [*names, "href"]
    attributes = "".join(
        f' {name}="{dice.choice(_VALUES[name]).replace("&", "&amp;").replace(chr(34), "&quot;").replace("<", "&lt;")}"'
        for name in dict.fromkeys(names)
    )
    inside = "".join(
        _element(dice, depth + 1) if depth < 4 and dice.random() < 0.5 else dice.choice(_TEXTS)
        for _ in range(dice.randint(0, 4))
    )
    return f"<{tag}{attributes}>{inside}</{tag}>"
