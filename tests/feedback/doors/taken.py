"""What the tests of doors hand messages to."""

from syndicate.feedback.doors.door import Disposal


class Taken(list[bytes]):
    """Takes messages, and remembers them; they are done unless it is given something else."""

    def __init__(self, *disposals: Disposal) -> None:
        super().__init__()
        self.disposals = list(disposals)

    def __call__(self, raw: bytes) -> Disposal:
        self.append(raw.replace(b"\r\n", b"\n"))
        return self.disposals.pop(0) if self.disposals else Disposal.DONE
