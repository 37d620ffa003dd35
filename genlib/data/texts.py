"""Sets of letters: plays, sonnets, Chinese quatrains."""

from genlib.data.shipped import read_text

__all__ = ["shakespeare_plays", "shakespeare_sonnets", "tang_quatrains"]


def shakespeare_plays():
    """Seven plays of Shakespeare with their stage directions, in one text.

    Returns: str of 920,263 characters, lines ended by a single line feed.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  the package shakespeare 0.6; public domain.
    """
    return read_text(
        "shakespeare_7plays.txt", "6f9e2ee79428b750ce27056881696166e851d6e2b3ca07c4567b4f2a767512e1"
    )


def shakespeare_sonnets():
    """The sonnets of Shakespeare, in one text, each under its Roman numeral.

    Returns: str of 95,729 characters, lines ended by a single line feed.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  the package shakespeare 0.6; public domain.
    """
    return read_text(
        "shakespeare_sonnets.txt", "72c1c92e968bba546deda92629cd1958d264868966d2c27d2c0dcf0bc7980b16"
    )


def tang_quatrains():
    """Quatrains of the Tang dynasty with five characters a line (wujue), in simplified characters.

    Returns: list of 3,757 str of 24 characters: four lines of five, each followed by a comma or full stop.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  chinese-poetry 2.0.1, (c) 2016 JackeyGao, MIT; the poems are in the public domain.
    """
    name, sha256 = (
        "tang_wujue_simplified.txt",
        "ec0ea94b04d93c4b89ebddd09f95075874b06b3fe7bd203514a22ad410fce876",
    )
    return read_text(name, sha256).split()
