"""Heroes of a role-playing game, put together from drawn parts: color images whose factors are known."""

import torch

from genlib.data.shipped import load_npz

__all__ = ["HERO_SLOTS", "hero_parts", "heroes"]

# From back to front: a later part covers an earlier one.
HERO_SLOTS = ("cloak", "base", "legs", "boots", "body", "gloves", "hand1", "hand2", "hair", "head")


def hero_parts():
    """The parts, sorted by the slot that they fill.

    Returns: dict: slot -> (x float32 (n, 4, 32, 32), red, green, blue and opacity in [0, 1]; the n names),
             in the order of HERO_SLOTS; n is 11 to 232, 682 in all.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  tiles of Dungeon Crawl Stone Soup 0.28.0; CC0 1.0.
    """
    arrays = load_npz(
        "hero_parts_cc0.npz", "d0c703816a36bac541d7750132ce8b1b9815ebf8a74c7f12caf149cda4e0572f"
    )
    x = torch.from_numpy(arrays["x"]).permute(0, 3, 1, 2).float().div_(255).contiguous()
    parts = {}
    for number, slot in enumerate(arrays["slots"]):
        here = arrays["slot"] == number
        parts[str(slot)] = (x[torch.from_numpy(here)], tuple(str(name) for name in arrays["name"][here]))
    return {slot: parts[slot] for slot in HERO_SLOTS}


def heroes(factors, background=0.0):
    """Compose heroes from their parts.

    Args:    factors: dict: slot -> (N,) integers, the part of each hero in that slot, -1 for none. A slot
             that is not named stays empty;
             background: grey level in [0, 1].
    Returns: float32 (N, 3, 32, 32) in [0, 1].
    Raises:  ValueError for an unknown slot, a part that does not exist or columns of different length.
    """
    parts = hero_parts()
    columns = {slot: torch.as_tensor(column) for slot, column in factors.items()}
    unknown = [slot for slot in columns if slot not in parts]
    if unknown or not columns:
        raise ValueError(f"factors must name slots of {HERO_SLOTS}, not {unknown}")
    n = len(next(iter(columns.values())))
    for slot, column in columns.items():
        most = len(parts[slot][0])
        if column.shape != (n,) or column.is_floating_point():
            raise ValueError(f"factors[{slot!r}] must be {n} integers like the others, not {column}")
        if n and not (-1 <= int(column.min()) and int(column.max()) < most):
            raise ValueError(f"factors[{slot!r}] must be from -1 to {most - 1}")
    canvas = torch.full((n, 3, 32, 32), float(background))
    for slot in HERO_SLOTS:
        if slot in columns:
            part = torch.cat([parts[slot][0], torch.zeros(1, 4, 32, 32)])[columns[slot]]  # -1 is the last
            color, opacity = part[:, :3], part[:, 3:]
            canvas = canvas * (1 - opacity) + color * opacity
    return canvas
