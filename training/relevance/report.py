"""The fit as a page of measurements."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptpress.arrays import Float64Array
from training.relevance.search import Sensitivity, Step, mean_of_sets

_HEAD = """# The weights of relevance and evidence

What `evidence` keeps of the answers when one number is set to the value with which its rule has no effect, all others as
they are shipped. `python -m training.relevance.fit` writes this page. Differences are in percentage points of answers kept,
the mean of the sets; "changed" is how many of the cuts keep more or less of their answer.

"""


@dataclass(frozen=True)
class Fit:
    """What was measured: `shipped` is what the shipped weights keep (items, ratios)."""

    datasets: Sequence[str]
    ratios: Sequence[float]
    shipped: Float64Array
    sensitivities: Sequence[Sensitivity]
    searched: Sequence[str]
    steps: Sequence[Step]


def idle(fit: Fit) -> list[str]:
    """Numbers whose neutral value changes no answer of these items."""
    return [each.number.name for each in fit.sensitivities if (each.kept == fit.shipped).all()]


def markdown(fit: Fit) -> str:
    """The page."""
    sets = dict.fromkeys(fit.datasets)
    base = mean_of_sets(fit.shipped, fit.datasets)
    cuts = [f"1/{round(1 / ratio)}" for ratio in fit.ratios]
    figures = ", ".join(f"{100 * value:.1f} % at {cut}" for value, cut in zip(base, cuts, strict=True))
    lines = [
        f"{len(fit.datasets)} items of {len(sets)} sets ({', '.join(sets)}). The shipped weights keep {figures}.",
        "",
        f"| number | shipped | set to | {' | '.join(cuts)} | changed |",
        f"|---|---|---|{'---|' * len(fit.ratios)}---|",
    ]
    for each in fit.sensitivities:
        differences = (100 * (mean_of_sets(each.kept, fit.datasets) - base)).round(1) + 0.0
        cells = " | ".join(f"{value:+.1f}" for value in differences)
        changed = int((each.kept != fit.shipped).sum())
        lines.append(f"| `{each.number.name}` | {each.number.default:g} | {each.value:g} | {cells} | {changed} |")
    names = idle(fit)
    lines += ["", "## Numbers that do nothing here", ""]
    lines.append(", ".join(f"`{name}`" for name in names) + "." if names else "None: each changes the answer of an item.")
    lines += ["", "## Search", "", _search(fit, float(base.mean()))]
    return _HEAD + "\n".join(lines) + "\n"


def _search(fit: Fit, base: float) -> str:
    if not fit.searched:
        return "No search was run."
    tried = f"A coordinate search over {len(fit.searched)} numbers, from a mean of {100 * base:.1f} %,"
    if not fit.steps:
        return f"{tried} found no value that is better by 0.1 points."
    steps = "; ".join(f"`{step.name}` = {step.value:g} ({100 * step.objective:.1f} %)" for step in fit.steps)
    return f"{tried} changed: {steps}. These are the items it was fitted on, so other items must confirm it."
