"""Agreement of two readers, against values worked out by hand."""

from __future__ import annotations

import pytest

from tools.readings import kappa


def test_kappa_of_a_worked_example():
    """Of 10 items 7 alike; by chance .6 x .5 + .4 x .5 = .5: (.7 - .5) / (1 - .5)."""
    first = "aaaaaabbbb"
    second = "aaaabbabbb"
    assert kappa(first, second) == pytest.approx(0.4)


def test_kappa_is_one_where_all_agree_and_zero_where_only_chance_does():
    assert kappa("abba", "abba") == 1
    assert kappa("aabb", "abab") == 0
    assert kappa("aa", "aa") == 1


@pytest.mark.parametrize(("first", "second"), [("", ""), ("ab", "a")])
def test_codings_of_other_lengths_are_refused(first, second):
    with pytest.raises(ValueError, match="same items"):
        kappa(first, second)
