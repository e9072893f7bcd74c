"""`[intake]`: the folder that articles are taken from."""

from pathlib import Path

from pydantic import Field, StrictBool

from syndicate.config.values import Table


class IntakeSettings(Table):
    """How articles come in by themselves."""

    folder: Path = Field(default=Path("articles"), description="Where articles are filed.")
    watch: StrictBool = Field(
        default=True, description="Whether `run` takes in what is saved there."
    )
