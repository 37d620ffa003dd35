"""Files that travel with the package, read only after their checksum has been verified."""

import hashlib
import io
from pathlib import Path

import numpy as np

__all__ = ["DamagedFileError", "load_npz", "read_text", "read_verified"]

FILES = Path(__file__).parent / "files"


class DamagedFileError(RuntimeError):
    """A shipped file is missing, or is not the file that was shipped."""


def read_verified(path, sha256):
    """The bytes of a file, if they are the expected ones.

    Args:    path: the file; sha256: its checksum, 64 hex digits.
    Returns: bytes.
    Raises:  DamagedFileError if the file cannot be read or its checksum differs.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedFileError(f"{path.name} is missing: install the book again ({error})") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DamagedFileError(
            f"{path.name} is damaged: install the book again. "
            f"Its SHA-256 is {found[:12]}..., not {sha256[:12]}..., its size {len(content):,} bytes."
        )
    return content


def read_text(name, sha256):
    """The text of a shipped file in UTF-8.

    Args:    name: a file of genlib/data/files; sha256: its checksum.
    Returns: str, line ends as in the file.
    Raises:  DamagedFileError as `read_verified`.
    """
    return read_verified(FILES / name, sha256).decode("utf-8")


def load_npz(name, sha256):
    """The arrays of a shipped .npz file.

    Args:    name: a file of genlib/data/files; sha256: its checksum.
    Returns: dict of name -> NumPy array.
    Raises:  DamagedFileError as `read_verified`.
    """
    with np.load(io.BytesIO(read_verified(FILES / name, sha256)), allow_pickle=False) as arrays:
        return dict(arrays)
