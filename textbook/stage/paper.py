"""Pixels: pictures without transparency, and PNG files."""

from __future__ import annotations

import io

from PIL import Image


def on_paper(picture: Image.Image, paper: Image.Image | None = None) -> Image.Image:
    """A picture without transparency: on white, or on another picture."""
    opaque = Image.new("RGB", picture.size, "white") if paper is None else paper.convert("RGB")
    opaque.paste(picture, mask=picture)
    return opaque


def png_bytes(picture: Image.Image) -> bytes:
    """A picture as a PNG file."""
    stream = io.BytesIO()
    picture.save(stream, "png", compress_level=3)  # more would take longer than sending the difference
    return stream.getvalue()
