"""What `promptpress find-heads` does: finds a model's evaluator heads, tests them, and writes what `ehpc` needs."""

from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from promptpress.backends.attention_heads.head_search import KEPT_AT, choose, evidence_mass, try_heads
from promptpress.backends.attention_heads.probes import make_probes
from promptpress.backends.attention_heads.profile import HeadProfile
from promptpress.backends.causal_lm.loading import load_causal_lm
from promptpress.errors import InvalidValue

_PER_TOKEN = 4
"""Characters of English text to a token, about."""


def find(
    model: str,
    out: Path,
    plot: Path | None,
    *,
    probes: int,
    tokens: int,
    heads: int,
    window: int,
    kernel: int,
    seed: int,
    haystack: Path | None,
    threads: int | None,
) -> bool:
    """Write the heads to `out` and a heat map to `plot`; whether they pass the acceptance test.

    Raises ModelUnavailable, or InvalidValue if the probes do not fit the model.
    """
    if plot is not None:
        _require_matplotlib()
    text = haystack.read_text("utf-8") if haystack else None
    lm = load_causal_lm(model, threads, setting="--model")
    characters = _PER_TOKEN * tokens
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
    try:
        with bar as progress:
            task = progress.add_task("finding heads", total=probes)
            mass = evidence_mass(lm, make_probes(probes, characters, seed, text), lambda: progress.advance(task))
            layer, chosen = choose(mass, heads)
            profile = HeadProfile(layer, chosen, window, kernel)
            check = progress.add_task("testing them", total=probes)
            held_out = make_probes(probes, characters, seed + 1, text)
            result = try_heads(lm, profile, held_out, lambda: progress.advance(check))
    except ValueError as error:
        raise InvalidValue(f"{error}; give fewer --tokens", "--tokens") from None
    found: dict[str, Any] = {
        "model": lm.name,
        "layer": layer,
        "heads": list(chosen),
        "window": window,
        "kernel": kernel,
        "accepted": result.accepted,
        "lift_over_random_heads": round(result.lift, 2),
        "evidence_kept": {"ratio": KEPT_AT, "share": round(result.kept, 3)},
        "probes": {"count": probes, "tokens": tokens, "seed": seed},
        "evidence_mass": [[round(value, 5) for value in row] for row in mass.tolist()],
    }
    out.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    if plot is not None:
        _draw(found, plot)
    verdict = "accepted" if result.accepted else "NOT accepted"
    console.print(
        f"layer {layer}, heads {', '.join(map(str, chosen))}: {verdict}; {result.lift:.1f} times the evidence of random "
        f"heads, evidence kept in {result.kept:.0%} of probes at {KEPT_AT:.0%} of the text. For the service: "
        f"PROMPTPRESS_EVALUATOR_HEADS={out}",
        highlight=False,
        soft_wrap=True,
    )
    return result.accepted


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InvalidValue(
            "a heat map needs matplotlib: pip install 'promptpress[bench]', or leave --plot out", "--plot"
        ) from None


def _draw(found: dict[str, Any], path: Path) -> None:
    """A heat map of the evidence mass, layers down, heads across; the chosen heads are ringed."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mass = found["evidence_mass"]
    figure, axes = pyplot.subplots(figsize=(max(4, len(mass[0]) * 0.3 + 2), max(3, len(mass) * 0.25 + 1.5)))
    image = axes.imshow(mass, aspect="auto", cmap="viridis")
    axes.plot(found["heads"], [found["layer"]] * len(found["heads"]), "o", mfc="none", mec="red", ms=9)
    axes.set(xlabel="head", ylabel="layer", title=f"Attention of the last token to the evidence\n{found['model']}")
    figure.colorbar(image)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
