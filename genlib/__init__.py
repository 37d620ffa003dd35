"""What the chapters of the book have shown once, kept for their second use."""

__version__ = "0.1.0"
