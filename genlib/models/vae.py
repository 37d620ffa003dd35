"""The VAE of the chapter "A VAE on real digits": 784-400-(L, L)-400-784."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["VAE"]


class VAE(nn.Module):
    """Variational autoencoder with one hidden layer on each side.

    With latent_dim = 20 the names and shapes of the weights are those of PyTorch's reference example
    (https://github.com/pytorch/examples/tree/main/vae), so its checkpoints load here.

    Source: Kingma & Welling 2014, https://arxiv.org/abs/1312.6114
    """

    def __init__(self, latent_dim=20):
        super().__init__()
        self.latent_dim = latent_dim
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, latent_dim)
        self.fc22 = nn.Linear(400, latent_dim)
        self.fc3 = nn.Linear(latent_dim, 400)
        self.fc4 = nn.Linear(400, 784)

    def encode(self, x):
        """x (N, 784) in [0, 1] -> mu, logvar, each (N, L): the Gaussian q(z|x)."""
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def reparameterize(self, mu, logvar):
        """mu, logvar (N, L) -> z (N, L), a draw from q(z|x) that gradients pass through."""
        eps = torch.randn_like(mu)
        return mu + torch.exp(0.5 * logvar) * eps

    def decode_logits(self, z):
        """z (N, L) -> x_logits (N, 784)."""
        return self.fc4(F.relu(self.fc3(z)))

    def decode(self, z):
        """z (N, L) -> recon_x (N, 784), the probability that each pixel is white."""
        return torch.sigmoid(self.decode_logits(z))

    def forward(self, x):
        """x (N, 784) or (N, 1, 28, 28) -> recon_x (N, 784), mu (N, L), logvar (N, L)."""
        mu, logvar = self.encode(x.reshape(-1, 784))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar
