"""Moving in with the files of another tool: what an operator sees of it."""

import json

import pytest

from tests.intake.article_folder import picture


def states(operator):
    listed = json.loads(operator.run("articles", "--json").out)
    return {article["slug"]: article["state"] for article in listed}


def write(operator, name, text):
    file = operator.folder / "articles" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


# drafts


@pytest.mark.parametrize(
    "head",
    [
        "draft: true",
        "draft: yes",
        "Draft: true",
        "draft: 1",
        "draft: [a, list]",
        "draft:",
        "draft: true\nstatus: published\npublished: true",
    ],
)
def test_a_draft_is_neither_published_nor_mailed(operator, head):
    assert operator.subscribe("ada@example.org,Ada").code == 0
    write(operator, "secret.md", f"---\ntitle: Secret\nbreaking: true\n{head}\n---\nNot yet.\n")
    write(operator, "ferry.md", "---\ntitle: Ferry\nbreaking: true\n---\nIt sails.\n")
    assert operator.run("import", "articles").code == 0
    assert states(operator)["secret"] == "draft"
    assert operator.run("tick").code == 0
    assert (operator.folder / "feeds/articles/ferry/index.html").is_file()
    published = [file for file in (operator.folder / "feeds").rglob("*") if file.is_file()]
    mailed = list((operator.folder / "outbox").rglob("*.eml"))
    assert mailed
    assert not [file for file in (*published, *mailed) if b"Secret" in file.read_bytes()]


@pytest.mark.parametrize("head", ["draft: false", "draft: no", "draft: False"])
def test_what_is_no_draft_is_published(operator, head):
    write(operator, "ferry.md", f"---\ntitle: Ferry\n{head}\n---\nIt sails.\n")
    operator.run("import", "articles")
    assert states(operator)["ferry"] == "to come"


def test_files_in_a_drafts_folder_are_drafts(operator):
    text = "---\ntitle: {}\nstatus: published\n---\nNot yet.\n"
    write(operator, "_drafts/a.md", text.format("A"))
    write(operator, "city/_drafts/deep/b.md", text.format("B"))
    write(operator, "_drafts/c.html", "<title>C</title><p>Not yet.</p>")
    write(operator, "drafts/d.md", text.format("D"))
    operator.run("import", "articles")
    found = states(operator)
    assert [found[slug] for slug in "abcd"] == ["draft", "draft", "draft", "to come"]
    (operator.folder / "articles/_drafts/a.md").rename(operator.folder / "articles/a.md")
    operator.run("import", "articles")
    assert states(operator)["a"] == "to come"


# keys


def test_a_misspelt_key_is_reported_with_its_line_and_the_key_that_was_meant(operator):
    head = "title: Tram\nbraking: true\nsectoin: City\ntgas: [a]\nauthros: [Bo]\nlayout: post"
    write(operator, "tram.md", f"---\n{head}\n---\nBack.\n")
    imported = operator.run("import", "articles")
    assert imported.code == 0
    warned = [line.split(maxsplit=1)[1] for line in imported.out.splitlines() if "warned" in line]
    assert warned == [
        "articles/tram.md:3: braking is unknown; did you mean breaking?",
        "articles/tram.md:4: sectoin is unknown; did you mean section?",
        "articles/tram.md:5: tgas is unknown; did you mean tags?",
        "articles/tram.md:6: authros is unknown; did you mean authors?",
    ]


# Hugo, Zola, Eleventy

TOML = """\
+++
title = "Harbour tram"
date = 2019-02-28T14:05:00+07:00
draft = false
authors = ["Ada Lind"]
# Zola's way
[taxonomies]
tags = ["transport", "tram"]
[extra]
weight = 1.10
+++
It is *back*.

![A tram](tram.jpg)
"""
JSON = """\
{
\t"title": "Harbour ferry \\u2693",
\t"date": "2019-03-01", "tags": ["transport", "ferry"],
\t"breaking": false, "weight": 7, "image": null
}
It *sails*.
"""


def test_toml_and_json_front_matter_are_read_as_yaml_is(operator):
    write(operator, "tram.md", TOML)
    (operator.folder / "articles/tram.jpg").write_bytes(picture())
    write(operator, "ferry.md", JSON)
    write(operator, "fenced.md", f"---json\n{JSON}".replace("}\n", "}\n---\n"))
    imported = operator.run("import", "articles")
    assert (imported.code, "warned" in imported.out) == (0, False), imported.out
    tram = json.loads(operator.run("show", "tram", "--json").out)
    assert (tram["title"], tram["published"]) == ("Harbour tram", "2019-02-28T07:05:00+00:00")
    assert (tram["tags"], tram["authors"][0]["name"]) == (["transport", "tram"], "Ada Lind")
    assert tram["extra"] == {"extra": {"weight": 1.1}}
    assert tram["figures"][0]["alt"] == "A tram"
    for slug in ("ferry", "fenced"):
        ferry = json.loads(operator.run("show", slug, "--json").out)
        assert (ferry["title"], ferry["tags"]) == ("Harbour ferry ⚓", ["transport", "ferry"])
        assert (ferry["extra"], ferry["body"]) == ({"weight": 7}, "<p>It <em>sails</em>.</p>")


