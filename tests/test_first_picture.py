"""The picture on the first page is the one that the GAN chapter drew."""

from tools.first_picture import PICTURE, first_picture


def test_first_picture_is_the_chapters():
    assert PICTURE.read_bytes() == first_picture(), "run: python -m tools.first_picture"
