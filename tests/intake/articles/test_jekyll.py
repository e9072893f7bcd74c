"""Liquid in the files of a Jekyll site: what it means, and what is left out."""

import os

import pytest

from syndicate.intake.articles.jekyll import JekyllSite
from syndicate.intake.articles.liquid_reader import read_liquid


def filed(articles, body, name="_posts/2026-03-01-tram.md", **head):
    outcome = articles.import_one(articles.add(name, body, **head))
    assert outcome.outcome == "new", outcome.reason
    return articles.by_slug("tram"), outcome.warnings


def body(articles, text, **how):
    article, warnings = filed(articles, text, **how)
    assert warnings == ()
    return article.body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "<p>{{ x }} {% y %}</p>"),
        ("`{% raw %}{{ x }}{% endraw %}`", "<p><code>{{ x }}</code></p>"),
        ("A {%- raw -%} {{ x }} {%- endraw -%} b", "<p>A {{ x }}  b</p>"),
        ("A{% comment %} {{ x }} {% endcomment %} b{% # c %}", "<p>A b</p>"),
        ("{{ page.title }} {{page.version}} {{ 'a' | upcase }}", "<p>Tram 1.2 A</p>"),
        ("[a]({{ site.baseurl }}/b)", '<p><a href="/b">a</a></p>'),
        ("[a]({{ '/b' | relative_url }})", '<p><a href="/b">a</a></p>'),
        ("[a]({{ '/b' | prepend: site.url }})", '<p><a href="/b">a</a></p>'),
        ("{{ 'a' | append: 'b' }}{{ 'c' | prepend: 'd' }}", "<p>abdc</p>"),
        ("{% assign x = '/b' %}[a]({{ x }})", '<p><a href="/b">a</a></p>'),
        ("{{ site.title | escape }}", "<p>Morning Post</p>"),
        ("x {{ y", "<p>x {{ y</p>"),
        ("x {% y", "<p>x {% y</p>"),
    ],
)
def test_what_jekyll_means_is_understood(articles, text, expected):
    assert body(articles, text, version="'1.2'") == expected


def test_the_publications_address_stands_for_the_sites(articles):
    url = articles.config.publication.model_copy(update={"url": "https://post.example/news"})
    articles.config = articles.config.model_copy(update={"publication": url})
    text = "[a]({{ '/b' | absolute_url }}) [b]({{ site.url }}{{ site.baseurl }}/c) {{ site.url }}"
    shown = body(articles, text)
    assert shown.count("https://post.example/news/") == 2
    assert shown.endswith("https://post.example</p>")


def test_links_to_posts_lead_to_their_articles(articles):
    articles.add("_posts/2026-01-02-ferry.md", title="Ferry", slug="the-ferry")
    text = (
        "[a]({% link _posts/2026-01-02-ferry.md %}) [b]({% post_url 2026-01-02-ferry %}#c) "
        "[d]({% post_url 2019-01-02-gone %})"
    )
    ferry = "article:articles/_posts/2026-01-02-ferry.md"
    assert body(articles, text) == (
        f'<p><a href="{ferry}">a</a> <a href="{ferry}#c">b</a> <a href="../gone/">d</a></p>'
    )


def test_what_is_linked_but_no_file_is_not_waited_for(articles):
    folder = articles.config.root / "articles" / "_posts"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "2026-01-02-ferry.md")
    os.mkfifo(folder.parent / "_config.yml")
    shown = body(articles, "[a]({% link _posts/2026-01-02-ferry.md %}) {{ site.title }}")
    assert shown == '<p><a href="../ferry/">a</a> Morning Post</p>'


@pytest.mark.parametrize("path", ["_docs/history.md", "../../etc/passwd", "_posts/../../x.md", "a"])
def test_a_link_to_what_is_no_post_keeps_its_words_alone(articles, path):
    article, warnings = filed(articles, f"[a]({{% link {path} %}}#b) [c]({{% post_url {path} %}})")
    assert (article.body, len(warnings)) == ("<p>a c</p>", 2)


@pytest.mark.parametrize(
    "text",
    [
        "{% highlight ruby linenos %}\ndef a\n  *b* < c\n\n~~~\nend\n{% endhighlight %}",
        "<div>\n{% highlight ruby %}\ndef a\n  *b* < c\n\n~~~\nend\n{% endhighlight %}\n</div>",
        "Text {% highlight ruby %}def a\n  *b* < c\n\n~~~\nend{% endhighlight %}",
        "> {% highlight ruby %}\n> def a\n>   *b* < c\n>\n> ~~~\n> end\n> {% endhighlight %}",
        "1. {% highlight ruby %}\n   def a\n     *b* < c\n\n   ~~~\n   end\n   {% endhighlight %}",
        "- x\n\n  {% highlight ruby %}\ndef a\n  *b* < c\n\n~~~\nend\n  {% endhighlight %}\n- y",
    ],
)
def test_highlighted_code_keeps_its_lines_wherever_it_is(articles, text):
    code = "def a\n  *b* &lt; c\n\n~~~\nend"
    assert f'<pre><code class="language-ruby">{code}</code></pre>' in body(articles, text)


def test_code_in_which_liquid_is_shown_is_shown(articles):
    text = "{% highlight liquid %}{% raw %}\n{{ x }}\n{% endraw %}{% endhighlight %}"
    assert ">{{ x }}</code>" in body(articles, text)


def test_figures_and_players_of_a_theme_are_understood(articles):
    src = "https://pictures.example/tram.jpg"
    shown = body(
        articles,
        f'{{% include figure.html src="{src}" alt="A tram" caption="At \'Old\' Bridge" %}}\nText.\n\n'
        '{% include video id="XsxDH4HcOWA" provider="youtube" %}\n\n'
        "{% youtube XsxDH4HcOWA %}\n\n{% include vimeo.html id=76979871 %}\n\n"
        '{% include video.html\n   src="https://video.example/tram.mp4" %}\n',
    )
    assert f'src="{src}" alt="A tram"' in shown
    assert "At &#39;Old&#39; Bridge" in shown or "At 'Old' Bridge" in shown
    assert "<p>Text.</p>" in shown
    assert shown.count("youtube") == 2
    assert "player.vimeo.com/video/76979871" in shown
    assert "https://video.example/tram.mp4" in shown


def test_the_rest_is_left_out_and_warned_about_once_with_its_line(articles):
    article, warnings = filed(
        articles,
        "\nThe {% include ad.html %}tram {{ page.mood }}is `{{ x }}` back.\n\n"
        "{{ page.mood }} See [the log]({{ site.repo }}/log) and [1].\n\n"
        "```\n{{ z }}\n```\n\n[1]: {{ site.repo }}/1\n",
    )
    assert article.body == (
        "<p>The tram is <code>{{ x }}</code> back.</p>\n<p>See the log and 1.</p>\n"
        "<pre><code>{{ z }}\n</code></pre>"
    )
    assert article.excerpt == "The tram is back. See the log and 1."
    file = "articles/_posts/2026-03-01-tram.md"
    assert warnings == (
        f"{file}:5: unknown Liquid: {{% include ad.html %}}",
        f"{file}:5: unknown Liquid: {{{{ page.mood }}}}",
        f"{file}:5: unknown Liquid: {{{{ x }}}}",
        f"{file}:7: unknown Liquid: {{{{ site.repo }}}}",
        f"{file}:10: unknown Liquid: {{{{ z }}}}",
    )


def test_what_a_sites_config_says_is_known(articles):
    articles.write(
        "_config.yml", "---\nrepository: https://code.example/tram\nurl: https://old.example\n"
    )
    text = "[log]({{ site.repository }}/log) {{ site.url }}"
    assert body(articles, text) == '<p><a href="https://code.example/tram/log">log</a></p>'


def test_an_html_post_is_read_too_and_a_layout_makes_one(articles):
    shown = body(articles, "<p>{% raw %}{{ x }}{% endraw %}</p>", name="tram.html", layout="post")
    assert shown == "<p>{{ x }}</p>"


def test_a_story_about_jinja_stays_as_it_is(articles):
    text = "{{ x }} {% raw %} {% link y %}"
    article, warnings = filed(articles, text, name="tram.md")
    assert (article.body, warnings) == (f"<p>{text}</p>", ())


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 200_000,
        "{%" * 200_000,
        "{{ x }}" * 50_000,
        "[a]({{ x }}" * 40_000,
        "](" + "{{ x }}" * 50_000,
        "{{ x" + " " * 400_000,
        "{% raw %}" * 50_000,
        "{% comment %}" * 50_000,
        "{% highlight c %}" * 30_000,
        "{% highlight c %}x{% endhighlight %}" * 20_000,
        "{% highlight c %}" * 1_000 + "<" + "{% endhighlight %}" * 1_000,
        "`{{ x }}" * 50_000,
        "```\n{{ x }}\n" * 30_000,
        "x " * 100_000 + "{{- x -}}" * 40_000,
        "{% include a" + ' a="b"' * 60_000,
        "{{ a" + "|" * 300_000 + "}}",
        "".join(f"`{{{{ x{n} }}}}` " for n in range(30_000)),
    ],
)
def test_tags_that_mean_no_good_are_read_in_passing(tmp_path, text):
    assert read_liquid(text, {}, JekyllSite(tmp_path / "_posts" / "a.md"))


@pytest.mark.parametrize(
    "tag", ["{{ }}", "{{ | }}", "{% link %}", "{% post_url %}", "{%- link -%}"]
)
def test_a_tag_that_names_nothing_is_left_out_with_a_warning(articles, tag):
    file = articles.write(
        "_posts/2020-01-01-tram.md", f"---\ntitle: Tram\n---\nBefore {tag} after\n"
    )
    filed = articles.import_one(file)
    assert filed.traceback == ""
    assert any("unknown Liquid" in warning for warning in filed.warnings)
    assert "{" not in articles.only().body
