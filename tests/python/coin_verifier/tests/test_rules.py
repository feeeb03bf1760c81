"""One broken block at least for every rule, refused by exactly that rule."""

import pytest

from coin_verifier.rules import RULES, Broken

from .broken_blocks import Cases, document
from .python_chain import VECTORS

CASES = Cases()
ALL = CASES.all()


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_each_is_judged_by_its_rule(case):
    if case.rule is None:
        CASES.builder.chain.judged(case.block)
        return
    with pytest.raises(Broken) as broken:
        CASES.builder.chain.judged(case.block)
    assert broken.value.rule == case.rule, broken.value


def test_no_rule_is_left_out():
    assert {case.rule for case in ALL} == {*RULES, None}
    assert len({case.name for case in ALL}) == len(ALL)


def test_the_file_says_the_same():
    assert (VECTORS / "broken_blocks.json").read_bytes() == document(ALL)
