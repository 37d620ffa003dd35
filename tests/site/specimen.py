# ruff: noqa: E501  (wide on purpose: what is tested is how the site copes)
"""A small book that uses everything a chapter may use, for the tests of the site.

``write(folder)`` puts a complete book there: this repository's configuration, extensions and
assets, and two notebooks made here.  To look at it::

    python tests/site/specimen.py FOLDER && jupyter-book build FOLDER -W -n
"""

from __future__ import annotations

import base64
import io
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]

TOC = """\
format: jb-book
root: book/index
parts:
  - caption: Code
    chapters:
      - file: book/code/first
      - file: book/code/second
"""

INDEX = """\
# A specimen book

Two chapters: [the first](code/first.ipynb) and [the second](code/second.ipynb#theorem-1).
"""

TITLE = """\
# What a perfect judge knows

*How far apart are two densities, and who can tell?*

[Open in Colab](https://colab.research.google.com/github/OWNER/REPO/blob/main/book/code/first.ipynb)
"""

INTRO = r"""
After this chapter you can

- state what the best discriminator computes,
- derive it in three lines from [Theorem 1](#theorem-1), and
- say when the [note on reductions](#note-sum-or-mean) matters.

Builds on [the second chapter](second.ipynb). 25 minutes to read, 20 seconds to run.

## Two stories about a point

Write $p(x)$ for the density of the data and $q(x)$ for that of the model. A point $x$ arrives, and a
judge has to say which of the two it came from. Add up the evidence and you have the running sum

$$
\ell_n = \sum_{i=1}^{n} \log \frac{p(x_i)}{q(x_i)} \tag{1}
$$

and for the judge who plays many rounds, the value of the game

$$
\begin{aligned}
V(D) &= \mathbb{E}_{x \sim p} \log D(x) + \mathbb{E}_{x \sim q} \log\bigl(1 - D(x)\bigr) \\
     &= 2\,\mathrm{JSD}(p \,\|\, q) - \log 4 .
\end{aligned} \tag{2}
$$

> **Theorem 1 (Optimal discriminator).** For a fixed generator with density $q$, the discriminator that
> maximises $V$ is
>
> $$ D^*(x) = \frac{p(x)}{p(x) + q(x)} . $$

> **Proof.** For each $x$ the integrand is $p \log D + q \log(1 - D)$. It is concave in $D$, and its
> derivative vanishes at $D = p / (p + q)$.

> **Definition 1 (ELBO).** The *evidence lower bound* of $x$ is
> $\mathcal{L}(x) = \mathbb{E}_{q(z \mid x)} \log p(x \mid z) - \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z)\bigr)$.

> **Note (Sum or mean).** Sum over pixels, average over the images of a batch. Anything else changes
> the weight of the KL term.

> **Warning.** With dropout left on, the judge is a different judge at every call.

> **Algorithm 1 (Adversarial step).**
>
> 1. Draw a batch $x$ and noise $z$.
> 2. Step $D$ up its gradient of `loss_D`.
> 3. Step $G$ down its gradient of `loss_G`.

> A plain quotation, with no lead, stays a quotation.
"""

READ = r"""
The trained judge comes within 0.031<!--r:worst error--> of the curve. The bound of 104.2<!--r:test ELBO-->
nats is *not* a likelihood; see `VAE.forward` and [Kingma & Welling](https://arxiv.org/abs/1312.6114).

<!-- a note to authors that no reader sees: zebrafish -->

### A wide table

| protocol | data | layers | k = 1 | k = 5 | k = 50 | unit | source | remark | seeds | seconds |
|---|---|---|---:|---:|---:|---|---|---|---:|---:|
| dynamic binarisation | MNIST | one stochastic layer | 86.76 | 85.54 | 84.78 | nats | Burda et al. 2015 | published | 1 | unknown |
| static binarisation | MNIST | one stochastic layer | 88.71 | 87.63 | 87.10 | nats | Burda et al. 2015 | published | 1 | unknown |

| symbol | name |
|---|---|
| $\mu$ | `mu` |
| $\log \sigma^2$ | `logvar` |

### A wide equation

$$
\log p(x) = \mathbb{E}_{q}\left[\log \frac{p(x, z)}{q(z \mid x)}\right] + \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z \mid x)\bigr) \ge \mathbb{E}_{q}\bigl[\log p(x \mid z)\bigr] - \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z)\bigr) = \mathcal{L}(x; \theta, \phi) \quad \text{for every } q \tag{3}
$$
"""

EXERCISE = r"""
> **Exercise 1 (Core).** Write the KL divergence from $\mathcal{N}(\mu, \sigma^2)$ to
> $\mathcal{N}(0, 1)$ as a function of `mu` and `logvar`.
"""

SOLUTION = r"""
<details><summary>Solution</summary>

Integrate $\log q - \log p$ under $q$: only second moments survive,

$$ \mathrm{KL} = \tfrac12 \left( \mu^2 + \sigma^2 - 1 - \log \sigma^2 \right) . $$

```python
def kl_1d(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)
```

Doubling $\mu$ costs four times the nats. [Theorem 1](#theorem-1) did not need it.

</details>
"""

VIDEO = '<video controls muted playsinline preload="metadata" width="560" height="160" aria-label="Samples over time"></video>'

