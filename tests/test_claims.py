"""Claims hold, fail with their figure, or refuse nonsense; both leave their figure in the metadata."""

import math

import numpy as np
import pytest
import torch

from genlib import claims
from genlib.claims import claim, report


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed in a notebook: a list of (bundle, metadata)."""
    IPython = pytest.importorskip("IPython")
    bundles = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(
        IPython.display, "display", lambda bundle, raw, metadata: bundles.append((bundle, metadata))
    )
    return bundles


@pytest.mark.parametrize("bounds", [
    {"above": 0.2}, {"below": 0.4}, {"above": 0.2, "below": 0.4}, {"about": 0.25, "within": 0.1},
    {"about": 0.3, "within": 0},
])  # fmt: skip
@pytest.mark.parametrize(
    "value", [0.3, np.float64(0.3), torch.tensor(0.3, dtype=torch.float64), np.array([0.3])]
)
def test_a_true_claim_prints_its_line(bounds, value, capsys):
    assert claim("the error is small", value, **bounds) is None
    line = capsys.readouterr().out
    assert line.startswith("✓ the error is small: 0.3 (")
    assert line.count("\n") == 1


@pytest.mark.parametrize("bounds", [
    {"above": 0.3}, {"below": 0.3}, {"above": 0.4, "below": 0.5}, {"about": 0.5, "within": 0.1},
])  # fmt: skip
def test_a_false_claim_raises_with_statement_and_figure(bounds, capsys):
    with pytest.raises(AssertionError, match=r"the error is small: measured 0\.3 \("):
        claim("the error is small", 0.3, **bounds)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("bounds", [{"above": 0}, {"below": 0}, {"about": 0, "within": math.inf}])
def test_nan_is_always_false(bounds):
    with pytest.raises(AssertionError, match="nan"):
        claim("a number", math.nan, **bounds)


def test_truth_values(capsys):
    claim("all classes occur", True)
    claim("all classes occur", torch.tensor([1, 2]).min() > 0)
    claim("all classes occur", np.array([1, 2]).min() > 0)
    assert capsys.readouterr().out == "✓ all classes occur\n" * 3
    with pytest.raises(AssertionError, match="all classes occur: measured false"):
        claim("all classes occur", False)


@pytest.mark.parametrize(("value", "bounds", "message"), [
    (0.3, {}, "needs a bound"),
    (1.0, {}, "needs a bound"),
    (torch.tensor(0), {}, "needs a bound"),
    (True, {"above": 0}, "takes no bounds"),
    (torch.tensor(True), {"above": 0}, "takes no bounds"),
    (np.bool_(True), {"above": 0}, "takes no bounds"),
    (0.3, {"about": 0.3}, "go together"),
    (0.3, {"within": 0.3}, "go together"),
    (0.3, {"about": 0.3, "within": -1}, "at least 0"),
    (0.3, {"about": 0.3, "within": math.nan}, "at least 0"),
    (0.3, {"about": 0.3, "within": 1, "above": 0}, "or about and within"),
    (0.3, {"above": 1, "below": 0}, "nothing lies"),
])  # fmt: skip
def test_bounds_must_make_sense(value, bounds, message):
    with pytest.raises(ValueError, match=message):
        claim("x", value, **bounds)


@pytest.mark.parametrize("value", [torch.zeros(2), "abc", None, [1.0]])
def test_a_single_number_is_needed(value):
    with pytest.raises(TypeError, match="single number"):
        claim("x", value, above=-1)
    with pytest.raises(TypeError, match="single number"):
        report("x", value)


def test_a_claim_leaves_its_figure_in_the_metadata(shown):
    claim("p < q & more", 0.0312, below=0.05)
    ((bundle, metadata),) = shown
    assert metadata == {"genlib": {"claim": "p < q & more", "value": 0.0312, "bound": "below 0.05"}}
    assert bundle["text/plain"] == "✓ p < q & more: 0.0312 (below 0.05)"
    assert "p &lt; q &amp; more" in bundle["text/html"]


def test_a_report_leaves_its_text_in_the_metadata(shown, capsys):
    report("test ELBO", torch.tensor(-1234.567), unit="nats", digits=1)
    ((bundle, metadata),) = shown
    assert metadata == {"genlib": {"report": "test ELBO", "text": "-1,234.6"}}
    assert bundle["text/plain"] == "test ELBO: -1,234.6 nats"
    assert "<strong>-1,234.6</strong> nats" in bundle["text/html"]
    assert capsys.readouterr().out == ""


def test_report_outside_a_notebook_prints(capsys):
    report("epochs", 10, digits=0)
    assert capsys.readouterr().out == "epochs: 10\n"
    with pytest.raises(ValueError, match="digits"):
        report("epochs", 10, digits=-1)


@pytest.mark.parametrize(("number", "text"), [
    (0, "0"), (0.03123, "0.0312"), (104.2, "104"), (60000, "60,000"), (-2.5, "−2.5"), (math.inf, "inf"),
    (999.4, "999"), (999.7, "1,000"), (-1234.5, "−1,234"), (1e-5, "1e−05"),
])  # fmt: skip
def test_figures_are_short(number, text):
    assert claims._short(number) == text


@pytest.mark.parametrize(
    ("value", "bounds", "line"),
    [
        (-101.96, {"above": -102}, "✓ s: −101.96 (above −102)"),
        (0.0312, {"below": 0.05}, "✓ s: 0.0312 (below 0.05)"),
        (-102.4, {"above": -102.5}, "✓ s: −102 (above −102.5)"),
    ],
)
def test_a_figure_differs_from_its_bound(capsys, value, bounds, line):
    claim("s", value, **bounds)
    assert capsys.readouterr().out == line + "\n"
