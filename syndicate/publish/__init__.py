"""Publishing: from a snapshot of the store to the files in `feeds/`."""

from syndicate.publish.build import Built, build
from syndicate.publish.manifest import Manifest, Published

__all__ = ["Built", "Manifest", "Published", "build"]
