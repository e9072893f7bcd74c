"""Findings: texts for operators that reviewers read in their own language."""

import json
from copy import deepcopy

import pytest

from syndicate.language import translator
from syndicate.model.findings import EditionFinding, dump_findings, translate_findings

LINKS = (
    "a link of our own leads nowhere: %(links)s",
    "%(num)s links of our own lead nowhere: %(links)s",
)
EMPTY = EditionFinding.of("its subject is empty")
ONE, TWO = (EditionFinding.counted(*LINKS, num, links="100 %, /x") for num in (1, 2))
PLAIN = "editions/a.md is a draft"


def test_a_finding_is_a_text_in_english():
    assert [EMPTY, ONE, TWO] == [
        "its subject is empty",
        "a link of our own leads nowhere: 100 %, /x",
        "2 links of our own lead nowhere: 100 %, /x",
    ]
    assert f"{EMPTY}; {PLAIN}" == "its subject is empty; editions/a.md is a draft"


@pytest.mark.parametrize("copied", [True, False])
def test_it_can_be_translated_after_it_was_stored_and_other_texts_stay(copied):
    found: tuple[str, ...] = (EMPTY, ONE, TWO, PLAIN)
    if copied:
        found = deepcopy(found)
    else:
        found = tuple(map(EditionFinding.load, json.loads(json.dumps(dump_findings(found)))))
    assert found == (EMPTY, ONE, TWO, PLAIN)
    assert translate_findings(found, translator("de")) == [
        "Der Betreff ist leer",
        "Ein eigener Link führt ins Leere: 100 %, /x",
        "2 eigene Links führen ins Leere: 100 %, /x",
        PLAIN,
    ]
    assert translate_findings([EMPTY], translator("en")) == ["Its subject is empty"]
