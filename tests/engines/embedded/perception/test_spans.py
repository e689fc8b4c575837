"""Text over time: readings of a video laid out by hand."""

from qwen_vision.engines.embedded.facts import Quad, TextLine
from qwen_vision.engines.embedded.perception.spans import text_spans


def read(text: str, confidence: float = 0.9) -> TextLine:
    return TextLine(text, ((0.0, 0.0), (90.0, 0.0), (90.0, 20.0), (0.0, 20.0)), confidence)


def test_of_spellings_that_differ_a_little_the_surest_is_kept() -> None:
    spans = text_spans(
        [(0.0, (read("Good momning", 0.75),)), (1.0, (read("Good morning", 0.95),)), (2.0, ())], 4.0
    )
    assert [(span.text, span.start_s, span.end_s) for span in spans] == [("Good morning", 0.0, 2.0)]


def test_a_less_sure_reading_only_lengthens_the_span() -> None:
    spans = text_spans([(0.0, (read("Harbour"),)), (1.5, (read("Harbor", 0.7),))], 3.0)
    assert [(span.text, span.start_s, span.end_s) for span in spans] == [("Harbour", 0.0, 3.0)]


def test_a_counter_that_runs_is_another_text_each_time() -> None:
    spans = text_spans([(0.0, (read("Second 1"),)), (1.0, (read("Second 2"),))], 2.0)
    assert [(span.text, span.end_s) for span in spans] == [("Second 1", 1.0), ("Second 2", 2.0)]


def test_text_that_comes_back_starts_anew() -> None:
    spans = text_spans([(0.0, (read("Exit"),)), (1.0, ()), (2.0, (read("Exit"),))], 3.0)
    assert [(span.start_s, span.end_s) for span in spans] == [(0.0, 1.0), (2.0, 3.0)]


def test_text_that_is_typed_is_one_text_in_its_last_state() -> None:
    typed = [TextLine(t, _box(width), 0.9) for t, width in (("Dear te", 60), ("Dear team", 80))]
    spans = text_spans([(0.0, (typed[0],)), (1.0, (typed[1],)), (2.0, (typed[1],))], 3.0)
    assert [(span.text, span.start_s, span.end_s) for span in spans] == [("Dear team", 0.0, 3.0)]


def test_two_letters_read_once_and_unsurely_are_no_text() -> None:
    readings = [(0.0, (read("i1", 0.75),)), (1.0, ()), (2.0, (read("Exit", 0.75),)), (3.0, ())]
    assert [span.text for span in text_spans(readings, 4.0)] == ["Exit"]


def _box(width: float) -> Quad:
    return ((0.0, 0.0), (width, 0.0), (width, 20.0), (0.0, 20.0))
