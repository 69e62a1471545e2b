"""Write the groups that the model is trained on.

    python -m training.evidence.build ../shared/data build/evidence

Makes `train.jsonl` and `held_out.jsonl` in the output folder from the labelled questions and from questions made of the
corpora; the same seed gives the same files.
"""

import argparse
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from rich.console import Console

from training.evidence import dialogue, encyclopedia, sections, supervised
from training.evidence.corpus import articles, documents
from training.evidence.groups import Group, save
from training.evidence.neighbours import Neighbours

COUNTS = {"single": 6000, "chains": 5000, "comparisons": 800, "channel": 1600, "conversations": 1600, "sections": 2400}
_ARTICLES = 36_000
_HELD_OUT = 300


def main() -> None:
    """Command line entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with `train/` and `corpus/`")
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    groups = build(arguments.data, Random(arguments.seed))
    print(save(groups[_HELD_OUT:], arguments.output / "train.jsonl"), "groups for training")
    print(save(groups[:_HELD_OUT], arguments.output / "held_out.jsonl"), "groups held out")


def build(data: Path, random: Random) -> list[Group]:
    """All groups in random order."""
    console = Console()
    groups = list(supervised.labelled(data / "train" / "train_qa.jsonl.gz"))
    corpus = data / "corpus"
    with console.status("reading the encyclopedia"):
        found = list(articles(corpus / "wikipedia.txt.xz", _ARTICLES))
        paragraphs = [(a.title, p) for a in found for p in a.paragraphs[:3]]
    with console.status(f"indexing {len(paragraphs)} paragraphs"):
        index = Neighbours(paragraphs)
    talk = list(itertools.islice(documents(corpus / "dialogue.txt.xz"), 30_000))
    irc = [d for d in talk if d.startswith("[") and d.count("\n") > 60]
    tasks = [d for d in talk if d.startswith("User: ") and "\nAssistant: " in d]
    headed = [
        d
        for name, most in (("medical", 6000), ("techdocs", 12_000), ("gov_news", 12_000))
        for d in itertools.islice(documents(corpus / f"{name}.txt.xz"), most)
    ]
    makers: dict[str, Callable[[int], Iterator[Group]]] = {
        "single": lambda n: encyclopedia.single(found, index, n, random),
        "chains": lambda n: encyclopedia.chains(found, index, n, random),
        "comparisons": lambda n: encyclopedia.comparisons(found, index, n, random),
        "channel": lambda n: dialogue.channel(irc, n, random),
        "conversations": lambda n: dialogue.conversations(tasks, n, random),
        "sections": lambda n: sections.sections(headed, n, random),
    }
    for name, make in makers.items():
        with console.status(f"making {COUNTS[name]} groups: {name}"):
            made = list(make(COUNTS[name]))
        console.print(f"{name}: {len(made)}")
        groups.extend(made)
    random.shuffle(groups)
    return groups


if __name__ == "__main__":
    main()
