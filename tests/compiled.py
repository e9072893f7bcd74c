"""Templates that are compiled once in a process: most of what a small build takes.

What is compiled depends on a template's text and name alone, as every environment of
ours is set up alike.
"""

from types import CodeType

from syndicate.render.environment import Environment

_Text = tuple[str, str | None, str | None]


def compile_once() -> None:
    """Keep what is compiled from here on, for every publication of this process."""
    known: dict[_Text, CodeType] = {}
    compile_anew = Environment.compile

    def compiled(
        environment: Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        text = source, name, filename
        if text not in known:
            made = compile_anew(environment, source, name, filename)
            assert isinstance(made, CodeType)
            known[text] = made
        return known[text]

    Environment.compile = compiled  # type: ignore[assignment, method-assign]
