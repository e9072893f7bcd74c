"""Who polls and what is asked for, told from strings that anybody can write."""

import tracemalloc

import pytest

from syndicate.web.telemetry.counters import RequestKind, request_classifier
from syndicate.web.telemetry.feed_clients import FAMILIES, FeedClient, identify_client

REAL = {
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)": FeedClient(
        "Feedly", 16
    ),
    "Feedbin feed-id:1373711 - 142 subscribers": FeedClient("Feedbin", 142),
    "Feedbin feed-id:12345 - 1 subscriber": FeedClient("Feedbin", 1),
    "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 26 subscribers; )": FeedClient(
        "Inoreader", 26
    ),
    "Mozilla/5.0 (compatible; inoreader.com; 5 subscribers)": FeedClient("Inoreader", 5),
    "NewsBlur Feed Fetcher - 3 subscribers - http://www.newsblur.com/site/7/x (Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0.1 Safari/605.1.15)": FeedClient(
        "NewsBlur", 3
    ),
    "Mozilla/5.0 (compatible; theoldreader.com; 2 subscribers; feed-id=0719795c4d27c784217b0bc0)": FeedClient(
        "The Old Reader", 2
    ),
    "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 6 subscribers)": FeedClient(
        "BazQux", 6
    ),
    "Overcast/1.0 Podcast Sync (1190 subscribers; feed-id=554901; +http://overcast.fm/)": FeedClient(
        "Overcast", 1190
    ),
    "Feedfetcher-Google; (+http://www.google.com/feedfetcher.html; 1 subscribers; feed-id=13)": FeedClient(
        "FeedFetcher", 1
    ),
    "SomeReader/2.1 (1,204 readers)": FeedClient("other", 1204),
    "FreshRSS/1.28.0 (Linux; https://freshrss.org)": FeedClient("FreshRSS"),
    "Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)": FeedClient("Miniflux"),
    "NetNewsWire (RSS Reader; https://netnewswire.com/)": FeedClient("NetNewsWire"),
    "newsboat/2.36.0 (Linux x86_64)": FeedClient("Newsboat"),
    "Liferea/1.13.5 (Linux; en_US; https://lzone.de/liferea/)": FeedClient("Liferea"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0": FeedClient(
        "Thunderbird"
    ),
    "python-reader/3.20 (+https://github.com/lemon24/reader)": FeedClient("reader"),
    "rss2email/3.14 (https://github.com/rss2email/rss2email)": FeedClient("rss2email"),
    "feedparser/6.0.12 +https://github.com/kurtmckee/feedparser/": FeedClient("feedparser"),
    "Tiny Tiny RSS/24.02 (https://tt-rss.org/)": FeedClient("Tiny Tiny RSS"),
    "Akregator/5.24.0 (23.08.0); syndication": FeedClient("Akregator"),
    "Blogtrottr/2.0": FeedClient("Blogtrottr"),
    "Slackbot 1.0 (+https://api.slack.com/robots)": FeedClient("Slackbot"),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": FeedClient(
        "Googlebot"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": FeedClient("browser"),
    "curl/8.14.1": FeedClient("curl"),
    "Wget/1.25.0": FeedClient("Wget"),
    "python-requests/2.32.3": FeedClient("python-requests"),
    "": FeedClient("other"),
    "-": FeedClient("other"),
}


@pytest.mark.parametrize("agent", REAL)
def test_readers_are_known_by_what_they_say(agent):
    assert identify_client(agent.encode("latin-1")) == REAL[agent]


@pytest.mark.parametrize(
    "agent",
    [
        "Feedly/1.0 (999999999999999999999999 subscribers)",
        "Feedly/1.0 (-3 subscribers)" * 1000,
        "Feedly/1.0 (1e9 subscribers)",
        "Feedly/1.0 (²³ subscribers)",
        'Feedly"} 1\nsyndicate_up 7 (,,,, subscribers)',
        "Feedly/1.0 " + "1," * 50_000 + " subscribers",
    ],
)
def test_nonsense_about_subscribers_is_no_number_out_of_bounds(agent):
    poller = identify_client(agent.encode("latin-1"))
    assert poller.family == "Feedly"
    assert poller.subscribers is None or 0 <= poller.subscribers < 10**12


def test_whatever_clients_say_families_and_memory_are_bounded():
    tracemalloc.start()
    for number in range(5000):
        agent = f"Evil{number}/{number} ({number} subscribers)".encode()
        assert identify_client(agent).family in FAMILIES
        identify_client(agent * 1000)
    assert tracemalloc.get_traced_memory()[0] < 2_000_000
    tracemalloc.stop()
    assert identify_client(None) == FeedClient("other")
    assert identify_client(bytes(range(256))).family == "other"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", RequestKind.PAGE),
        ("/articles/tram/", RequestKind.PAGE),
        ("/articles/tram", RequestKind.PAGE),
        ("/articles/tram/amp/", RequestKind.AMP),
        ("/rss.xml", RequestKind.FEED),
        ("/feeds/city/atom.xml", RequestKind.FEED),
        ("/feed.json", RequestKind.FEED),
        ("/newsletters/breaking/atom.xml", RequestKind.FEED),
        ("/newsletters/breaking/feed.xml", RequestKind.FEED),
        ("/newsletters/breaking/", RequestKind.ACTING),
        ("/feeds/private/SECRET/rss.xml", RequestKind.PRIVATE_FEED),
        ("/sitemap.xml", RequestKind.SITEMAP),
        ("/sitemaps/pages.xml", RequestKind.SITEMAP),
        ("/media/1f2e.jpg", RequestKind.MEDIA),
        ("/assets/site.css", RequestKind.ASSET),
        ("/favicon.ico", RequestKind.ASSET),
        ("/unsubscribe/TOKEN", RequestKind.ACTING),
        ("/robots.txt", RequestKind.OTHER),
        ("/metrics", RequestKind.OTHER),
        ("/.env", RequestKind.OTHER),
        ("*", RequestKind.PAGE),
        ("", RequestKind.PAGE),
    ],
)
def test_a_path_is_of_a_kind_by_its_shape(path, kind):
    acting = {"newsletters", "unsubscribe"}
    classify = request_classifier(acting)
    assert classify(path) is kind
    assert classify(path) is kind, "by heart, too"


def test_paths_known_by_heart_are_few_and_short():
    classify = request_classifier()
    tracemalloc.start()
    for number in range(10_000):
        classify(f"/{number}")
        classify(f"/{number}" * 500)
    assert tracemalloc.get_traced_memory()[0] < 2_000_000
    tracemalloc.stop()
