"""Read YAML front matter, between two lines of `---`."""

import math
import re
from contextlib import suppress
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from syndicate.errors import Refused
from syndicate.intake.articles.frontmatter.value import (
    MAX_NUMBER_LENGTH,
    FrontMatterValue,
    ValueBudget,
    list_value,
    table_value,
)
from syndicate.text import printable

_C_LOADER: type[Any] | None = getattr(yaml, "CSafeLoader", None)
_MAX_C_LOADER_LENGTH = 10_000
_DISPUTED = re.compile(
    "[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|[?]|[|>]\S*#|(?<![^\s\[{,])!\S"
)
"""Text that PyYAML and libyaml may parse differently."""
_CONSTRUCTOR = SafeConstructor()
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def read_yaml(head: str, path: str) -> FrontMatterValue:
    """Read YAML that begins in line 2 of its file; raise Refused, with the line, for an error."""
    try:
        node = _node(head)
        return FrontMatterValue(line=2) if node is None else _YamlReader(path).convert(node)
    except yaml.reader.ReaderError as error:
        line = head.count("\n", 0, error.position) + 2
        raise Refused(f"{path}:{line}: a control character in the front matter") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 2 if mark is None else mark.line + 2
        problem = error.problem or error.context or "can't be read"
        remedy = '; quote a value that contains ": "' if "mapping values" in problem else ""
        raise Refused(f"{path}:{line}: broken YAML: {problem}{remedy}") from error
    except RecursionError as error:
        raise Refused(f"{path}:2: front matter is nested too deeply") from error


def _node(head: str) -> yaml.Node | None:
    """Parse YAML; raise what PyYAML's own parser raises.

    libyaml takes a quarter of the time. PyYAML's parser is used if libyaml is missing, might
    parse differently, or reports an error.
    """
    if _C_LOADER is not None and len(head) < _MAX_C_LOADER_LENGTH and not _DISPUTED.search(head):
        with suppress(yaml.YAMLError):
            return yaml.compose(head, Loader=_C_LOADER)
    return yaml.compose(head, Loader=yaml.SafeLoader)


class _YamlReader:
    """One pass over the nodes of a document."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._budget = ValueBudget(path)

    def convert(self, node: yaml.Node, depth: int = 0) -> FrontMatterValue:
        line = node.start_mark.line + 2
        self._budget.spend(line, depth)
        if isinstance(node, yaml.MappingNode):
            return table_value(line, self._table(node, depth))
        if isinstance(node, yaml.SequenceNode):
            return list_value(line, [self.convert(item, depth + 1) for item in node.value])
        assert isinstance(node, yaml.ScalarNode)
        if node.tag == _NULL:
            return FrontMatterValue(line=line)
        text = printable(node.value)
        return FrontMatterValue(line=line, text=text, json_value=_json_value(node, text))

    def _table(self, node: yaml.MappingNode, depth: int) -> dict[str, FrontMatterValue]:
        table: dict[str, FrontMatterValue] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 2
            if not isinstance(key_node, yaml.ScalarNode):
                raise Refused(f"{self._path}:{line}: a list or table as a key — expected a word")
            key = printable(key_node.value)
            if key in table:
                first = table[key].line
                raise Refused(f"{self._path}:{line}: {key} is given twice, first on line {first}")
            table[key] = self.convert(value_node, depth + 1)
        return table


def _json_value(node: yaml.ScalarNode, text: str) -> str | int | float | bool:
    """Return a scalar that JSON can represent, else its text."""
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    try:
        if node.tag == _BOOL:
            return bool(_CONSTRUCTOR.construct_yaml_bool(node))
        if node.tag == _NUMBERS[0]:
            return int(_CONSTRUCTOR.construct_yaml_int(node))
        if node.tag == _NUMBERS[1]:
            number = float(_CONSTRUCTOR.construct_yaml_float(node))
            return number if math.isfinite(number) else text
    except (ValueError, KeyError, OverflowError):
        return text
    return text
