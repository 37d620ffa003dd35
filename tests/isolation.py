"""Keeps what a test sets in its process from the next one."""

import os
import random
import sys
from contextlib import ExitStack, contextmanager
from unittest.mock import patch


@contextmanager
def no_trace():
    """Put back what a chapter's setup cell sets: environment, figure style, random states, tiny numbers."""
    torch, numpy, matplotlib = (sys.modules.get(name) for name in ("torch", "numpy", "matplotlib"))
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ))
        stack.callback(random.setstate, random.getstate())
        if numpy:
            stack.callback(numpy.random.set_state, numpy.random.get_state())
        if matplotlib:
            stack.enter_context(matplotlib.rc_context())
        if torch:
            stack.callback(torch.set_rng_state, torch.get_rng_state())
            stack.callback(torch.set_flush_denormal, False)
        yield
