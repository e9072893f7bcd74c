"""DNS for tests: a table to ask, and the same table behind a real server on the loopback."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from syndicate.deliver.doctor.dns_records import Resolver
from syndicate.errors import CallFailed

BROKEN = ["SERVFAIL"]
"""In place of records: no answer comes."""


class Zone(Resolver):
    """What DNS holds, by name and kind; it notes what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[tuple[str, str], list[str]] = {}
        self.asked: list[tuple[str, str]] = []

    def put(self, name: str, kind: str, *values: str) -> None:
        self.records[name, kind] = list(values)

    def ask(self, name: str, kind: str) -> list[str]:
        self.asked.append((name, kind))
        found = self.records.get((name.lower(), kind), [])
        if found == BROKEN:
            raise CallFailed(f"DNS gave no answer for {name} {kind}")
        return list(found)

    def exists(self, name: str) -> bool:
        """Whether there is a name, or one below it (RFC 8020)."""
        if self.records.get((name.lower(), "TXT")) == BROKEN:
            raise CallFailed(f"DNS gave no answer for {name}")
        return any(f".{known}".endswith(f".{name.lower()}") for known, _ in self.records)


@contextlib.contextmanager
def served(zone: Zone) -> Iterator[int]:
    """Answer for a zone by UDP (RFC 1035); the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer, args=(door, zone), daemon=True)
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.sendto(b"", door.getsockname())
            thread.join(60)


def _answer(door: socket.socket, zone: Zone) -> None:
    while True:
        asked, sender = door.recvfrom(4096)
        if not asked:
            return
        query = dns.message.from_wire(asked)
        answer = dns.message.make_response(query)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        try:
            values = zone.ask(name, kind)
        except CallFailed:
            answer.set_rcode(dns.rcode.SERVFAIL)
        else:
            if not values and not zone.exists(name):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if values:
                written = [_written(kind, value) for value in values]
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *written))
        door.sendto(answer.to_wire(), sender)


def _written(kind: str, value: str) -> str:
    if kind == "TXT":
        strings = (value[at : at + 255] for at in range(0, len(value), 255))
        return " ".join(f'"{each}"' for each in strings)
    return value if kind in {"A", "AAAA"} else f"{value}."
