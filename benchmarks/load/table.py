"""The figures as Markdown."""

import os
import platform

from benchmarks.load import protocols
from benchmarks.load.hits import Hits
from benchmarks.load.overload import FACTOR, Overload
from benchmarks.load.protocols import Cells, Gains
from benchmarks.load.timing import Load
from benchmarks.load.verdicts import Verdict


def markdown(hits: Hits, cells: Cells, gains: Gains, overload: Overload, judged: list[Verdict]) -> str:
    """The whole report: what was promised first."""
    lines = [f"Measured on {os.cpu_count()} cores ({platform.machine()}), clients on the same machine.", ""]
    lines += ["| promise | measured | kept |", "|---|---|---|"]
    lines += [f"| {each.promise} | {each.measured} | {'yes' if each.kept else '**no**'} |" for each in judged]
    lines += [
        "",
        f"Cached answers: {max(hits.service):.0f} a second in the best of {len(hits.service)} rounds, a bare FastAPI route "
        f"{max(hits.baseline):.0f}; median of the rounds' ratios {hits.share:.0%}.",
        "",
        f"New and cached requests of about {protocols.TOKENS} tokens:",
        "",
        "| protocol | requests | clients | per second | p50 ms | p95 ms | p99 ms | client's own CPU, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (protocol, kind, clients), load in cells.items():
        lines.append(f"| {protocol} | {kind} | {clients} | {_row(load)} | {_client_ms(load):.2f} |")
    lines += [
        "",
        "| tokens of a text | 1 client, per second | 32 clients, per second | gain |".replace(
            "32", str(protocols.CLIENTS[-1])
        ),
        "|---|---|---|---|",
    ]
    for tokens, (one, many) in gains.items():
        gain = many.throughput / one.throughput
        lines.append(f"| {tokens} | {one.throughput:.1f} | {many.throughput:.1f} | {gain:.2f} |")
    lines += ["", "| mixed lengths | per second | p50 ms | p95 ms | p99 ms |", "|---|---|---|---|---|"]
    lines.append(f"| capacity | {_row(overload.capacity)} |")
    lines.append(f"| low load | {_row(overload.low)} |")
    lines.append(f"| {FACTOR:g} times the capacity, accepted | {_row(overload.high)} |")
    lines += ["", f"Under overload requests were allowed to wait {overload.max_wait_ms} ms (`PROMPTPRESS_MAX_WAIT_MS`)."]
    return "\n".join([*lines, ""])


def _row(load: Load) -> str:
    shares = " | ".join(f"{load.milliseconds(share):.1f}" for share in (0.50, 0.95, 0.99))
    return f"{load.throughput:.1f} | {shares}"


def _client_ms(load: Load) -> float:
    return 1000 * load.client_cpu / max(1, len(load.requests))
