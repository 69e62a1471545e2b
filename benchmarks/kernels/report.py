"""The figures as a table and a plot."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.kernels.measure import Figure

TITLES = {
    "window": "Window scores: 32 queries a head against all keys",
    "columns": "Column scores: all queries of a causal prompt",
    "gather": "Packing a quarter of the keys and values",
    "information": "Self-information of each token, 128,256 entries, hidden size 4,096",
}


def markdown(
    card: str, command: str, ceilings: dict[str, float], errors: dict[str, float], figures: Sequence[Figure]
) -> str:
    """The whole report."""
    lines = [
        f"# Kernels on {card}",
        "",
        f"`{command}`. One layer of Llama-3.1-8B's shape (32 query heads, 8 key heads, head size 128), bfloat16, batch 1. "
        "Median times, the cache emptied before each run; memory is the peak beyond the inputs, results included.",
        "",
        f"Measured ceilings: copy {ceilings['copy'] / 1e9:,.0f} GB/s (read and written bytes), "
        f"bfloat16 product {ceilings['product'] / 1e12:,.0f} TFLOP/s.",
        "",
        "| Relative error against the torch function | |",
        "|---|---:|",
        *(f"| {name} | {error:.1e} |" for name, error in errors.items()),
    ]
    for part, title in TITLES.items():
        chosen = [each for each in figures if each.part == part]
        if chosen:
            lines += ["", f"## {title}", "", *_table(chosen, ceilings)]
    return "\n".join(lines) + "\n"


def _table(figures: Sequence[Figure], ceilings: dict[str, float]) -> list[str]:
    sizes = sorted({each.size for each in figures})
    names = list(dict.fromkeys(each.contender for each in figures))
    found = {(each.contender, each.size): each for each in figures}
    rows = [
        f"| ms (MiB) | {' | '.join(f'{size:,}' for size in sizes)} | at {sizes[-1]:,} |",
        "|---|" + "---:|" * (len(sizes) + 1),
    ]
    for name in names:
        cells = [_cell(found.get((name, size))) for size in sizes]
        rows.append(f"| {name} | {' | '.join(cells)} | {_rate(found.get((name, sizes[-1])), ceilings)} |")
    return rows


def _cell(each: Figure | None) -> str:
    if each is None:
        return "not run"
    if each.milliseconds is None or each.peak_mebibytes is None:
        return each.note
    return f"{each.milliseconds:.3g} ({each.peak_mebibytes:,.0f})"


def _rate(each: Figure | None, ceilings: dict[str, float]) -> str:
    if each is not None and each.gigabytes_per_second:
        return f"{each.gigabytes_per_second:,.0f} GB/s, {each.gigabytes_per_second * 1e9 / ceilings['copy']:.0%} of copy"
    if each is not None and each.teraflops:
        return f"{each.teraflops:,.0f} TFLOP/s, {each.teraflops * 1e12 / ceilings['product']:.0%} of product"
    return ""


def plot(figures: Sequence[Figure], path: Path) -> bool:
    """Time against size, one panel a part. False where matplotlib is missing."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot

    canvas, panels = pyplot.subplots(2, 2, figsize=(13, 9))
    for panel, (part, title) in zip(panels.flat, TITLES.items(), strict=True):
        chosen = [each for each in figures if each.part == part and each.milliseconds is not None]
        for name in dict.fromkeys(each.contender for each in chosen):
            points = [(each.size, each.milliseconds) for each in chosen if each.contender == name]
            style = "-" if name.startswith("kernel") else "--"
            panel.plot(*zip(*points, strict=True), style, marker="o", markersize=3, label=name)
        panel.set(title=title, xscale="log", yscale="log", xlabel="tokens", ylabel="milliseconds")
        panel.legend(fontsize=7)
        panel.grid(alpha=0.3)
    canvas.tight_layout()
    canvas.savefig(path, dpi=110)
    return True
