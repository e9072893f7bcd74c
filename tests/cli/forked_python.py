"""Runs `-m MODULE …` as Python does, but in a fork of the fork server.

`CommandServer.write_python` writes it as a program, which starts in a fortieth of a Python's time.
SIGINT and SIGTERM reach the fork. It ends as the fork does.
"""

import json
import os
import signal
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_SEQPACKET, SOL_SOCKET, socket
from array import array

SERVER = b""
"""The address of its socket: to be written here."""


SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(option: str, *words: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until the fork can be signalled
    assert option == "-m", f"{option} {words}: a fork runs modules alone"
    status, theirs = os.pipe()
    environment = {**os.environ, "FORKED_PYTHON": sys.argv[0]}
    request = json.dumps([environment, os.getcwd(), False, *words]).encode()  # noqa: PTH109
    server = socket(AF_UNIX, SOCK_SEQPACKET)
    server.connect(SERVER)
    server.sendmsg([request], [(SOL_SOCKET, SCM_RIGHTS, array("i", [0, 1, 2, theirs]))])
    os.close(theirs)
    with os.fdopen(status) as said:
        pid = int(said.readline())
        for name in SIGNALS:
            signal.signal(name, lambda number, _: pass_on(pid, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        code = int(said.readline())
    if code < 0:
        if code != -signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def pass_on(pid: int, number: int) -> None:
    try:  # noqa: SIM105 - start-up
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it has ended, and its exit code is on its way


if __name__ == "__main__":
    main(*sys.argv[1:])
