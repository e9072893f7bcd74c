"""Bodies made safe and well-formed."""

import re
from hashlib import sha256

import pytest
from lxml import etree, html

from syndicate.body.markup import id_prefix, write_children
from syndicate.errors import Refused
from syndicate.intake.articles.markdown import to_html
from syndicate.intake.markup.sanitise import sanitise

# OWASP's XSS filter evasion list, DOMPurify's mutation cases, and those of foreign content.
ATTACKS = """
<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src="javascript:alert(1)">
<IMG SRC=JaVaScRiPt:alert('XSS')>
<IMG SRC=`javascript:alert("RSnake says, 'XSS'")`>
<a onmouseover="alert(document.cookie)">x</a>
<IMG \"\"\"><SCRIPT>alert("XSS")</SCRIPT>">
<IMG SRC=# onmouseover="alert('xxs')">
<IMG SRC=/ onerror="alert(1)"></img>
<img src=x onerror="&#0000106&#0000097&#0000118&#0000097">
<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)">x</a>
<a href="jav&#x09;ascript:alert(1)">x</a>
<a href="jav&#x0A;ascript:alert(1)">x</a>
<a href=" &#14;  javascript:alert(1)">x</a>
<a href="\x01javascript:alert(1)">x</a>
<a href="javascript&colon;alert(1)">x</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="livescript:x">x</a>
<SCRIPT/XSS SRC="http://evil.example/x.js"></SCRIPT>
<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=alert("XSS")>
<<SCRIPT>alert("XSS");//\\<</SCRIPT>
<IMG SRC="`<javascript:alert>`('XSS')"
</TITLE><SCRIPT>alert("XSS");</SCRIPT>
<INPUT TYPE="IMAGE" SRC="javascript:alert('XSS');">
<BODY BACKGROUND="javascript:alert('XSS')">
<IMG DYNSRC="javascript:alert('XSS')"><IMG LOWSRC="javascript:alert('XSS')">
<STYLE>li {list-style-image: url("javascript:alert('XSS')");}</STYLE><UL><LI>XSS
<svg/onload=alert('XSS')>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s>
<LINK REL="stylesheet" HREF="javascript:alert('XSS');">
<STYLE>@import'http://evil.example/xss.css';</STYLE>
<META HTTP-EQUIV="refresh" CONTENT="0;url=javascript:alert('XSS');">
<IFRAME SRC="javascript:alert('XSS');"></IFRAME>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<FRAMESET><FRAME SRC="javascript:alert('XSS');"></FRAMESET>
<TABLE BACKGROUND="javascript:alert('XSS')"><TD>x</TABLE>
<DIV STYLE="width: expression(alert('XSS'));background-image: url(javascript:alert(1))">
<!--[if gte IE 4]><SCRIPT>alert('XSS');</SCRIPT><![endif]-->
<BASE HREF="javascript:alert('XSS');//">
<OBJECT TYPE="text/x-scriptlet" DATA="http://evil.example/x.html"></OBJECT>
<object data="javascript:alert(1)"></object>
<EMBED SRC="data:image/svg+xml;base64,PHN2Zy8+" AllowScriptAccess="always"></EMBED>
<video><source onerror="javascript:alert(1)"></video>
<video src=x onerror=alert(1)></video><audio src=x onerror=alert(1)>
<details open ontoggle=alert(1)>x</details>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<math><mtext><h1><a><h6></a></h6><mglyph><svg><mtext><style><a title="</style><img src onerror='alert(1)'>"></style></h1>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>
<template><script>alert(1)</script><img src=x onerror=alert(1)></template>
<textarea><img title="</textarea><img src=x onerror=alert(1)>">
<xmp><p title="</xmp><svg/onload=alert(1)>">
<title><img title="</title><img src onerror=alert(1)>"></title>
<select><style></select><img src=x onerror=alert(1)></style></select>
<a href="https://x.example/" style="position:fixed;inset:0" target=_blank onclick=alert(1)>x</a>
<form action="javascript:alert(1)"><button formaction="javascript:alert(1)">x</button></form>
<a href="http://[half">x</a> <a href='x' href='javascript:alert(1)'>x</a>
<p id="x" id="y" class="evil language-js" name=attributes>x</p>
<![CDATA[<script>alert(1)</script>]]> <?php echo 1 ?> <?xml-stylesheet href="x"?>
<x-iframe src="javascript:alert(1)" onload=alert(1)>x</x-iframe>
<plaintext><script>alert(1)</script>
""".strip().split("\n")

