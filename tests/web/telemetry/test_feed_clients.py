"""Who polls and what is asked for, told from strings that anybody can write."""

import pytest

from syndicate.web.telemetry.feed_clients import FAMILIES, Poller, Pollers, poller_of
from syndicate.web.telemetry.request_kinds import Kind, Kinds, kind_of

REAL = {
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)": Poller(
        "Feedly", 16
    ),
    "Feedbin feed-id:1373711 - 142 subscribers": Poller("Feedbin", 142),
    "Feedbin feed-id:12345 - 1 subscriber": Poller("Feedbin", 1),
    "Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 26 subscribers; )": Poller(
        "Inoreader", 26
    ),
    "Mozilla/5.0 (compatible; inoreader.com; 5 subscribers)": Poller("Inoreader", 5),
    "NewsBlur Feed Fetcher - 3 subscribers - http://www.newsblur.com/site/7/x (Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0.1 Safari/605.1.15)": Poller(
        "NewsBlur", 3
    ),
    "Mozilla/5.0 (compatible; theoldreader.com; 2 subscribers; feed-id=0719795c4d27c784217b0bc0)": Poller(
        "The Old Reader", 2
    ),
    "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 6 subscribers)": Poller(
        "BazQux", 6
    ),
    "Overcast/1.0 Podcast Sync (1190 subscribers; feed-id=554901; +http://overcast.fm/)": Poller(
        "Overcast", 1190
    ),
    "Feedfetcher-Google; (+http://www.google.com/feedfetcher.html; 1 subscribers; feed-id=13)": Poller(
        "FeedFetcher", 1
    ),
    "SomeReader/2.1 (1,204 readers)": Poller("other", 1204),
    "FreshRSS/1.28.0 (Linux; https://freshrss.org)": Poller("FreshRSS"),
    "Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)": Poller("Miniflux"),
    "NetNewsWire (RSS Reader; https://netnewswire.com/)": Poller("NetNewsWire"),
    "newsboat/2.36.0 (Linux x86_64)": Poller("Newsboat"),
    "Liferea/1.13.5 (Linux; en_US; https://lzone.de/liferea/)": Poller("Liferea"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0": Poller(
        "Thunderbird"
    ),
    "python-reader/3.20 (+https://github.com/lemon24/reader)": Poller("reader"),
    "rss2email/3.14 (https://github.com/rss2email/rss2email)": Poller("rss2email"),
    "feedparser/6.0.12 +https://github.com/kurtmckee/feedparser/": Poller("feedparser"),
    "Tiny Tiny RSS/24.02 (https://tt-rss.org/)": Poller("Tiny Tiny RSS"),
    "Akregator/5.24.0 (23.08.0); syndication": Poller("Akregator"),
    "Blogtrottr/2.0": Poller("Blogtrottr"),
    "Slackbot 1.0 (+https://api.slack.com/robots)": Poller("Slackbot"),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": Poller("Googlebot"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": Poller("browser"),
    "curl/8.14.1": Poller("curl"),
    "Wget/1.25.0": Poller("Wget"),
    "python-requests/2.32.3": Poller("python-requests"),
    "": Poller("other"),
    "-": Poller("other"),
}


@pytest.mark.parametrize("agent", REAL)
def test_readers_are_known_by_what_they_say(agent):
    assert poller_of(agent) == REAL[agent]
    assert Pollers().of(agent.encode("latin-1")) == REAL[agent]


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
    poller = Pollers().of(agent.encode("latin-1"))
    assert poller.family == "Feedly"
    assert poller.subscribers is None or 0 <= poller.subscribers < 10**12


def test_whatever_clients_say_families_and_memory_are_bounded():
    pollers = Pollers()
    for number in range(5000):
        agent = f"Evil{number}/{number} ({number} subscribers)".encode()
        assert pollers.of(agent).family in FAMILIES
        pollers.of(agent * 1000)
    assert len(pollers._known) <= 1024
    assert max(map(len, pollers._known)) <= 400
    assert pollers.of(None) == Poller("other")
    assert pollers.of(bytes(range(256))).family == "other"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", Kind.PAGE),
        ("/articles/tram/", Kind.PAGE),
        ("/articles/tram", Kind.PAGE),
        ("/articles/tram/amp/", Kind.AMP),
        ("/rss.xml", Kind.FEED),
        ("/feeds/city/atom.xml", Kind.FEED),
        ("/feed.json", Kind.FEED),
        ("/newsletters/breaking/atom.xml", Kind.FEED),
        ("/newsletters/breaking/feed.xml", Kind.FEED),
        ("/newsletters/breaking/", Kind.ACTING),
        ("/feeds/private/SECRET/rss.xml", Kind.PRIVATE_FEED),
        ("/sitemap.xml", Kind.SITEMAP),
        ("/sitemaps/pages.xml", Kind.SITEMAP),
        ("/media/1f2e.jpg", Kind.MEDIA),
        ("/assets/site.css", Kind.ASSET),
        ("/favicon.ico", Kind.ASSET),
        ("/unsubscribe/TOKEN", Kind.ACTING),
        ("/robots.txt", Kind.OTHER),
        ("/metrics", Kind.OTHER),
        ("/.env", Kind.OTHER),
        ("*", Kind.PAGE),
        ("", Kind.PAGE),
    ],
)
def test_a_path_is_of_a_kind_by_its_shape(path, kind):
    acting = {"newsletters", "unsubscribe"}
    assert kind_of(path, acting) is kind
    kinds = Kinds(acting)
    assert kinds.of(path) is kind
    assert kinds.of(path) is kind, "by heart, too"


def test_paths_known_by_heart_are_few_and_short():
    kinds = Kinds()
    for number in range(10_000):
        kinds.of(f"/{number}")
        kinds.of(f"/{number}" * 500)
    assert len(kinds._known) <= 4096
    assert max(map(len, kinds._known)) <= 200
