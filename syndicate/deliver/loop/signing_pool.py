"""Renders messages and has them signed: at once, or by threads where a signature takes long."""

import contextlib
import os
import threading
from collections.abc import Iterable, Sequence
from queue import SimpleQueue

from syndicate.deliver.loop.wakeup import Wakeup
from syndicate.deliver.message.dkim import sign_batch
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.outgoing_message import OutgoingMessage
from syndicate.errors import Refused

_MAX_THREADS = os.cpu_count() or 1


class SigningPool:
    """Renders messages a little ahead, in batches; threads sign them where that takes long.

    A thread only signs, which releases the interpreter lock: each time that threads take
    the lock from each other costs both of them. So a second thread starts only when the
    loop has to wait for a signature.
    """

    def __init__(self, links: SignedLinks) -> None:
        self._links = links
        self._batches: SimpleQueue[list[OutgoingMessage] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.waiting = False
        """Whether the next message isn't signed yet; `wakeup` reports when it is."""
        self.wakeup = Wakeup()

    def render(self, messages: Iterable[OutgoingMessage]) -> None:
        """Render up to BATCH_SIZE messages of one edition, and sign them if there is a key."""
        batch = [
            message for message in messages if not message.rendered and message.render(self._links)
        ]
        if batch and batch[0].prepared.slow:
            self._batches.put(batch)
            if not self._threads:
                self._start_thread()
        elif batch:
            _sign(batch)

    def finish(self, message: OutgoingMessage) -> bool:
        """Complete a rendered message; False where it isn't signed yet, see `waiting`."""
        if not message.ready:
            self.waiting = True
            if not message.ready:  # again: a thread may have signed it since
                if len(self._threads) < _MAX_THREADS:
                    with contextlib.suppress(RuntimeError):  # no more threads: those at work sign
                        self._start_thread()
                return False
            self.waiting = False
        message.finish()
        return True

    def close(self) -> None:
        """End each thread once the batches before are signed."""
        self.wakeup.close()
        for _ in self._threads:
            self._batches.put(None)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._sign_batches, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _sign_batches(self) -> None:
        while (batch := self._batches.get()) is not None:
            _sign(batch)
            if self.waiting:
                self.waiting = False
                self.wakeup.notify()


def _sign(messages: Sequence[OutgoingMessage]) -> None:
    """Sign rendered messages of one edition; one that can't be signed doesn't affect the others."""
    try:
        signatures = sign_batch([m.unsigned for m in messages if m.unsigned is not None])
    except Exception as error:  # noqa: BLE001 - one bad message never stops the others
        if len(messages) == 1:
            messages[0].refusal, messages[0].signatures = Refused(str(error)), ()
        else:
            for message in messages:
                _sign([message])
    else:
        for message, of_message in zip(messages, signatures, strict=True):
            message.signatures = of_message
