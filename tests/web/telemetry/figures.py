"""The figures of a publication on the web, as Prometheus reads them."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from syndicate import clock

NOW = clock.now()
FEEDLY = {"user-agent": "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; x)"}
RSS = b"<?xml version='1.0'?><rss version='2.0'>" + b"<!-- news -->" * 200 + b"</rss>"


def publish(folder, **files):
    """Put files into the output, as a build would; `__` stands for a slash, `_` for a dot."""
    for name, body in {"index_html": b"<p>home", "rss_xml": RSS, **files}.items():
        file = folder / "feeds" / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


class Seen(dict[frozenset[str], float]):
    """Every sample, found by its name and the values of its labels in any order; -1 is none."""

    def __call__(self, *named: str) -> float:
        return self.get(frozenset(named), -1)


def metrics(client: httpx.Client, **headers: str) -> Seen:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return Seen(
        {
            frozenset({sample.name, *sample.labels.values()}): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
    )
