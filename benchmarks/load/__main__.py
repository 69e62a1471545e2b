"""Load: what the running service carries, and what it does when that is too much.

    make bench-load SECONDS=30

Starts the service with its defaults, writes load.json, load.md and load.png into benchmarks/results/, and exits 1 naming
each promise that was not kept.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import orjson

from benchmarks.load import hits, overload, plot, protocols, table
from benchmarks.load.servers import Service
from benchmarks.load.verdicts import verdicts

RESULTS = Path(__file__).parents[1] / "results"
_PATIENT = {"PROMPTPRESS_MAX_WAIT_MS": "600000"}
"""For measuring throughput with more clients than the default would let wait."""


def main() -> int:
    """Command line entry point; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seconds", type=float, default=30, help="of overload, and of low load; other parts take a part of it"
    )
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    return asyncio.run(run(arguments.seconds, arguments.output))


async def run(seconds: float, output: Path) -> int:
    """Measure everything and write it down; 1 when a promise was not kept."""
    with Service() as service:
        cached = await hits.measure(service, seconds / 3)
        _say(f"cached answers: {cached.share:.0%} of a bare FastAPI route")
    heavy = await overload.measure(seconds, _say)
    _say(f"overload: p99 of accepted requests {heavy.slowdown:.2f} times that of low load")
    with Service(_PATIENT) as service:
        cells = await protocols.measure(service, seconds / 7, _say)
        gains = await protocols.gains(service, seconds / 5, _say)
    answers = [each.answer for each in heavy.high.requests]
    judged = verdicts(cached.share, answers, heavy)
    output.mkdir(parents=True, exist_ok=True)
    figures = {
        "hits": cached.figures(),
        "protocols": [
            {"protocol": protocol, "requests": kind, "clients": clients, **load.summary()}
            for (protocol, kind, clients), load in cells.items()
        ],
        "gains": [{"tokens": tokens, "one": one.summary(), "many": many.summary()} for tokens, (one, many) in gains.items()],
        "overload": heavy.figures(),
        "promises": judged,
    }
    (output / "load.json").write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    markdown = table.markdown(cached, cells, gains, heavy, judged)
    (output / "load.md").write_text(markdown)
    plot.draw(cells, heavy, output / "load.png")
    sys.stdout.write(markdown)
    for each in judged:
        if not each.kept:
            sys.stderr.write(f"not kept: {each.promise}: {each.measured}\n")
    return 0 if all(each.kept for each in judged) else 1


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
