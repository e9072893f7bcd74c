"""Material that lies beside the checkout on some machines; tests that need it skip elsewhere."""

from pathlib import Path

import pytest

from tests import ROOT

_BESIDE = ROOT.parent / "shared"

SHARED: Path | None = _BESIDE if _BESIDE.is_dir() else None
"""The folder, or None where it isn't there."""

needs_shared = pytest.mark.skipif(SHARED is None, reason="needs the folder ../shared")
