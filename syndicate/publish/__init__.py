"""Publishing: the output folder, brought to what the store says."""

from syndicate.publish.build.build import BuildSummary, Publisher, build
from syndicate.publish.output.manifest import Manifest

__all__ = ["BuildSummary", "Manifest", "Publisher", "build"]