def test_a_page_bundle_is_named_by_its_folder_and_finds_its_pictures(operator):
    text = '+++\ntitle = "{}"\n+++\n![A tram](tram.jpg)\n'
    for name in ("first/index.md", "2019-02-28-second/index.md", "third/index.de.md"):
        write(operator, name, text.format(name))
        (operator.folder / "articles" / name).with_name("tram.jpg").write_bytes(picture())
    write(operator, "index.md", text.format("The newest"))
    write(operator, "_index.md", text.format("All of them"))
    write(operator, "city/_index.de.md", text.format("The city"))
    imported = operator.run("import", "articles")
    assert imported.code == 0
    missing = [line for line in imported.out.splitlines() if line.startswith("warned")]
    assert missing == [
        "warned    articles/index.md: a picture is missing: tram.jpg: no such picture"
    ]
    assert set(states(operator)) == {"first", "second", "third-de", "index", "welcome"}
    second = json.loads(operator.run("show", "second", "--json").out)
    assert (second["published"], second["figures"][0]["alt"]) == (
        "2019-02-28T00:00:00+00:00",
        "A tram",
    )


# stories of one name


def test_two_stories_of_one_name_on_different_days_both_come_in(operator):
    text = "---\ntitle: Links of the day\n---\nOf {}.\n"
    write(operator, "_posts/2013-05-06-links.md", text.format("May"))
    write(operator, "_posts/2012-01-02-links.md", text.format("January"))
    imported = operator.run("import", "articles")
    assert imported.code == 0
    path = "articles/_posts/2013-05-06-links.md"
    warning = f"warned    {path}: another story has the slug links; this one gets links-2"
    assert warning in imported.out
    assert operator.run("build").code == 0
    pages = operator.folder / "feeds/articles"
    assert "Of January." in (pages / "links/index.html").read_text()
    assert "Of May." in (pages / "links-2/index.html").read_text()


# Liquid


def test_liquid_of_a_jekyll_site_does_not_reach_readers(operator):
    ferry = "---\ntitle: Ferry\nlayout: post\n---\nIt sails.\n"
    write(operator, "_posts/2026-01-02-ferry.md", ferry)
    text = (
        "---\ntitle: Tram\n---\n"
        "{% raw %}Braces: {{ x }}.{% endraw %} See [the ferry]({% link _posts/2026-01-02-ferry.md %}),\n"
        "{% include weather.html %}{{ site.mood }}and [the log]({{ site.repository }}/log).\n\n"
        "{% highlight ruby %}\ndef tram\nend\n{% endhighlight %}\n"
    )
    write(operator, "_posts/2026-01-03-tram.md", text)
    write(operator, "jinja.md", "---\ntitle: Jinja\n---\nWrite {{ x }} and {% raw %}.\n")
    imported = operator.run("import", "articles")
    assert imported.code == 0
    warned = [line.split(maxsplit=1)[1] for line in imported.out.splitlines() if "warned" in line]
    file = "articles/_posts/2026-01-03-tram.md"
    assert warned == [
        f"{file}:5: unknown Liquid: {{% include weather.html %}}",
        f"{file}:5: unknown Liquid: {{{{ site.mood }}}}",
        f"{file}:5: unknown Liquid: {{{{ site.repository }}}}",
    ]
    assert operator.run("build").code == 0
    page = (operator.folder / "feeds/articles/tram/index.html").read_text()
    summary = "Braces: {{ x }}. See the ferry, and the log."
    assert f'<meta property="og:description" content="{summary}">' in page
    assert '<a href="/articles/ferry/">the ferry</a>' in page
    assert ">def tram\nend</code></pre>" in page
    assert "{%" not in page
    assert "site." not in page
    feed = (operator.folder / "feeds/rss.xml").read_text()
    assert "/articles/ferry/" in feed
    assert "{% raw %}" in feed
    assert "{% link" not in feed
    jinja = (operator.folder / "feeds/articles/jinja/index.html").read_text()
    assert "Write {{ x }} and {% raw %}." in jinja


# what is no article


@pytest.mark.parametrize("name", ["export.xml", "export.json", "notes.txt", "posts.zip", "README"])
def test_a_named_file_that_is_no_article_is_refused_with_what_can_be_read(operator, name):
    write(operator, name, "<rss/>")
    imported = operator.run("import", f"articles/{name}", "articles/welcome.md")
    assert imported.code == 1
    refused, taken = imported.out.splitlines()
    expected = "no article; expected Markdown or HTML (.md, .markdown, .html, .htm)"
    assert refused == f"refused   articles/{name}: {expected}"
    assert taken == "new       articles/welcome.md"


def test_a_named_section_page_or_list_of_readers_is_refused_with_what_to_do(operator):
    write(operator, "_index.md", "---\ntitle: All\n---\n")
    write(operator, "readers.csv", "email\n")
    imported = operator.run("import", "articles/_index.md", "articles/readers.csv")
    assert imported.code == 1
    section, readers = imported.out.splitlines()
    assert section.endswith("articles/_index.md: a section's own page, not an article")
    assert readers.endswith("syndicate subscribers import")


def test_a_folder_without_an_article_is_refused_unless_it_is_empty(operator):
    for name in ("wordpress/a.xml", "wordpress/b/c.json", "ghost/export.json", "pictures/a.svg"):
        file = operator.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (operator.folder / "empty").mkdir()
    imported = operator.run("import", "wordpress", "ghost")
    assert imported.code == 1
    wordpress, ghost = imported.out.splitlines()
    assert "wordpress: no article in this folder, but 2 files (.json, .xml); expected" in wordpress
    assert "ghost: no article in this folder, but export.json; expected Markdown" in ghost
    assert operator.run("import", "empty", "pictures").code == 0


def test_files_of_other_kinds_beside_articles_are_mentioned(operator):
    write(operator, "old/export.xml", "<rss/>")
    imported = operator.run("import", "articles")
    assert imported.code == 0
    assert "files of other kinds were ignored: 1 (.xml)" in imported.err