RUNS = re.compile(
    r"<\s*/?\s*(script|style|object|embed|svg|math|template|form|input|link|meta|base)"
    r"|\son\w+\s*=|srcdoc|formaction|xlink|style=|target=",
    re.IGNORECASE,
)
BAD_ADDRESS = re.compile(r"^[\s\x00-\x20]*(javascript|data|vbscript|livescript):", re.IGNORECASE)


def safe(markup: str, prefix: str = "a1-") -> str:
    return write_children(sanitise(markup, prefix, hosts=["*"]))


def assert_harmless(body: str) -> None:
    etree.fromstring(f"<div>{body}</div>")  # well-formed
    for tree in (
        html.fragment_fromstring(body, create_parent="div"),
        etree.fromstring(f"<div>{body}</div>"),
    ):
        for element in tree.iter():
            assert not RUNS.match(f"<{element.tag}"), body
            for name, value in element.attrib.items():
                assert not name.startswith("on"), body
                assert name in {
                    "href",
                    "src",
                    "alt",
                    "id",
                    "class",
                    "title",
                    "open",
                    "width",
                    "height",
                }, body
                if name in ("href", "src"):
                    assert not BAD_ADDRESS.match(value), body


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    "wrap", ["{}", "<p>before {} after</p>", "<table><tr><td>{}</td></tr></table>"]
)
def test_nothing_that_runs_survives(attack, wrap):
    body = safe(wrap.format(attack))
    assert_harmless(body)
    assert safe(body, "") == body, "a second pass finds nothing more"


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_survives_in_markdown(attack):
    for text in (
        attack,
        f"Before {attack} after",
        f"> {attack}",
        f"[x]({attack})",
        f"![{attack}](x.png)",
    ):
        assert_harmless(safe(to_html(text)))


def test_scripts_in_markdown_addresses_do_not_survive():
    text = "[x](javascript:alert(1)) ![x](data:image/png;base64,xx) <javascript:alert(1)>\n\n[x]: vbscript:x"
    body = safe(to_html(text))
    assert "href" not in body
    assert "src" not in body


def test_a_body_is_html_and_xml_at_once():
    body = safe(
        "<p>a<br>b&nbsp;&copy; &lt; <img src=x.png alt='\"q\"'><td></td></p><table><tr><td></table>"
    )
    assert "<br/>" in body
    assert "<td></td>" in body
    assert "a<br/>b\u00a0© &lt;" in body
    assert etree.fromstring(f"<div>{body}</div>").find(".//img").get("alt") == '"q"'


def test_no_two_elements_have_one_id():
    assert safe('<p id="x">a</p><p id="x">b</p>') == '<p id="a1-x">a</p><p>b</p>'


def test_footnotes_and_anchors_work_under_the_articles_prefix():
    text = "# Über uns\n\nA[^n], see [above](#über-uns) and [there](#nowhere).\n\n[^n]: Note.\n\n# Über uns"
    prefix = id_prefix("urn:uuid:1")
    body = safe(to_html(text), prefix)
    ids = re.findall(r'id="([^"]+)"', body)
    assert len(ids) == len(set(ids)) == 4
    assert all(name.startswith(prefix) for name in ids)
    root = html.fragment_fromstring(body, create_parent="div")
    from urllib.parse import unquote

    aims = [unquote(link.get("href"))[1:] for link in root.iter("a")]
    assert [aim in ids for aim in aims] == [True, True, False, True]


