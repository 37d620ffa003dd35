"""Models: exactly the layers that the chapters describe, and weights that load."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from genlib.data import mnist
from genlib.data.shipped import DamagedFileError
from genlib.models import digits
from genlib.models.gan import Discriminator, Generator, sample_z
from genlib.models.vae import VAE


def layers(model):
    """The leaves of a module as short strings, in order."""
    names = []
    for module in model.modules():
        if isinstance(module, nn.Linear):
            names.append(f"{module.in_features}-{module.out_features}")
        elif isinstance(module, nn.LeakyReLU):
            names.append(f"leaky {module.negative_slope}")
        elif isinstance(module, nn.Dropout):
            names.append(f"dropout {module.p}")
        elif not list(module.children()):
            names.append(type(module).__name__)
    return names


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def test_generator():
    G = Generator()
    assert layers(G) == ["100-256", "ReLU", "256-512", "ReLU", "512-1024", "ReLU", "1024-784", "Tanh"]
    assert parameters(G) == 101 * 256 + 257 * 512 + 513 * 1024 + 1025 * 784
    images = G(100 * sample_z(50))
    assert images.shape == (50, 784)
    assert images.min() >= -1
    assert images.max() <= 1
    assert images.abs().max() > 0.99


def test_sample_z():
    z = sample_z(20_000)
    assert z.shape == (20_000, 100)
    assert abs(float(z.mean())) < 0.01
    assert float(z.std()) == pytest.approx(1, abs=0.01)
    assert sample_z(3, latent_dim=7).shape == (3, 7)


def test_discriminator():
    D = Discriminator()
    hidden = ["leaky 0.2", "dropout 0.3"]
    assert layers(D) == ["784-1024", *hidden, "1024-512", *hidden, "512-256", *hidden, "256-1"]
    assert parameters(D) == 785 * 1024 + 1025 * 512 + 513 * 256 + 257
    x = torch.randn(20, 784)
    assert D(x).shape == (20,)
    assert not torch.equal(D(x), D(x))  # dropout while training
    D.eval()
    assert torch.equal(D(x), D(x))
    assert (D(100 * x).abs() > 1).any()  # logits, not probabilities


@pytest.mark.parametrize("latent_dim", [20, 2])
def test_vae_layers(latent_dim):
    shapes = {name: tuple(weight.shape) for name, weight in VAE(latent_dim).state_dict().items()}
    assert shapes == {
        "fc1.weight": (400, 784), "fc1.bias": (400,),
        "fc21.weight": (latent_dim, 400), "fc21.bias": (latent_dim,),
        "fc22.weight": (latent_dim, 400), "fc22.bias": (latent_dim,),
        "fc3.weight": (400, latent_dim), "fc3.bias": (400,),
        "fc4.weight": (784, 400), "fc4.bias": (784,),
    }  # fmt: skip


def test_vae_equals_the_reference_example():
    """The same names, so the weights load; the formulas written out here from the example's layers."""
    torch.manual_seed(0)
    weights = {name: torch.randn_like(weight) * 0.05 for name, weight in VAE().state_dict().items()}
    model = VAE()
    model.load_state_dict(weights)
    x = torch.rand(6, 1, 28, 28)

    def linear(h, name):
        return h @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    hidden = linear(x.view(6, 784), "fc1").clamp(min=0)
    mu, logvar = linear(hidden, "fc21"), linear(hidden, "fc22")
    torch.manual_seed(1)
    z = mu + torch.randn(6, 20) * logvar.mul(0.5).exp()
    recon_x = torch.sigmoid(linear(linear(z, "fc3").clamp(min=0), "fc4"))

    torch.manual_seed(1)
    ours = model(x)
    for a, b in zip(ours, (recon_x, mu, logvar), strict=True):
        assert torch.allclose(a, b, atol=1e-5)
    assert torch.allclose(model.decode(z), torch.sigmoid(model.decode_logits(z)))
    assert torch.equal(model.encode(x.flatten(1))[0], ours[1])


def test_reparameterize_draws_from_q_and_passes_gradients():
    torch.manual_seed(0)
    mu, logvar = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, -1.0]])
    z = VAE(2).reparameterize(mu.expand(50_000, 2), logvar.expand(50_000, 2))
    assert torch.allclose(z.mean(0), mu[0], atol=0.03)
    assert torch.allclose(z.var(0), logvar[0].exp(), rtol=0.03)
    mu, logvar = torch.zeros(1, 2, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    VAE(2).reparameterize(mu, logvar).sum().backward()
    assert torch.equal(mu.grad, torch.ones(1, 2))
    assert logvar.grad.abs().sum() > 0


def test_digit_classifier_knows_its_digits():
    model = digits.digit_classifier()
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    x, y = mnist("test")
    with torch.no_grad():
        features = torch.cat([model.features(batch) for batch in x.split(2000)])
        accuracy = float((model.fc2(features).argmax(1) == y).float().mean())
    assert accuracy == pytest.approx(0.994, abs=1e-3)  # what the docstring says
    assert features.shape == (10_000, 64)
    assert (features >= 0).all()
    assert (features.std(0) > 0).sum() >= 48  # dead features would say nothing
    with torch.no_grad():
        assert torch.allclose(model(x[:5]), model.fc2(features[:5]), atol=1e-4)
        assert F.softmax(model(x[:5]), 1).shape == (5, 10)


def test_digit_classifier_is_small_and_shared():
    assert digits.WEIGHTS.stat().st_size < 500_000
    assert digits.digit_classifier() is digits.digit_classifier()


def test_damaged_weights_are_rejected(tmp_path, monkeypatch):
    content = bytearray(digits.WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / "digit_classifier.safetensors"
    damaged.write_bytes(content)
    monkeypatch.setattr(digits, "WEIGHTS", damaged)
    digits.digit_classifier.cache_clear()
    try:
        with pytest.raises(DamagedFileError, match=r"classifier\.safetensors is damaged"):
            digits.digit_classifier()
        damaged.unlink()
        with pytest.raises(DamagedFileError, match="missing"):
            digits.digit_classifier()
    finally:
        digits.digit_classifier.cache_clear()
