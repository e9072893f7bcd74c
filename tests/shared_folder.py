"""The folder `shared` beside the checkout, which tests skip without."""

from pathlib import Path

import pytest

from tests import ROOT

_BESIDE = ROOT.parent / "shared"

SHARED: Path | None = _BESIDE if _BESIDE.is_dir() else None
"""None if it doesn't exist."""

needs_shared = pytest.mark.skipif(SHARED is None, reason="needs the folder ../shared")