MORE = "\n\n".join(
    "The runs scatter widely around the line, and that is the lesson: at 150 tosses the *average* run has "
    "arrived, and about half of the runs have not. The scatter grows like $\\sqrt n$ and the drift like $n$, "
    "so drift wins, but late."
    for _ in range(2)
)


def figure() -> str:
    """A PNG of two densities, in base64, drawn as the chapters draw."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    style = ROOT / "genlib" / "book.mplstyle"
    with plt.style.context(str(style) if style.exists() else "default"):
        x = np.linspace(-4, 6, 300)
        p, q = np.exp(-(x**2) / 2), np.exp(-((x - 2) ** 2) / 2)
        fig, ax = plt.subplots(figsize=(6.4, 2.8))
        ax.fill_between(x, p, color="#6b7280", alpha=0.3, label="data p")
        ax.plot(x, q, color="#2563a8", label="model q")
        ax.plot(x, p / (p + q), color="#111827", ls="--", lw=1.2, label="p / (p + q)")
        ax.set(xlabel="x", ylabel="density (unnormalized)")
        ax.legend()
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png", dpi=144, facecolor="white", bbox_inches="tight")
        plt.close(fig)
    return base64.b64encode(buffer.getvalue()).decode()


def code(source: str, outputs=(), tags=(), **metadata):
    cell = new_code_cell(source, outputs=list(outputs), execution_count=1)
    if tags:
        cell.metadata["tags"] = list(tags)
    cell.metadata.update(metadata)
    return cell


def display(**data):
    return new_output("display_data", {key.replace("_", "/", 1): value for key, value in data.items()})


def captured_claim(value: float) -> dict:
    """What `claim` shows in a kernel: its HTML and its text."""
    html = (
        '<div class="genlib-claim">✓ the trained discriminator is within 0.05 of p / (p + q): '
        f"{value} (below 0.05)</div>"
    )
    return display(text_html=html, text_plain="✓ the trained discriminator is within 0.05")


def first() -> nbformat.NotebookNode:
    report = '<div class="genlib-report">test ELBO: 104.2 nats</div>'
    picture = {
        "figure": {"caption": "Two densities and the curve by which a perfect judge tells them apart."},
        "image": {"alt": "Two bell curves and a falling S-shaped curve between them."},
    }
    return new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[
            new_markdown_cell(TITLE),
            code(
                "import math\n\nimport torch\n\nfrom genlib.claims import claim, report\n"
                "from genlib.runtime import seed\n\nseed()",
                tags=["setup"],
            ),
            new_markdown_cell(INTRO),
            code(
                "class Judge(torch.nn.Module):\n"
                '    """Two densities, one opinion."""\n\n'
                "    def forward(self, x, *, a_rather_long_name=None, another_long_name_to_make_it_wide=None, and_a_third=None):\n"
                "        return self.net(x).squeeze(1)  # (N,) logits, and not probabilities\n",
                [new_output("stream", name="stdout", text="epoch  1  loss_D 1.386  loss_G 0.693\n")],
            ),
            code(
                "plot(x, p, q)\nplt.show()",
                [display(image_png=figure(), text_plain="<Figure>")],
                mystnb=picture,
            ),
            code(
                'claim("the trained discriminator is within 0.05 of p / (p + q)", worst, below=0.05)\n'
                'report("test ELBO", elbo, "nats", digits=1)',
                [captured_claim(0.031), display(text_html=report, text_plain="test ELBO: 104.2 nats")],
            ),
            new_markdown_cell(READ),
            code(
                "show(video)",
                [display(text_html=VIDEO, text_plain="<video>")],
            ),
            code(
                "x @ x.T",
                [
                    new_output(
                        "execute_result",
                        {"text/plain": "tensor([[0.25, 1.00],\n        [1.00, 4.00]])"},
                        execution_count=1,
                    )
                ],
            ),
            code(
                "warnings.warn('half of the batch is one digit')",
                [new_output("stream", name="stderr", text="UserWarning: half of the batch is one digit\n")],
            ),
            new_markdown_cell("## Exercises\n" + EXERCISE),
            code("def kl_1d(mu, logvar):\n    ...\n\n\ncheck('first.kl', kl_1d)", tags=["exercise"]),
            new_markdown_cell(SOLUTION),
            new_markdown_cell("## Summary\n\n" + MORE),
        ],
    )


def second() -> nbformat.NotebookNode:
    return new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[
            new_markdown_cell(
                "# A second chapter\n\n> **Theorem 1.** Each chapter has its own Theorem 1.\n\n"
                "See [Theorem 1 of the first](first.ipynb#theorem-1), [its summary](first.ipynb#summary) "
                "and [the one above](#theorem-1)."
            ),
        ],
    )


def write(folder: Path, chapters: dict[str, nbformat.NotebookNode] | None = None) -> Path:
    """Write the book into ``folder`` (made if missing) and return the folder."""
    folder = Path(folder)
    chapters = chapters or {"first": first(), "second": second()}
    for name in ("_ext", "assets"):
        shutil.copytree(
            ROOT / "book" / name,
            folder / "book" / name,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copyfile(ROOT / "_config.yml", folder / "_config.yml")
    (folder / "_toc.yml").write_text(TOC, encoding="utf-8")
    (folder / "book" / "index.md").write_text(INDEX, encoding="utf-8")
    (folder / "book" / "code").mkdir(exist_ok=True)
    for name, notebook in chapters.items():
        nbformat.write(notebook, folder / "book" / "code" / f"{name}.ipynb")
    return folder


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
