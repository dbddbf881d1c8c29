"""docs/operations/by-hand.md prints what the corrected variant types."""
import re

import pytest

import commands
from hosts import ROOT


def typed_lines():
    steps = [*commands.SINGLE_COPY, *commands.SINGLE_START, *commands.DOUBLE_START, *commands.THREE_START, *commands.FIVE_START,
             *commands.one_to_three(False), *commands.two_to_three(False), *commands.three_to_five(False)]
    return {line.strip() for _, text in steps for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("page", ["by-hand.md", "by-hand.zh.md"])
def test_every_printed_command_is_one_the_suite_types(page):
    text = (ROOT / "docs" / "operations" / page).read_text()
    printed = [line.strip() for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    assert len(printed) > 20
    assert [line for line in printed if line not in typed_lines()] == []
