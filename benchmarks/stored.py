"""Write what a benchmark has measured so that an interrupted run loses nothing."""

import json
import os
import platform

import torch


def write_whole(path, text):
    """Put the text into the file, or leave the file as it was."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)


def machine():
    """What the figures depend on, as one line."""
    return (
        f"{torch.get_num_threads()} thread, {platform.machine()}, PyTorch {torch.__version__.split('+')[0]}"
    )


def keep_trials_apart(parser, options, trial):
    """End the command if a trial would get into the stored result: it needs an --out of its own."""
    if trial and options.out == parser.get_default("out"):
        parser.error("a trial must not get into the stored result: give --out a file of its own")


def save(path, command, results, **more):
    """Store the results as JSON, whole or not at all.

    Args:    path: of the file; command: what makes it; results: rows, or a dict of them; more: further
             entries.
    """
    stored = {
        "command": command,
        "machine": machine(),
        **more,
        "results": results,
    }
    write_whole(path, json.dumps(stored, indent=1) + "\n")
