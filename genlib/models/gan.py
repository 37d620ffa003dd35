"""The GAN of the chapter "A GAN on real digits": two fully connected networks."""

import torch
from torch import nn

__all__ = ["Discriminator", "Generator", "sample_z"]


def sample_z(n, latent_dim=100, device=None):
    """Noise for a generator.

    Args:    n: how many; latent_dim: L; device: where.
    Returns: (n, latent_dim) draws of N(0, I).
    """
    return torch.randn(n, latent_dim, device=device)


class Generator(nn.Module):
    """Noise to image, 100-256-512-1024-784, ReLU inside, Tanh at the end.

    Called with z (N, 100) it returns images (N, 784) in [-1, 1].
    """

    latent_dim = 100

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(100, 256), nn.ReLU(),
            nn.Linear(256, 512), nn.ReLU(),
            nn.Linear(512, 1024), nn.ReLU(),
            nn.Linear(1024, 784), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    """Image to logit, 784-1024-512-256-1, LeakyReLU(0.2) and Dropout(0.3) after each hidden layer.

    Called with x (N, 784) in [-1, 1] it returns logits (N,): the sigmoid of a logit is the probability
    that the image is real. Dropout is at work in `train()` mode only.
    """

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(784, 1024), nn.LeakyReLU(0.2), nn.Dropout(0.3),
            nn.Linear(1024, 512), nn.LeakyReLU(0.2), nn.Dropout(0.3),
            nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Dropout(0.3),
            nn.Linear(256, 1),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x).squeeze(1)
