"""The definitions of the chapter "What a generative model is" against genlib and SciPy, on fixed input."""

import numpy as np
import pytest
import torch
from chapters import chapter_namespace
from scipy import stats

from genlib import densities
from tools.notebooks import ROOT

CHAPTER = ROOT / "book" / "concepts" / "generative-models.ipynb"


@pytest.fixture(scope="module")
def chapter():
    names = ["log_normal", "kde_log_density", "energy_distance"]
    return dict(zip(names, chapter_namespace(CHAPTER, names), strict=True))


def test_log_normal(chapter):
    torch.manual_seed(0)
    x, mu, logvar = torch.randn(3, 7, 4)
    torch.testing.assert_close(chapter["log_normal"](x, mu, logvar), densities.log_normal(x, mu, logvar))


def test_kde_against_scipy(chapter):
    torch.manual_seed(1)
    x_fit, x = torch.randn(50, 1).double(), torch.randn(9, 1).double()
    h = 0.3
    scipy = stats.gaussian_kde(x_fit[:, 0], bw_method=h / x_fit.std().item())
    ours = chapter["kde_log_density"](x, x_fit, h)
    np.testing.assert_allclose(ours, scipy.logpdf(x[:, 0]), rtol=1e-8)


def test_energy_distance_is_unbiased(chapter):
    torch.manual_seed(2)
    draws = [chapter["energy_distance"](*torch.randn(2, 20, 2)) for _ in range(400)]
    draws = torch.stack(draws)
    assert abs(draws.mean()) < 4 * draws.std() / 20  # zero on average for two samples of one law
