"""Stop sequences, wherever the text was cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qwen_vision.pipeline.stop import StopFilter


def run(pieces: list[str], stops: list[str]) -> tuple[str, bool]:
    stop = StopFilter(stops)
    return "".join([*map(stop.feed, pieces), stop.flush()]), stop.stopped


@given(
    st.text("abc", max_size=30),
    st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(st.integers(0, 30), max_size=8),
)
def test_text_ends_before_the_first_stop_sequence_however_it_is_cut(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    sent, stopped = run(pieces, stops)
    found = [place for item in stops if (place := text.find(item)) >= 0]
    assert stopped is bool(found)
    assert text.startswith(sent)
    if found:
        assert not any(item in sent for item in stops)
    else:
        assert sent == text


def test_without_stop_sequences_text_passes_at_once() -> None:
    assert StopFilter([]).feed("abc") == "abc"


def test_a_possible_beginning_is_held_back_and_released() -> None:
    stop = StopFilter(["END"])
    assert stop.feed("the E") == "the "
    assert stop.feed("N") == ""
    assert stop.feed("x") == "ENx"


def test_nothing_comes_after_the_stop() -> None:
    assert run(["a|b", "c"], ["|"]) == ("a", True)
