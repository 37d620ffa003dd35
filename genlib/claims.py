"""Statements that are measured here and now: `claim` checks one, `report` shows a figure.

Both leave their figure in the metadata of the notebook's output, so that the book's tests can compare
the prose with what was measured.
"""

import html
import math

__all__ = ["claim", "report"]


def claim(statement, value, *, above=None, below=None, about=None, within=None):
    """State something, measure it, and stop when it is false.

    Args:    statement: a sentence, true when the check passes;
             value: what was measured: a number (a one-element tensor or array will do) or, without
             bounds, a truth value;
             above, below: the value must lie strictly above / below these;
             about, within: |value - about| must be at most within (needs both).
    Returns: None. Shows one line: the statement, the figure, the bound.
    Raises:  AssertionError with the statement and the figure when it is false (NaN is always false);
             ValueError when the bounds make no sense, TypeError when the value is no single number.
    """
    bound = _describe(above, below, about, within)
    number = _number(value)
    truth = isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")  # NumPy's, PyTorch's
    if bound:
        if truth:
            raise ValueError(f"claim {statement!r}: a truth value takes no bounds")
        holds = not math.isnan(number)
        holds = holds and (above is None or number > above)
        holds = holds and (below is None or number < below)
        holds = holds and (about is None or abs(number - about) <= within)
        figure = _apart(number, above, below)
    else:
        if not truth:
            raise ValueError(f"claim {statement!r}: a number needs a bound (above, below, about and within)")
        holds, figure = bool(number), ""
    if not holds:
        raise AssertionError(f"{statement}: measured {f'{figure} ({bound})' if bound else 'false'}")
    _show(
        plain=f"✓ {statement}" + (f": {figure} ({bound})" if bound else ""),
        markup=f'<div class="genlib-claim">✓ {html.escape(statement)}'
        + (f": <strong>{figure}</strong> <em>({html.escape(bound)})</em>" if bound else "")
        + "</div>",
        metadata={"claim": statement, "value": number, "bound": bound},
    )


def report(name, value, unit="", digits=2):
    """Show a measured figure under a name, so that the prose can quote it.

    Args:    name: what was measured; a marker `<!--r:name-->` in the prose refers to it;
             value: one number; unit: e.g. "nats"; digits: decimals shown, at least 0.
    Returns: None. Shows one line, "name: 1.23 unit".
    Raises:  TypeError when the value is no single number, ValueError for negative digits.
    """
    if digits < 0:
        raise ValueError(f"report {name!r}: digits must be at least 0, not {digits}")
    text = f"{_number(value):,.{digits}f}"
    unit = f" {unit}" if unit else ""
    _show(
        plain=f"{name}: {text}{unit}",
        markup=f'<div class="genlib-report">{html.escape(name)}: <strong>{text}</strong>'
        f"{html.escape(unit)}</div>",
        metadata={"report": name, "text": text},
    )


def _describe(above, below, about, within):
    if (about is None) != (within is None):
        raise ValueError("claim: about and within go together")
    if within is not None and not within >= 0:
        raise ValueError(f"claim: within must be at least 0, not {within}")
    if about is not None and (above is not None or below is not None):
        raise ValueError("claim: give above and below, or about and within")
    if above is not None and below is not None:
        if not above < below:
            raise ValueError(f"claim: nothing lies above {above} and below {below}")
        return f"between {_given(above)} and {_given(below)}"
    if above is not None:
        return f"above {_given(above)}"
    if below is not None:
        return f"below {_given(below)}"
    return f"within {_given(within)} of {_short(about, digits=4)}" if about is not None else ""


def _number(value):
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"a single number was expected, not {type(value).__name__}: {error}") from None


def _short(number, digits=3):
    """Significant digits, thousands separated, e.g. 0.0312, 104, 60,000."""
    number = float(number)
    if not math.isfinite(number) or number == 0:
        return f"{number:g}"
    text = f"{number:,.0f}" if abs(number) >= 999.5 else f"{number:.{digits}g}"
    return text.replace("-", "−")


def _given(bound):
    """A bound as its author wrote it."""
    return _short(bound, digits=6)


def _apart(number, *bounds):
    """The figure, with as many digits as it takes to tell it from a bound that it only just keeps."""
    texts = [_given(bound) for bound in bounds if bound is not None]
    return next((t for t in (_short(number, d) for d in (3, 4, 5)) if t not in texts), _short(number, 6))


def _show(plain, markup, metadata):
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(plain)
    else:
        display({"text/plain": plain, "text/html": markup}, raw=True, metadata={"genlib": metadata})
