"""What the chapter on text shows and has no time to train: longer runs, and a VAE of phrases. One core.

    python benchmarks/text_longer.py [--only longer phrases] [--models MODEL ...] [--out FILE]

Takes the models, the split and the loops out of the chapter. `longer` gives the chapter's networks more
steps (about a quarter of an hour), `phrases` trains the VAE on short phrases (a few minutes). Adds to the
stored result that the chapter shows (genlib/data/files/text-longer.json); run it on an idle machine.
"""

import argparse
import copy
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from stored import save

from genlib import runtime
from genlib.data import shakespeare_plays, shakespeare_sonnets
from genlib.data.shipped import FILES

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402

TAKEN = [
    "HMM", "NGram", "Recurrent", "TextVAE", "Transformer", "annealed", "examine", "load_names", "load_plays",
    "plain", "read", "spell", "surprise", "train", "train_vae", "write",
]  # fmt: skip
PAD = -1


def longer(chapter, models=None, stored=None):
    """The chapter's networks with its settings, and only the number of steps changed; one more is wider.

    Args:    models: which of the settings below to run, e.g. ["transformer names"], or None for all;
             stored: the result whose other rows stay.
    Returns: a row for each run; sixteen passages at T = 1 by the wide one.
    """
    names, plays = chapter.load_names(), chapter.load_plays()
    texts = {"names": (names, 27), "plays": (plays, len(plays.symbols))}
    table = {
        text: chapter.surprise(chapter.NGram(corpus.rows, V, 6), corpus).mean()
        for text, (corpus, V) in texts.items()
    }
    settings = {
        "HMM names": (lambda V: chapter.HMM(V, 64), 450, 0.2, 128, (1, 3)),
        "HMM plays": (lambda V: chapter.HMM(V, 64), 450, 0.2, 64, (1, 3)),
        "GRU names": (lambda V: chapter.Recurrent(V, 128), 600, 1e-2, 96, (0.25, 1, 4)),
        "transformer names": (lambda V: chapter.Transformer(V), 600, 5e-3, 96, (0.25, 1, 4)),
        "transformer plays": (lambda V: chapter.Transformer(V), 1000, 5e-3, 32, (0.25, 1, 4, 16)),
        "GRU plays": (lambda V: chapter.Recurrent(V, 192), 800, 8e-3, 32, (0.25, 1, 4, 16)),
        "wide GRU plays": (lambda V: chapter.Recurrent(V, 384), 800, 4e-3, 32, (8,)),
    }
    if unknown := set(models or ()) - set(settings):
        raise SystemExit(f"--models: no {sorted(unknown)}; there are {list(settings)}")
    if models and not stored:
        raise SystemExit("--models keeps the other rows of a stored result, and there is none: run all first")
    rows, written = [], stored["written"] if models else None
    for title, (make, steps, lr, batch, multiples) in settings.items():
        kind, text = title.rsplit(" ", 1)
        corpus, V = texts[text]
        if models and title not in models:
            rows += [row for row in stored["longer"] if (row["model"], row["text"]) == (kind, text)]
            continue
        for times in multiples:
            runtime.seed(10)
            model = make(V)
            start = time.process_time()
            losses = chapter.train(model, corpus.windows, round(times * steps), lr, batch)
            row = {
                "model": kind,
                "text": text,
                "times": times,
                "steps": len(losses),
                "seconds": round(time.process_time() - start, 1),
                "training": round(losses[-50:].mean().item(), 4),
                "bits": round(float(chapter.surprise(model.eval(), corpus).mean()), 4),
                "table": round(float(table[text]), 4),
            }
            print(row, flush=True)
            rows.append(row)
        if kind == "wide GRU":
            runtime.seed(13)
            prompt = plays.test[torch.randint(len(plays.test), (16,)), :32]
            written = [chapter.spell(plays, ids[32:]) for ids in chapter.write(model, prompt, 400)]
    return {"longer": rows, "written": written}