def test_a_prefix_is_the_articles_own_and_stays():
    assert id_prefix("urn:uuid:1") == f"a{sha256(b'urn:uuid:1').hexdigest()[:8]}-"
    assert id_prefix("urn:uuid:1") != id_prefix("urn:uuid:2")


def test_table_headers_and_descriptions_point_at_prefixed_ids():
    body = safe(
        '<table><tr><th id="h">x</th></tr><tr><td headers="h">1</td></tr></table>'
        '<p aria-describedby="h k">y</p><a name="old">z</a><a href="#old">q</a>'
    )
    assert 'headers="a1-h"' in body
    assert 'aria-describedby="a1-h a1-k"' in body
    assert 'id="a1-old"' in body
    assert 'href="#a1-old"' in body


def test_only_useful_classes_stay():
    body = safe('<pre><code class="language-c++ x">y</code></pre><p class="lead credit">z</p>')
    assert body == '<pre><code class="language-c++">y</code></pre><p class="credit">z</p>'


def test_headings_leave_the_first_rank_to_the_headline():
    assert re.findall("<h.", safe("<h1>a</h1><h2>b</h2><h6>c</h6>")) == ["<h2", "<h3", "<h6"]
    assert re.findall("<h.", safe("<h2>a</h2>")) == ["<h2"]


def test_headings_have_ids_of_their_words():
    body = safe(
        "<h2>The <i>old</i>  Tram!</h2><h3>The old tram</h3><h2>!</h2>"
        '<h2 id="ours">Ours</h2><p id="the-old-tram-1">x</p>'
    )
    assert re.findall(r'id="a1-([^"]+)"', body) == [
        "the-old-tram",
        "the-old-tram-2",
        "ours",
        "the-old-tram-1",
    ]


def test_many_namesakes_of_a_heading_take_no_time():
    assert safe("<h2>a</h2>" * 20_000).endswith('<h2 id="a1-a-19999">a</h2>')


def test_the_alignment_of_a_cell_is_a_class():
    cells = '<td align="RIGHT">1</td><td align="justify">2</td><td align="center" class="credit">'
    assert safe(f"<table><tr>{cells}") == (
        '<table><tbody><tr><td class="align-right">1</td><td>2</td>'
        '<td class="credit align-center"></td></tr></tbody></table>'
    )


@pytest.mark.parametrize("unit", ["<div>", "<blockquote>", "<ul><li>", "<b>", "<table><tr><td>"])
def test_what_is_nested_too_deeply_is_refused(unit):
    with pytest.raises(Refused, match="nested too deeply"):
        sanitise(unit * 5000, "a-", hosts=())


def test_a_body_of_two_megabytes_is_fine():
    text = "Some *text* with a [link](https://x.example/) in it.\n\n" * 40_000
    assert len(text) > 2_000_000
    assert safe(to_html(text)).count("<p>") == 40_000


def test_control_characters_and_lone_surrogates_are_dropped():
    assert safe("<p>a\x00\x07\ud800\ufffe\x85b</p>") == "<p>a\nb</p>"


@pytest.mark.parametrize("around", ["object", "marquee", "button"])
def test_a_paragraph_never_holds_another(around):
    body = safe(f"<p>a <{around}>b<p>c</p></{around}> d</p>")
    assert "<div>a b<p>c</p> d</div>" in body
    assert safe(body) == body


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("<summary>s</summary><p>x</p>", "<summary>s</summary><p>x</p>"),
        ("<p>x</p><summary>s</summary>y", "<summary>s</summary><p>x</p>y"),
        ("x<summary>s</summary>y", "<summary>s</summary>xy"),
        ("<summary>s</summary>y<summary>t</summary>", "<summary>s</summary>y<p>t</p>"),
    ],
)
def test_details_begin_with_their_one_summary(written, body):
    assert safe(f"<details open>{written}</details>") == f'<details open="">{body}</details>'


def test_details_without_a_summary_are_a_plain_block():
    assert safe("<details open><p>x</p></details>") == "<div><p>x</p></div>"
