"""Configurations under test: how they are written, and what is reported of wrong ones."""

from pathlib import Path

import pytest

from syndicate.config import load
from syndicate.errors import ConfigError

ID = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"
PUBLICATION = f'[publication]\nid = "{ID}"\ntitle = "Morning Post"\n'
"""Three lines that every configuration here begins with."""
NEWSLETTER = '[[newsletters]]\nname = "breaking"\n'
LIVE = f'{PUBLICATION}url = "https://news.example.org"\npostal_address = "Here"\n'


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    """Load a configuration that is wrong; return what is said of it, line by line."""
    with pytest.raises(ConfigError) as refusal:
        load(write(folder, text))
    assert refusal.value.exit_code == 2
    return str(refusal.value).splitlines()
