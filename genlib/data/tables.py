"""Sets that are no images: rows of measurements, a genome, a list of names, a list of papers."""

import csv

import numpy as np
import torch

from genlib.data.shipped import load_npz, read_text

__all__ = ["banknotes", "gan_zoo", "lambda_phage", "seattle_weather", "shuttle", "spambase", "us_names"]


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


def banknotes():
    """Swiss thousand-franc notes, 100 genuine ones and 100 forgeries, measured by hand.

    Returns: x float32 (200, 6), in mm; y int64 (200,), 1 is a forgery; features: the 6 names.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  Flury & Riedwyl 1988, Multivariate Statistics: A Practical Approach
             (ISBN 978-94-010-7041-6).
    """
    text = read_text("banknote_swiss.csv", "2be7a21a189aa886acf9aa598efe9fe61291466c780a92b20c562a3b72b97e45")
    header, *rows = [line.split(",") for line in text.splitlines()]
    x = torch.tensor([[float(number) for number in row[1:]] for row in rows])
    y = torch.tensor([("genuine", "counterfeit").index(row[0]) for row in rows])
    return x, y, tuple(header[1:])


def shuttle():
    """Statlog Shuttle: 58,000 readings of nine sensors on the Space Shuttle, in seven states.

    Returns: x float32 (58000, 9), whole numbers; y int64 (58000,), an index into the classes;
             classes: the 7 names, of which the first, "Rad.Flow", is the common one.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  UCI Machine Learning Repository, Statlog (Shuttle); CC BY 4.0.
    """
    arrays = load_npz("shuttle.npz", "ceb5b35d4a5062ed1e309233e931dfc18372562f449027052ca463fcea99e2e1")
    classes = tuple(str(name) for name in arrays["classes"])
    return torch.from_numpy(arrays["x"]).float(), torch.from_numpy(arrays["y"]).long(), classes


def seattle_weather():
    """Daily weather in Seattle, 2012 to 2015.

    Returns: dict of arrays (1461,): date (datetime64[D]), precipitation (mm), temp_max, temp_min (C),
             wind (m/s).
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  NOAA, by way of vega-datasets; public domain.
    """
    text = read_text(
        "seattle_weather.csv", "73eeadef83a412fdfc9a042f78faa26aef35d0295d4faedf9fdf4bf7ca61b396"
    )
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
    return read_text(name, sha256).strip()


def us_names():
    """First names given in the United States.

    Returns: list of 32,000 different str, letters a to z, in alphabetical order.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  US Social Security Administration; public domain.
    """
    name, sha256 = "names_us_32k.txt", "9b0eb879412802f53cbad33c1c8a1c3fdd993b526453ab4f6b802b87bf36d807"
    return read_text(name, sha256).split()


def gan_zoo():
    """The GAN Zoo: papers on adversarial networks that gave their model a name, 2014 to September 2018.

    Returns: list of 501 dicts: year, month (int); name, title, link (str), in the order of the list, which is
             by month. A name may stand for several papers, and two papers stand there under two names.
    Raises:  DamagedFileError if the shipped file is not intact.
    Source:  Hindupur, https://github.com/hindupuravinash/the-gan-zoo; MIT.
    """
    text = read_text("gan_zoo.csv", "850e1ce6ac777de78b8a4adfe7b9502b30fa85abf23fdef11a60f5fc9083bdaa")
    rows = csv.DictReader(text.splitlines())
    return [row | {"year": int(row["year"]), "month": int(row["month"])} for row in rows]
