"""The races of the chapter on augmentation that take too long for it: dials, M2 at every size, and Fashion.

    python benchmarks/augmentation_longer.py [--only PART ...] [--out FILE]

Takes the models and the training loops out of the chapter. Writes the stored result that the chapter shows
(genlib/data/files/augmentation-longer.json): accuracies in per cent by number of labels and draw, one row
a race; about ten minutes on one core. Parts:

    dials    each method at several strengths, on the training images that the chapter keeps for tuning
    models   self-training, M2 and M1+M2 at all sizes, votes at test time
    fashion  the race with clothes instead of digits
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import torch
from stored import machine, write_whole
from torch.nn import functional as F

from genlib import runtime
from genlib.data import fashion_mnist, mnist
from genlib.data.shipped import FILES

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402

NAMES = ["label_sets", "networks", "fit", "train_classifiers", "pick", "plain", "transform", "mixed", "added"]
NAMES += ["ConditionalVAE", "own_rule", "M2", "m2_loss", "Rows", "per_cent", "score"]
CHAPTER = ROOT / "book" / "applications" / "data-augmentation.ipynb"
(
    label_sets,
    networks,
    fit,
    train_classifiers,
    pick,
    plain,
    transform,
    mixed,
    added,
    ConditionalVAE,
    own_rule,
    M2,
    m2_loss,
    Rows,
    per_cent,
    score,
) = chapter_namespace(CHAPTER, NAMES)
WORLD = pick.__globals__  # where the chapter's functions look for the labeled sets


def small(images):
    """(N, 1, 28, 28) -> (N, 196)."""
    return F.avg_pool2d(images, 2).flatten(1)


def enter(images, labels, sizes, draws, seed):
    """Let the chapter's functions see these images: draw the labeled sets, return the images left over."""
    WORLD.update(images=images, labels=labels, x_train=small(images), SIZES=sizes, DRAWS=draws)
    WORLD.update(targets=F.one_hot(labels, 10).float(), K=len(sizes) * draws)
    runtime.seed(seed)
    sets = label_sets(draws, max(sizes) // 10)
    WORLD.update(sets=sets, n_of=torch.tensor(sizes).repeat_interleave(draws))
    WORLD.update(draw_of=torch.arange(draws).repeat(len(sizes)))
    rest = torch.ones(len(images), dtype=torch.bool)
    rest[sets.flatten()] = False
    return WORLD["x_train"][rest], labels[rest]


def train(batch, steps=300):
    """The chapter's classifiers for this kind of batch."""
    runtime.seed(4)
    return train_classifiers(networks(WORLD["K"], 196, 128, 10), batch, steps)


def transformed(strength=1.0, flip=False):
    """Batches of transformed images, every limit of the chapter times the strength."""
    limits = [strength * limit for limit in (15, 0.12, 0.1, 0.15, 0.06)]

    def batch():
        i = pick()
        x = WORLD["images"][i].flatten(0, 1)
        if flip:
            x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
        return transform(x, *limits).view(len(i), -1, 196), WORLD["targets"][i]

    return batch


def mixed_warped():
    """Mixup of transformed images."""
    (x, t), (x2, t2) = transformed()(), transformed()()
    lam = torch.distributions.Beta(0.4, 0.4).sample((*x.shape[:2], 1))
    return lam * x + (1 - lam) * x2, lam * t + (1 - lam) * t2


def generator(latent_dim=4, steps=1600):
    """The chapter's conditional VAEs."""
    runtime.seed(6)
    cvae = ConditionalVAE(WORLD["K"], latent_dim=latent_dim)
    return fit(cvae, lambda: cvae.loss(*plain(32)), steps, 5e-3, weight_decay=0.0)


def tossed(cvae):
    """Draws of the model's own pixels, ink or no ink, instead of their probabilities."""
    return lambda y: torch.bernoulli(cvae.draw(y))


def only_drawn(draw):
    """Batches without any labeled image."""

    def batch():
        y = torch.eye(10)[torch.randint(10, (WORLD["K"], 64))]
        return draw(y), y

    return batch


def plain_tossed():
    """Labeled images, every pixel tossed."""
    x, t = plain()
    return torch.bernoulli(x), t


def kept(cvae, judges):
    """64 labeled images and 32 drawings: of two each, the one that the judges believe in more."""

    @torch.no_grad()
    def draw(y):
        twice = y.repeat(1, 2, 1)
        x = cvae.draw(twice)
        trust = (judges(x).log_softmax(-1) * twice).sum(-1).view(len(y), 2, -1)
        x = x.view(len(y), 2, -1, 196)
        return torch.where((trust[:, 0] > trust[:, 1])[..., None], x[:, 0], x[:, 1])

    return added(draw)


def dials(write):
    """Every method at several strengths, judged by training images that no set contains."""
    images, labels = (part[50_000:] for part in mnist("train"))
    test = enter(images, labels, (10, 30, 100, 300, 1000), 4, 40)

    def race(method, setting, batch, **options):
        net = train(batch, **options)
        write(part="dials", method=method, setting=setting, accuracy=score(net, *test))
        return net

    def agree(kind, net):
        """How often a classifier gives the answer of the rule, right or wrong."""
        with torch.no_grad():
            answer = net(test[0].expand(WORLD["K"], -1, -1)).argmax(-1)
        write(part="dials", method="same answer as the rule", setting=kind, accuracy=per_cent(answer == rule))

    plainly = race("none", "", plain)
    race("none", "1,200 steps", plain, steps=1200)
    for strength in (0.5, 1, 1.5, 2):
        race("transforms", strength, transformed(strength))
    for alpha in (0.1, 0.4, 1.0):
        race("mixup", alpha, lambda alpha=alpha: mixed(alpha))
    race("mixup", "1,200 steps", mixed, steps=1200)
    race("transforms + mixup", 0.4, mixed_warped)
    cvae = generator()
    for count in (16, 32, 64, 192):
        race("drawings", count, added(cvae.draw, count))
    race("drawings", "better of two", kept(cvae, plainly))
    race("transforms + drawings", 32, added(cvae.draw, real=transformed()))
    rule = own_rule(cvae, test[0])
    write(part="dials", method="rule", setting="", accuracy=per_cent(rule == test[1]))
    agree("none", plainly)
    race("only drawings", "300 steps", only_drawn(cvae.draw))
    agree("pictures", race("only drawings", "3,000 steps", only_drawn(cvae.draw), steps=3000))
    agree("draws", race("only drawings", "3,000 steps, pixels tossed", only_drawn(tossed(cvae)), steps=3000))
    race("only labeled, pixels tossed", "3,000 steps", plain_tossed, steps=3000)
    race("drawings", "pixels tossed", added(tossed(cvae)))
    for dim, steps in ((2, 1600), (8, 1600), (4, 400)):
        other, name = generator(dim, steps), f"code {dim}, {steps:,} steps"
        race("drawings", name, added(other.draw))
        rule = own_rule(other, test[0])
        write(part="dials", method="rule", setting=name, accuracy=per_cent(rule == test[1]))


class M1M2(M2):
    """M2 with a Gaussian decoder, for codes of M1 instead of images."""

    def __init__(self, K, D, latent_dim=8, hidden=128):
        super().__init__(K, latent_dim, hidden)
        self.classify, self.see_x = networks(K, D, hidden, 10), Rows(K, D, hidden)
        self.decode = networks(K, latent_dim + 10, hidden, 2 * D)

    def loss_xy(self, x, y):
        K, B, M = *x.shape[:2], y.shape[1] // x.shape[1]
        mu, logvar = self.code(F.relu(self.see_x(x).repeat_interleave(M, 1) + self.see_y(y))).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        mean, spread = self.decode(torch.cat([z, y], -1)).view(K, B, M, -1).chunk(2, -1)
        spread = spread.clamp(-4, 4)  # log variance
        cost = 0.5 * ((x[:, :, None] - mean) ** 2 * torch.exp(-spread) + spread + math.log(2 * math.pi)).sum(
            -1
        )
        return cost + 0.5 * (mu**2 + torch.expm1(logvar) - logvar).sum(-1).view(K, B, M) + math.log(10)


def models(write):
    """On the chapter's own labeled sets and test images."""
    images, labels = (part[:50_000] for part in mnist("train"))
    enter(images, labels, (10, 30, 100, 300, 1000), 8, 3)
    test_images, y_test = mnist("test")
    x_test, K, x_train, targets = small(test_images), WORLD["K"], WORLD["x_train"], WORLD["targets"]
    runtime.seed(10)
    U = x_train[torch.randperm(len(images))[:20_000]]
    nets = {"none": train(plain), "transforms": train(transformed())}
    for name, net in nets.items():
        write(part="models", method=name, setting="", accuracy=score(net, x_test, y_test))
        runtime.seed(16)
        with torch.no_grad():
            log_p = [
                net(transform(test_images[:2000]).flatten(1).expand(K, -1, -1)).log_softmax(-1)
                for _ in range(16)
            ]
        vote = torch.logsumexp(torch.stack(log_p), 0).argmax(-1) == y_test[:2000]
        still = score(net, x_test[:2000], y_test[:2000])
        vote = 100 * vote.float().mean(1).view_as(still)
        write(
            part="models", method=f"vote, {name}", setting="minus the image as it is", accuracy=vote - still
        )

    teacher = nets["none"]
    for rounds in range(1, 5):  # every student is the teacher of the next
        with torch.no_grad():
            guess = teacher(U.expand(K, -1, -1)).argmax(-1)

        def half_guessed(guess=guess):
            (x, t), j = plain(32), torch.randint(len(U), (K, 32))
            return torch.cat([x, U[j]], 1), torch.cat([t, torch.eye(10)[guess.gather(1, j)]], 1)

        teacher = train(half_guessed)
        if rounds in (1, 4):
            name = "self-training" if rounds == 1 else "self-training, 4 rounds"
            write(part="models", method=name, setting="", accuracy=score(teacher, x_test, y_test))

    def semi(name, model, labeled, unlabeled, test, steps, weight):
        i = lambda: pick(32)  # noqa: E731
        batch = lambda i: (labeled(i), targets[i], unlabeled(torch.randint(len(U), (K, 64))))  # noqa: E731
        fit(model, lambda: m2_loss(model, *batch(i()), weight=weight), steps, 6e-3, weight_decay=0.0)
        write(part="models", method=name, setting="", accuracy=score(model.classify, test, y_test))

    runtime.seed(12)
    semi("M2", M2(K), lambda i: x_train[i], lambda j: U[j], x_test, 1200, 10.0)
    runtime.seed(10)
    vae = ConditionalVAE(1, classes=0, latent_dim=20, hidden=256)
    nothing = torch.zeros(1, 200, 0)
    fit(vae, lambda: vae.loss(U[torch.randint(len(U), (1, 200))], nothing), 2000, 3e-3, weight_decay=0.0)
    with torch.no_grad():  # the mean codes; with codes drawn from q(z|x) the result is several points lower
        coded = [vae.encode(x[None], torch.zeros(1, len(x), 0))[0][0] for x in (x_train, U, x_test)]
    batch = transformed()
    runtime.seed(4)

    @torch.no_grad()
    def on_codes():
        x, t = batch()
        return vae.encode(x.reshape(1, -1, 196), torch.zeros(1, x[..., 0].numel(), 0))[0].view(K, -1, 20), t

    net = train_classifiers(networks(K, 20, 128, 10), on_codes)
    write(part="models", method="M1 + transforms", setting="", accuracy=score(net, coded[2], y_test))
    runtime.seed(12)
    semi("M1+M2", M1M2(K, 20), lambda i: coded[0][i], lambda j: coded[1][j], coded[2], 1200, 10.0)


def fashion(write):
    """Clothes: the digits' transforms are less true here, a mirror image is true."""
    images, labels = fashion_mnist("train")
    test_images, y_test = fashion_mnist("test")
    enter(images, labels, (10, 30, 100, 300), 8, 41)
    x_test = small(test_images)
    races = {
        "none": plain,
        "transforms": transformed(),
        "transforms, half as strong": transformed(0.5),
        "transforms, half as strong, and mirror images": transformed(0.5, flip=True),
        "mixup": mixed,
    }
    cvae = generator()
    races["conditional VAE"] = added(cvae.draw)
    for name, batch in races.items():
        write(part="fashion", method=name, setting="", accuracy=score(train(batch), x_test, y_test))
    rule = own_rule(cvae, x_test)
    write(part="fashion", method="rule", setting="", accuracy=per_cent(rule == y_test))


PARTS = {"dials": dials, "models": models, "fashion": fashion}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--out", type=Path, default=FILES / "augmentation-longer.json")
    options = parser.parse_args()
    rows = json.loads(options.out.read_text("utf-8"))["results"] if options.out.exists() else []
    rows = [row for row in rows if row["part"] not in options.only]
    head = json.dumps({"command": "python benchmarks/augmentation_longer.py", "machine": machine()})[:-1]
    start = time.process_time()

    def write(accuracy, **row):
        rows.append(row | {"accuracy": [[round(float(a), 2) for a in line] for line in accuracy]})
        means = " ".join(f"{float(line.mean()):6.1f}" for line in accuracy)
        print(
            f"{time.process_time() - start:5.0f} s  {row['method']:20} {row['setting']!s:24} {means}",
            flush=True,
        )
        # Written after every race, so that an interrupted run keeps its rows.
        lines = ",\n".join(
            json.dumps(row) for row in sorted(rows, key=lambda row: list(PARTS).index(row["part"]))
        )
        write_whole(options.out, f'{head}, "results": [\n{lines}\n]}}\n')

    for part in options.only:
        PARTS[part](write)


if __name__ == "__main__":
    main()
