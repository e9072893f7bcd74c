"""`[intake]`: the folder that articles are taken from."""

from pathlib import Path

from pydantic import Field, StrictBool

from syndicate.config.values import Table


class IntakeSettings(Table):
    """The folder that articles are imported from."""

    folder: Path = Field(default=Path("articles"), description="The folder of the articles.")
    watch: StrictBool = Field(
        default=True, description="Whether `run` imports what is saved there."
    )
