"""Messages through a real Postfix with its own queue: each arrives, and none twice.

python -m bench.postfix [MESSAGES] [--connections N]

A Postfix of our own, on a port of the loopback and with its queue on the disk, takes an
edition from us and passes it on to a sink that writes down each Message-ID. It is Debian's as
it comes, and needs root to be started. Ends with 1 where one is lost or comes twice.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import ledgers, messages, yardsticks
from bench.ledgers import Ledger
from bench.servers import free_port
from bench.sink import Manner, Sink, running

STUCK_AFTER = 60.0
"""Seconds without another arrival after which what is missing is taken for lost."""
_PLACES, _HTML = messages.markers()[: len(messages.PLACEHOLDERS)], 3_000
"""What makes a message of about 5 KB."""
_MAIN = """\
compatibility_level = 3.6
queue_directory = {work}/queue
data_directory = {work}/data
maillog_file = {work}/maillog
maillog_file_prefixes = {work}
myhostname = relay.example.org
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
relayhost = [127.0.0.1]:{onward}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n  -  n  -  0  cleanup
qmgr      unix  n  -  n  {wakeup}  1  qmgr
rewrite   unix  -  -  n  -  -  trivial-rewrite
bounce    unix  -  -  n  -  0  bounce
defer     unix  -  -  n  -  0  bounce
trace     unix  -  -  n  -  0  bounce
verify    unix  -  -  n  -  1  verify
flush     unix  n  -  n  1000?  0  flush
proxymap  unix  -  -  n  -  -  proxymap
smtp      unix  -  -  n  -  -  smtp
virtual   unix  -  n  n  -  -  virtual
relay     unix  -  -  n  -  -  smtp
showq     unix  n  -  n  -  -  showq
error     unix  -  -  n  -  -  error
retry     unix  -  -  n  -  -  error
discard   unix  -  -  n  -  -  discard
anvil     unix  -  -  n  -  1  anvil
scache    unix  -  -  n  -  1  scache
postlog   unix-dgram n - n -  1  postlogd
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("messages", type=int, nargs="?", default=100_000)
    parser.add_argument("--connections", type=int, default=10)
    wanted = parser.parse_args()
    if why := missing():
        print(f"skipped: {why}")
        return
    yardsticks.end_in_order()
    with tempfile.TemporaryDirectory(prefix="bench-postfix-") as name:
        folder = Path(name)
        said = messages.content(_PLACES, _HTML)
        ledger = Ledger.make(folder / "ledger", ledgers.FILE, wanted.messages, said)
        size = len(messages.prepare("news", _PLACES, _HTML).whole(1))
        with (
            running(folder / "arrived", Manner(wait=(0, 0))) as sink,
            postfix(sink.port) as (port, _),
        ):
            print(yardsticks.describe_flushes([yardsticks.flush(folder)]), flush=True)
            sent = ledger.send(port, wanted.connections)
            print(
                f"{sent.count:,} of {size:,} bytes accepted, {sent.rate:,.0f} a second "
                f"over {wanted.connections} connections",
                flush=True,
            )
            await_all(sink, wanted.messages)
            sys.exit(verdict(sink, wanted.messages))


def missing() -> str:
    """Say why nothing can be measured; empty where it can."""
    if yardsticks.tool("postfix") is None:
        return "Debian's postfix is not installed"
    return "" if os.geteuid() == 0 else "only root may start a Postfix"


@contextmanager
def postfix(
    onward: int, *, settings: str = "", services: str = "", wakeup: int = 300
) -> Iterator[tuple[int, Path]]:
    """Run a Postfix that passes everything on to a port; yield its own, and its folder.

    `settings` and `services` are added to its main.cf and master.cf; in settings, `{work}` is the
    folder. It looks at its queue each `wakeup` seconds.
    """
    port = free_port()
    # the parent is to be passable for Postfix's own user
    with tempfile.TemporaryDirectory(prefix="postfix-") as name:
        work = Path(name)
        work.chmod(0o755)
        (work / "queue").mkdir()
        main = f"{_MAIN}{settings}".format(work=work, onward=onward)
        (work / "main.cf").write_text(main, encoding="ascii")
        master = _MASTER.format(port=port, wakeup=wakeup) + services
        (work / "master.cf").write_text(master, encoding="ascii")
        _control(work, "start")
        try:
            yield port, work
        finally:
            _control(work, "stop")


def _control(work: Path, word: str) -> None:
    command = (yardsticks.tool("postfix") or "postfix", "-c", str(work), word)
    with (work / "control").open("w+b") as output:  # no pipe: its daemons would hold it open
        code = subprocess.run(command, check=False, stdout=output, stderr=output).returncode
    if code:
        raise SystemExit(f"{' '.join(command)}: exit {code}\n{(work / 'control').read_text()}")


def await_all(sink: Sink, messages: int) -> None:
    """Wait until as many came, and a little longer for what comes twice, or nothing does."""
    count, since = sink.count(), time.monotonic()
    while count < messages and time.monotonic() - since < STUCK_AFTER:
        time.sleep(0.2)
        before, count = count, sink.count()
        if count > before:
            since = time.monotonic()
    time.sleep(3)


def verdict(sink: Sink, messages: int) -> int:
    """Print how many arrived, were lost and came twice; return 1 where any was or did."""
    arrived = Counter(each.message_id for each in sink.arrivals())
    lost, again = messages - len(arrived), arrived.total() - len(arrived)
    print(f"{len(arrived):,} of {messages:,} arrived: {lost:,} lost, {again:,} repeated")
    return int(lost != 0 or again != 0)


if __name__ == "__main__":
    main()
