"""Toy sets whose density is written down, so that a model can be compared with the truth."""

import math

import torch

__all__ = ["Grid", "Mixture", "Mixture1D", "Ring", "TwoMoons"]


class Mixture:
    """A mixture of K isotropic Gaussians in D dimensions.

    Args:    mu: (K, D) centers; std: one number or (K,), > 0; pi: (K,) weights, default equal.
    Raises:  ValueError if shapes do not fit, a std is not positive, or the weights are no distribution.
    """

    def __init__(self, mu, std, pi=None):
        self.mu = torch.as_tensor(mu, dtype=torch.float32)
        if self.mu.dim() != 2:
            raise ValueError(f"mu: (K, D) was expected, not {tuple(self.mu.shape)}")
        k = len(self.mu)
        self.std = torch.as_tensor(std, dtype=torch.float32)
        if self.std.shape not in ((), (1,), (k,)):
            raise ValueError(f"std: one number or {k} were expected, not {tuple(self.std.shape)}")
        self.std = self.std.expand(k).clone()
        self.pi = torch.full((k,), 1 / k) if pi is None else torch.as_tensor(pi, dtype=torch.float32)
        if not (self.std > 0).all():
            raise ValueError(f"std: must be positive, not {std}")
        if self.pi.shape != (k,) or (self.pi < 0).any() or not abs(float(self.pi.sum()) - 1) <= 1e-5:
            raise ValueError(f"pi: {k} weights >= 0 that sum to 1 were expected, not {pi}")

    def sample(self, n, generator=None):
        """n draws: (n, D)."""
        return self.sample_with_modes(n, generator)[0]

    def sample_with_modes(self, n, generator=None):
        """n draws (n, D) and the mode (n,) that each came from."""
        mode = torch.multinomial(self.pi, n, replacement=True, generator=generator)
        eps = torch.randn(n, self.mu.shape[1], generator=generator)
        return self.mu[mode] + self.std[mode, None] * eps, mode

    def log_prob(self, x):
        """x (N, D) -> (N,) nats. Raises ValueError for another D."""
        d = self.mu.shape[1]
        if x.dim() != 2 or x.shape[1] != d:
            raise ValueError(f"x: (N, {d}) was expected, not {tuple(x.shape)}")
        x = x if x.is_floating_point() else x.float()
        square = (x[:, None] - self.mu.to(x)).square().sum(2)  # (N, K)
        std = self.std.to(x)
        log_px_k = -0.5 * square / std**2 - d * std.log() - 0.5 * d * math.log(2 * math.pi)
        return torch.logsumexp(self.pi.to(x).log() + log_px_k, dim=1)


class Mixture1D(Mixture):
    """A mixture of normals on the line; by default a broad hill and a narrow peak.

    Args:    mu: (K,) centers; std, pi: as `Mixture`.
    """

    def __init__(self, mu=(-2.0, 2.0), std=(1.0, 0.5), pi=(0.4, 0.6)):
        super().__init__(torch.as_tensor(mu, dtype=torch.float32)[:, None], std, pi)


class Ring(Mixture):
    """Equal Gaussians on a circle: the usual test for lost modes.

    Args:    n_modes: how many; radius: of the circle; std: of each Gaussian.
    Source:  Metz et al. 2016, https://arxiv.org/abs/1611.02163
    """

    def __init__(self, n_modes=8, radius=2.0, std=0.02):
        if n_modes < 1:
            raise ValueError(f"n_modes: must be at least 1, not {n_modes}")
        angle = 2 * math.pi * torch.arange(n_modes) / n_modes
        super().__init__(radius * torch.stack([angle.cos(), angle.sin()], 1), std)


class Grid(Mixture):
    """Equal Gaussians on a square grid around 0: by default 25 of them, from -4 to 4.

    Args:    side: how many in a row; spacing: between neighbors; std: of each Gaussian.
    Source:  Srivastava et al. 2017 (VEEGAN), https://arxiv.org/abs/1705.07761
    """

    def __init__(self, side=5, spacing=2.0, std=0.05):
        line = spacing * (torch.arange(side) - (side - 1) / 2)
        super().__init__(torch.cartesian_prod(line, line), std)


class TwoMoons:
    """Two interleaving half circles of radius 1 with Gaussian noise.

    The density has no closed form, but it is an integral along the arcs; `log_prob` computes it by the
    midpoint rule.

    Args:    std: the noise, > 0.
    Raises:  ValueError for a std that is not positive.
    """

    def __init__(self, std=0.1):
        if not std > 0:
            raise ValueError(f"std: must be positive, not {std}")
        self.std = std

    def _arcs(self, t):
        upper = torch.stack([t.cos(), t.sin()], -1)
        return torch.stack([upper, torch.tensor([1.0, 0.5]).to(t) - upper])  # (2, n, 2)

    def sample(self, n, generator=None):
        """n draws: (n, 2)."""
        t = math.pi * torch.rand(n, generator=generator)
        moon = torch.randint(2, (n,), generator=generator)
        arc = self._arcs(t)[moon, torch.arange(n)]
        return arc + self.std * torch.randn(n, 2, generator=generator)

    def log_prob(self, x):
        """x (N, 2) -> (N,) nats. Raises ValueError for another shape."""
        # Sixteen a std: off by less than 0.001 nats where the moons are, more far beyond the end of an arc.
        points = math.ceil(16 * math.pi / self.std)
        t = math.pi * (torch.arange(points, dtype=torch.float64) + 0.5) / points
        return Mixture(self._arcs(t).reshape(-1, 2), self.std).log_prob(x)
