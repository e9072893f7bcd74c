"""What a published page may load: ours, and whom the ads are let in from."""

import pytest

from syndicate.web.published.response_headers import build_policy


def directive(config, name):
    return dict(part.split(" ", 1) for part in build_policy(config).split("; "))[name]


def test_a_page_runs_our_own_scripts_and_no_others(publication):
    assert directive(publication(), "script-src") == "'self'"
    assert directive(publication(), "default-src") == "'none'"
    assert directive(publication(), "style-src") == "'self'"


def test_ads_load_from_the_hosts_that_the_config_names(publication):
    ads = {"header": "<script src='https://ads.example/a.js'></script>"}
    pages = {"embed_hosts": ["player.vimeo.com"]}
    config = publication(ads={**ads, "csp_sources": ["https://ads.example"]}, pages=pages)
    assert directive(config, "script-src") == "'self' https://ads.example"
    assert directive(config, "frame-src") == "https://player.vimeo.com https://ads.example"
    assert "'unsafe-inline'" in directive(config, "style-src")


def test_frames_are_those_of_the_hosts_that_articles_may_show(publication):
    assert "https://www.youtube-nocookie.com" in directive(publication(), "frame-src").split()
    below = publication(pages={"embed_hosts": ["*.example.org"]})
    assert directive(below, "frame-src") == "https://*.example.org"
    assert directive(publication(pages={"embed_hosts": ["*"]}), "frame-src") == "https:"
    assert directive(publication(pages={"embed_hosts": []}), "frame-src") == "'none'"
    assert directive(publication(), "media-src") == "'self' https:"


@pytest.mark.parametrize("host", ["a.example; script-src *", "https://a.example", "a b.example"])
def test_a_host_is_nothing_but_a_host(publication, host):
    with pytest.raises(ValueError, match="embed_hosts"):
        publication(pages={"embed_hosts": [host]})


@pytest.mark.parametrize("name", ["https://a.example; script-src *", "a b", "a\r\nb"])
def test_a_source_cannot_bring_a_directive_of_its_own(publication, name):
    with pytest.raises(ValueError, match="csp_sources"):
        publication(ads={"csp_sources": [name]})


@pytest.mark.neighbours
def test_pages_have_the_policy_and_amp_pages_have_amps_own_rules(web, publication):
    output = publication().output
    for name in ("index.html", "articles/dam/amp/index.html"):
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_text("<!doctype html><title>Post</title>")
    (output / "rss.xml").write_text("<rss/>")
    client = web()
    served = publication(web={"port": client.base_url.port})
    assert client.get("/").headers["content-security-policy"] == build_policy(served)
    assert "content-security-policy" not in client.get("/articles/dam/amp/").headers
    assert "content-security-policy" not in client.get("/rss.xml").headers


def test_the_forms_may_lead_to_another_host_than_the_pages(publication):
    config = publication(web={"url": "https://letters.example.org/post"})
    assert directive(config, "form-action") == "'self' https://letters.example.org"
    assert directive(publication(web={"url": "https://brïefe.example"}), "form-action").endswith(
        " https://xn--brefe-dta.example"
    )
    closed = publication(signup={"enabled": False}, web={"search": False})
    assert directive(closed, "form-action") == "'self'"
