"""Texts that go with what is taken elsewhere, filled in."""

from importlib.resources import files
from string import Template

TEMPLATES = files("afield.exchange") / "templates"


def filled(name: str, **values: str) -> str:
    """The template of this name with its `$words` replaced."""
    return Template((TEMPLATES / name).read_text("utf-8")).substitute(values)
