"""Newsletters that people can sign up for, a question of the publication's own, and a page's boxes."""

import re

TWO = [
    {"name": "breaking", "description": "What can't wait."},
    {"name": "briefing", "title": "The Briefing"},
    {"name": "staff", "offered": False},
]
CITY = {"fields": [{"name": "city", "label": "Where you live", "required": True}]}


def boxes(page: str) -> dict[str, bool]:
    """Return the boxes of a form, and whether they are ticked."""
    found = re.findall(r'type="checkbox" name="newsletter" value="(\w+)"( checked)?', page)
    return {name: bool(ticked) for name, ticked in found}
