"""Requests as fast as a server answers them, by wrk, over connections that are kept."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Served

CONNECTIONS = 16
_ANSWERED = re.compile(r"(\d+) requests in ")
_A_SECOND = re.compile(r"Requests/sec:\s+([\d.]+)")
_WRONG = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_BROKEN = re.compile(r"Socket errors: .*")
_MANY = """\
-- Every request is another: path, reader, coding, and what it says it has.
local paths = {{ {paths} }}
local codings = {{ "gzip", "br, gzip;q=0.5", "identity", "*;q=0" }}
local count = 0
function init(args) count = tonumber(args[1]) end
function request()
  count = count + 1
  local path = paths[count % #paths + 1]
  if count % 5 == 0 then path = "/missing-" .. count .. "/" end
  return wrk.format("GET", path .. "?utm_source=" .. count, {{
    ["User-Agent"] = "Reader-" .. count .. "/1.0 (feed-id:" .. count .. "; 12 subscribers)",
    ["Accept-Encoding"] = codings[math.floor(count / #paths) % #codings + 1],
    ["If-None-Match"] = count % 3 == 0 and ('"' .. count .. '"') or nil,
  }})
end
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server did under load."""

    a_second: float
    requests: int
    computed: float
    """Seconds of processor per request."""


def press(served: Served, path: str, headers: dict[str, str], seconds: int) -> Answered:
    """Ask the same again and again; end the measurement where an answer is none."""
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    answered, said = _wrk(served, [*words, f"http://127.0.0.1:{served.port}{path}"], seconds)
    wrong = _WRONG.search(said)
    if wrong or not answered.requests:
        raise SystemExit(f"{served.name} {path}: {wrong[0] if wrong else said}")
    return answered


def press_with_many(served: Served, script: Path, requests: int, first: int = 0) -> int:
    """Ask for `requests` different things at least; return how many it were."""
    done = 0
    while done < requests:
        words = ["-s", str(script), f"http://127.0.0.1:{served.port}", "--", str(first + done)]
        done += _wrk(served, words, 1)[0].requests
    return done


def write_script(script: Path, paths: Sequence[str]) -> None:
    """Write what `press_with_many` asks: these paths, and every fifth that isn't there."""
    script.write_text(_MANY.format(paths=", ".join(f'"{path}"' for path in paths)), "utf-8")


def _wrk(served: Served, words: Sequence[str], seconds: int) -> tuple[Answered, str]:
    before = served.computed()
    said = subprocess.run(
        ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *words),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    computed = served.computed() - before
    requests, a_second = _ANSWERED.search(said), _A_SECOND.search(said)
    broken = _BROKEN.search(said)
    if broken or not requests or not a_second:
        raise SystemExit(f"{served.name}: {broken[0] if broken else said}")
    count = int(requests[1])
    return Answered(float(a_second[1]), count, computed / max(count, 1)), said
