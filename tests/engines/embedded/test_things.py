"""Everyday words for what the models of objects and scenes name."""

from qwen_vision.engines.embedded.rooms.things import detector_labels, scene_words


def test_a_scene_is_named_with_the_everyday_word_where_its_name_does_not_say_it() -> None:
    assert scene_words("alp") == "alp (mountain)"
    assert scene_words("Egyptian cat") == "Egyptian cat"
    assert scene_words("bookcase") == "bookcase"


def test_everyday_words_mean_classes_of_the_detector() -> None:
    assert detector_labels("Bikes") == {"bicycle"}
    assert detector_labels("窗户") == frozenset()
