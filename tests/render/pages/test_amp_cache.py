"""Addresses in the AMP cache: what `@ampproject/toolbox-cache-url` 2.10.1 makes of the same."""

import pytest

from syndicate.render import amp_cache


@pytest.mark.parametrize(
    ("page", "cached"),
    [
        (
            "https://example.com/amp_document.html",
            "example-com.{}/c/s/example.com/amp_document.html",
        ),
        ("http://example.com/x", "example-com.{}/c/example.com/x"),
        ("https://EXAMPLE.org/Ab", "example-org.{}/c/s/example.org/Ab"),
        ("https://example-site.com/a?b=1", "example--site-com.{}/c/s/example-site.com/a?b=1"),
        ("https://a.b-c.de/", "a-b--c-de.{}/c/s/a.b-c.de/"),
        ("https://xn--57hw060o.com/", "xn---com-p33b41770a.{}/c/s/xn--57hw060o.com/"),
        (
            "https://xn--bcher-kva.example/x/",
            "xn--bcher-example-wob.{}/c/s/xn--bcher-kva.example/x/",
        ),
        ("https://bücher.example/x/", "xn--bcher-example-wob.{}/c/s/xn--bcher-kva.example/x/"),
        (
            "https://xn--fsqu00a.xn--0zwm56d/a",
            "xn----kb7ap09ad7r428a.{}/c/s/xn--fsqu00a.xn--0zwm56d/a",
        ),
        ("https://en-us.example.com/", "0-en--us-example-com-0.{}/c/s/en-us.example.com/"),
        ("https://a--b.example/", "0-a----b-example-0.{}/c/s/a--b.example/"),
    ],
)
def test_a_host_is_legible_in_the_cache(page, cached):
    assert amp_cache.address(page) == f"https://{cached.format('cdn.ampproject.org')}"


@pytest.mark.parametrize(
    ("host", "label"),
    [
        ("localhost", "jgla3zmib2ggq5buc4hwi5taloh6jlvzukddfr4zltz3vay5s5rq"),
        (
            "itsaverylongdomainnamethatgoesonandonandonforeverandeverandon.example.com",
            "lqnajifc4a3quoojzgitu36sfli426ttkcb5ypkaxuxv536gp5da",
        ),
        (
            "very-long-name-with-a-great-many-hyphens-in-it-at-all.example",
            "qvsg27hkuw2t6iwfhnrdssyo7iazqij2jouz5unkuxh57km6zj5a",
        ),
        ("en--us.example", "nedfbpv6a7jdqoc2w4uac7ri7bn5d4ufe6wfmslqjhcutyrmceyq"),
        ("xn--mgbh0fb.example", "is6r6po7orwjjwymk6ezosdnzpkmdeon7d5ctrtbbxztmxckkkkq"),
    ],
)
def test_a_host_that_cannot_be_legible_is_a_hash(host, label):
    assert amp_cache.subdomain(host) == label
