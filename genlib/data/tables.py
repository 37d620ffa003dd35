"""Sets that are no images: rows of measurements, a genome, a list of names."""

import numpy as np
import torch

from genlib.data.shipped import FILES, load_npz, read_verified

__all__ = ["lambda_phage", "seattle_weather", "spambase", "us_names"]


def spambase():
    """Spambase: 4,601 e-mails, described by how often certain words and characters occur.

    Returns: x float32 (4601, 57): 48 word frequencies and 6 character frequencies in percent, then the mean
             length, longest length and total of runs of capitals; y int64 (4601,), 1 is spam;
             features: the 57 names.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  Hopkins, Reeber, Forman & Suermondt 1999, https://doi.org/10.24432/C53G6X; CC BY 4.0.
    """
    arrays = load_npz("spambase.npz", "7cbaeb2c36cccee6c94429f7f800b00c39561aecc6d9792fb43e879e265e6586")
    features = tuple(str(name) for name in arrays["features"])
    return torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).long(), features


def seattle_weather():
    """Daily weather in Seattle, 2012 to 2015.

    Returns: dict of arrays (1461,): date (datetime64[D]), precipitation (mm), temp_max, temp_min (C),
             wind (m/s).
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  NOAA, by way of vega-datasets; public domain.
    """
    text = _text("seattle_weather.csv", "73eeadef83a412fdfc9a042f78faa26aef35d0295d4faedf9fdf4bf7ca61b396")
    header, *rows = [line.split(",") for line in text.splitlines()]
    date, *numbers = zip(*rows, strict=True)
    columns = {name: np.array(column, dtype=float) for name, column in zip(header[1:], numbers, strict=True)}
    return {"date": np.array([day.replace("/", "-") for day in date], dtype="datetime64[D]"), **columns}


def lambda_phage():
    """The genome of bacteriophage lambda.

    Returns: str of 48,502 letters A, C, G, T.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  Sanger et al. 1982, https://doi.org/10.1016/0022-2836(82)90546-0; GenBank, no restrictions.
    """
    name, sha256 = "lambda_phage.txt", "58baa752b9a74c069b8296db4b389a2a5c72e548a0c4d0a162510948f4038c4e"
    return _text(name, sha256).strip()


def us_names():
    """First names given in the United States.

    Returns: list of 32,000 different str, letters a to z, in alphabetical order.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  US Social Security Administration; public domain.
    """
    name, sha256 = "names_us_32k.txt", "9b0eb879412802f53cbad33c1c8a1c3fdd993b526453ab4f6b802b87bf36d807"
    return _text(name, sha256).split()


def _text(name, sha256):
    return read_verified(FILES / name, sha256).decode("utf-8")
