"""The three models of the chapter "Tools and resources" against genlib's VAE; what it says of optimizers."""

import importlib.util

import numpy as np
import pytest
import torch
import torch._dynamo  # before TensorFlow: both may bring LLVM, and in the other order the process dies
from chapters import chapter_namespace

from genlib import densities
from genlib.exercises import check
from genlib.models.vae import VAE
from tools.notebooks import ROOT

CHAPTER = ROOT / "book" / "tools" / "tools-and-resources.ipynb"
MISSING = [name for name in ("keras", "tensorflow") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} missing: pip install -r requirements-tools.txt"
)
NAMES = ("fc1", "fc21", "fc22", "fc3", "fc4")


@pytest.fixture(scope="module")
def chapter():
    names = ["TorchVAE", "KerasVAE", "TensorFlowVAE", "HandAdam", "arrays", "count_lines"]
    return dict(zip(names, chapter_namespace(CHAPTER, names), strict=True))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(16, 784, generator=generator, dtype=torch.float64)
    return x, torch.randn(16, 20, generator=generator, dtype=torch.float64)


@pytest.fixture
def ours():
    torch.manual_seed(0)
    return VAE().double()


def expected(vae, x, eps):
    mu, logvar = vae.encode(x)
    x_logits = vae.decode_logits(mu + torch.exp(0.5 * logvar) * eps)
    return (densities.log_bernoulli(x, x_logits) - densities.kl_normal(mu, logvar)).detach()


def test_pytorch(chapter, ours, batch):
    theirs = chapter["TorchVAE"]().double()
    theirs.load_state_dict(ours.state_dict())  # the names and shapes agree, or this raises
    torch.testing.assert_close(theirs.elbo(*batch).detach(), expected(ours, *batch))


def test_keras(chapter, ours, batch):
    theirs = chapter["KerasVAE"](dtype="float64")
    numpy_batch = tuple(part.numpy() for part in batch)
    theirs(numpy_batch)
    for name in NAMES:
        layer = getattr(ours, name)
        getattr(theirs, name).set_weights([layer.weight.detach().numpy().T, layer.bias.detach().numpy()])
    np.testing.assert_allclose(np.asarray(theirs(numpy_batch)), expected(ours, *batch).numpy(), rtol=1e-12)


def test_tensorflow(chapter, ours, batch):
    theirs = chapter["TensorFlowVAE"](dtype="float64")
    for name in NAMES:
        layer = getattr(ours, name)
        theirs.kernel[name].assign(layer.weight.detach().numpy().T)
        theirs.bias[name].assign(layer.bias.detach().numpy())
    elbo = theirs.elbo(*(part.numpy() for part in batch)).numpy()
    np.testing.assert_allclose(elbo, expected(ours, *batch).numpy(), rtol=1e-12)


def test_momentum_is_as_the_exercise_says():
    import keras

    theta = torch.zeros(1, requires_grad=True)
    sgd = torch.optim.SGD([theta], lr=0.1, momentum=0.9)
    variable = keras.Variable(0.0)
    keras_sgd = keras.optimizers.SGD(0.1, momentum=0.9)
    for rate in (0.1, 0.01):
        theta.grad = torch.ones(1)
        sgd.param_groups[0]["lr"] = keras_sgd.learning_rate = rate
        sgd.step()
        keras_sgd.apply([keras.ops.ones(())], [variable])
    assert check("tools_and_resources.momentum", (theta.item(), float(variable)))


def test_adam_by_hand_is_pytorchs(chapter):
    import tensorflow as tf

    weight = tf.Variable([1.0, -2.0], dtype="float64")
    by_hand = chapter["HandAdam"]([weight], lr=0.01, epsilon=1e-3)
    theta = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([theta], lr=0.01, eps=1e-3)
    for gradient in ([0.1, -3.0], [1e-4, 2.0], [0.0, 0.5]):
        by_hand.apply([tf.constant(gradient, "float64")])
        theta.grad = torch.tensor(gradient, dtype=torch.float64)
        adam.step()
        np.testing.assert_allclose(weight.numpy(), theta.detach().numpy(), rtol=1e-12)


def test_adam_of_keras_is_as_the_exercise_says():
    import keras

    gradients = [0.1, -3.0, 1e-7, 0.5]
    variable = keras.Variable(0.0)
    adam = keras.optimizers.Adam(0.001)
    found = []
    for gradient in gradients:
        adam.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        found.append(float(variable))

    def answer(asked, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        theta = m = v = 0.0
        reached = []
        for t, g in enumerate(asked, start=1):
            m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
            theta -= lr * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t) * m / (v**0.5 + epsilon)
            reached.append(theta)
        return reached

    assert check("tools_and_resources.adam", answer)
    np.testing.assert_allclose(found, answer(gradients), rtol=1e-4)


def test_lines_are_counted_without_style(chapter):
    count = chapter["count_lines"]
    assert count("x = 1\n\n# comment\ny = (2 +\n     3)\n") == 2
    assert count('def f(x):\n    """Doc."""\n    return x  # yes\n') == 2
    assert count("a = 1; b = 2") == 2