def load_phrases(shortest=3, longest=8, rare=4, held=1000):
    """Phrases between punctuation marks, of known words only; without stage directions and speakers' names.

    Returns: the words (symbol 0 is the end), rows for training, held-out rows; PAD fills short ones.
    """
    text = re.sub(r"\[[^\]]*\]", " . ", shakespeare_plays())
    text = re.sub(r"(?m)^(Enter|Exit|Exeunt|SCENE|ACT)\b.*$|^[A-Z][A-Za-z .]{1,20}\.\s*$", " . ", text)
    text += re.sub(r"(?m)^\s*[IVXLC]+\.?\s*$", " . ", shakespeare_sonnets())
    found = (re.findall(r"[a-z']+", part) for part in re.split(r"[,.!?;:()]|--", text.lower()))
    phrases = sorted({tuple(words) for words in found if shortest <= len(words) <= longest})
    counts = Counter(word for words in phrases for word in words)
    known = ["\n", *sorted(word for word in counts if counts[word] >= rare)]
    number = {word: i for i, word in enumerate(known)}
    phrases = [words for words in phrases if all(word in number for word in words)]
    rows = torch.full((len(phrases), longest + 2), PAD)
    for row, words in zip(rows, phrases, strict=True):
        row[: len(words) + 2] = torch.tensor([0, *(number[word] for word in words), 0])
    runtime.seed(30)
    rows = rows[torch.randperm(len(rows))]
    return known, rows[held:], rows[:held]


def phrases(chapter, steps=1200, more=400):
    """The chapter's VAE on words: plain, annealed, annealed with hidden words; each then goes on."""
    known, rows, test = load_phrases()
    T = rows.shape[1] - 1

    def say(ids):
        words = [known[i] if i > 0 else "" for i in ids.tolist()]
        return " ".join(words[: words.index("")] if "" in words else words)

    ways = {
        "plain": (chapter.plain, 0.0),
        "annealed": (chapter.annealed, 0.0),
        "words hidden": (chapter.annealed, 0.5),
    }
    runs, roads = {}, [{"from": say(a[1:]), "to": say(b[1:])} for a, b in test[:12].view(6, 2, -1)]
    for title, (price, hide) in ways.items():
        runtime.seed(16)
        vae = chapter.TextVAE(len(known), T, latent=32)
        start = time.process_time()
        chapter.train_vae(vae, rows, steps, price, hide)
        on = copy.deepcopy(vae)
        kl = chapter.train_vae(on, rows, more, chapter.plain, hide)[-50:].mean().item()
        runtime.seed(17)
        values = chapter.examine(vae, test)
        runs[title] = dict(zip(("KL", "minus ELBO", "other code", "first word"), values, strict=True))
        runs[title] |= {"KL after going on": kl, "seconds": time.process_time() - start}
        runs[title] = {key: round(value, 3) for key, value in runs[title].items()}
        print(title, runs[title], flush=True)
        share = torch.linspace(0, 1, 5)[:, None]
        for road, pair in zip(roads, test[:12].view(6, 2, -1), strict=True):
            mu = vae.encode(pair[:, 1:])[0].detach()
            road[title] = [
                say(ids[1:]) for ids in chapter.read(vae, (1 - share) * mu[:1] + share * mu[1:], T)
            ]
            print("  ", road["from"], "->", " | ".join(road[title]), "<-", road["to"], flush=True)
    return {
        "phrases": {
            "vocabulary": len(known) - 1,
            "training": len(rows),
            "held-out": len(test),
            "steps": steps,
            "runs": runs,
            "roads": roads,
        }
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=["longer", "phrases"], default=["longer", "phrases"])
    parser.add_argument(
        "--models", nargs="+", help='of longer, e.g. "transformer names"; the other rows stay'
    )
    parser.add_argument("--out", type=Path, default=FILES / "text-longer.json")
    options = parser.parse_args()
    path = ROOT / "book" / "applications" / "text-generation.ipynb"
    chapter = argparse.Namespace(**dict(zip(TAKEN, chapter_namespace(path, TAKEN), strict=True)))
    for name in options.only:
        results = json.loads(options.out.read_text("utf-8"))["results"] if options.out.exists() else {}
        part = phrases(chapter) if name == "phrases" else longer(chapter, options.models, results)
        save(options.out, "python benchmarks/text_longer.py", {**results, **part})


if __name__ == "__main__":
    main()
