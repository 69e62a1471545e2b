"""The benchmark's outcomes as a Markdown table."""

import statistics
from collections import defaultdict
from collections.abc import Callable

from benchmarks.quality.intervals import bootstrap_interval
from benchmarks.quality.outcome import Outcome

_OF_SUMMARIES: tuple[tuple[str, Callable[[Outcome], float | None]], ...] = (
    ("Summaries: ROUGE-L recall of the reference", lambda outcome: outcome.rouge_l),
    ("Summaries: names and numbers of the reference that are kept", lambda outcome: outcome.entities),
)


def markdown(outcomes: list[Outcome], form: str = "documents") -> str:
    """A row for each data set, a column for each method: share kept at each ratio, then times and violations."""
    methods = list(dict.fromkeys(outcome.method for outcome in outcomes))
    lines = _table(outcomes, f"Answers kept, sent as {form}", lambda outcome: outcome.kept)
    lines.append("| median ms, new documents | | " + " | ".join(_median_ms(outcomes, m, cold=True) for m in methods) + " |")
    if any(not outcome.cold for outcome in outcomes):
        lines.append(
            "| median ms, seen documents | | " + " | ".join(_median_ms(outcomes, m, cold=False) for m in methods) + " |"
        )
    lines += ["", *_intervals(outcomes, methods[0])]
    broken = sum(outcome.violation is not None for outcome in outcomes)
    for title, measure in _OF_SUMMARIES:
        if any(measure(outcome) is not None for outcome in outcomes):
            lines += ["", *_table(outcomes, title, measure)]
    lines += ["", f"{len(outcomes)} results, {broken} broken promises (counts, budget, spans, characters).", ""]
    return "\n".join(lines)


def _table(outcomes: list[Outcome], title: str, measure: Callable[[Outcome], float | None]) -> list[str]:
    methods = list(dict.fromkeys(outcome.method for outcome in outcomes))
    ratios = list(dict.fromkeys(outcome.ratio for outcome in outcomes))
    scores: dict[tuple[str, str, float], list[float]] = defaultdict(list)
    for outcome in outcomes:
        value = measure(outcome)
        if value is not None:
            scores[outcome.dataset, outcome.method, outcome.ratio].append(value)
    datasets = [d for d in dict.fromkeys(o.dataset for o in outcomes) if any(key[0] == d for key in scores)]
    means = {key: statistics.fmean(values) for key, values in scores.items()}
    lines = [
        f"{title} at ratios {', '.join(f'{ratio:g}' for ratio in ratios)}; bold: best at that ratio.",
        "",
        "| data set | items | " + " | ".join(f"`{method}`" for method in methods) + " |",
        "|---" * (len(methods) + 2) + "|",
    ]
    for dataset in datasets:
        cells = [_cell(means, dataset, method, methods, ratios) for method in methods]
        items = len(scores[dataset, methods[0], ratios[0]])
        lines.append(f"| {dataset} | {items} | " + " | ".join(cells) + " |")
    overall = {("", m, r): statistics.fmean(means[d, m, r] for d in datasets) for m in methods for r in ratios if datasets}
    if overall:
        lines.append("| **mean of sets** | | " + " | ".join(_cell(overall, "", m, methods, ratios) for m in methods) + " |")
    return lines


def _intervals(outcomes: list[Outcome], method: str) -> list[str]:
    ratios = list(dict.fromkeys(outcome.ratio for outcome in outcomes))
    scores: dict[tuple[str, float], list[float]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.method == method and outcome.kept is not None:
            scores[outcome.dataset, outcome.ratio].append(outcome.kept)
    lines = [
        f"95 % bootstrap intervals of `{method}`:",
        "",
        "| data set | " + " | ".join(f"{ratio:g}" for ratio in ratios) + " |",
        "|---" * (len(ratios) + 1) + "|",
    ]
    for dataset in dict.fromkeys(dataset for dataset, _ in scores):
        ends = [bootstrap_interval(scores[dataset, ratio]) for ratio in ratios]
        lines.append(f"| {dataset} | " + " | ".join(f"{low:.3f} to {high:.3f}" for low, high in ends) + " |")
    return lines


def _cell(
    means: dict[tuple[str, str, float], float], dataset: str, method: str, methods: list[str], ratios: list[float]
) -> str:
    parts = []
    for ratio in ratios:
        value = means[dataset, method, ratio]
        best = max(means[dataset, other, ratio] for other in methods)
        text = f"{value:.3f}".removeprefix("0") if value < 1 else "1."
        parts.append(f"**{text}**" if value == best else text)
    return " ".join(parts)


def _median_ms(outcomes: list[Outcome], method: str, cold: bool) -> str:
    seconds = [outcome.seconds for outcome in outcomes if outcome.method == method and outcome.cold == cold]
    return f"{1000 * statistics.median(seconds):.0f}" if seconds else ""
