"""Write what a benchmark has measured so that an interrupted run loses nothing."""

import json
import os
import platform

import torch


def save(path, command, results, **more):
    """Store the results as JSON, whole or not at all.

    Args:    path: of the file; command: what makes it; results: list of rows; more: further entries.
    """
    stored = {
        "command": command,
        "machine": f"{torch.get_num_threads()} thread, {platform.machine()}, "
        f"PyTorch {torch.__version__.split('+')[0]}",
        **more,
        "results": results,
    }
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
    os.replace(partial, path)
