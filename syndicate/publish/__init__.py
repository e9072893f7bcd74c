"""Publishing: the output folder, brought to what the store says."""

from syndicate.publish.build import Built, Publisher, build
from syndicate.publish.manifest import Manifest

__all__ = ["Built", "Manifest", "Publisher", "build"]
