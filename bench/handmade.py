"""A sender as it is written by hand: Jinja and EmailMessage for each reader, smtplib in threads.

python -m bench.handmade PORT CONNECTIONS COUNT

It keeps no ledger. Each connection is kept for all of its messages.
"""

import argparse
import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench import messages, passes
from syndicate.deliver.message.message import Recipient


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("port", "connections", "count"):
        parser.add_argument(name, type=int)
    wanted = parser.parse_args()
    news = messages.prepare("news", messages.markers())
    write = messages.plainly(messages.content(messages.expressions()))
    shares = [range(n, wanted.count, wanted.connections) for n in range(wanted.connections)]

    def send_all() -> int:
        with ThreadPoolExecutor(wanted.connections) as threads:
            return sum(threads.map(lambda share: send(wanted.port, share, news, write), shares))

    passes.tell(send_all)


def send(
    port: int, share: range, news: messages.Prepared, write: Callable[[Recipient], bytes]
) -> int:
    """Send each reader of a share their message over one connection; return how many."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as smtp:
        for number in share:
            reader = news.reader(number)
            smtp.sendmail("news@example.org", [reader.email], write(reader))
    return len(share)


if __name__ == "__main__":
    main()
