"""Copy the picture on the first page out of the GAN chapter's stored outputs.

    python -m tools.first_picture

Run it after `make run CH=gan`; a test compares the two.
"""

import base64

from tools.notebooks import ROOT, code_cells, read

CHAPTER = ROOT / "book" / "code" / "gan.ipynb"
PICTURE = ROOT / "book" / "assets" / "first-picture.png"
SOURCE = "plots.image_grid(draw(G_average, 100)"


def first_picture():
    """The PNG of the cell that draws one hundred samples. Raises LookupError if there is none."""
    for cell in code_cells(read(CHAPTER)):
        if SOURCE in cell.source:
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output.data["image/png"])
    raise LookupError(f"{CHAPTER.name}: no executed cell draws the first picture ({SOURCE}...)")


if __name__ == "__main__":
    PICTURE.write_bytes(first_picture())
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")
