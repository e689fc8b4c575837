"""How an answer is wanted is taken out of the question and shapes what is said."""

import pytest

from qwen_vision.engines.embedded.manner import Manner, manner_of, without_manner


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("What is the total amount? Answer with only the number.", "What is the total amount?"),
        (
            "Return the date of purchase in ISO format (YYYY-MM-DD), nothing else.",
            "Return the date of purchase",
        ),
        ("is there porridge on the bill? yes or no only", "is there porridge on the bill?"),
        ("收银员是谁？只回答名字。", "收银员是谁？"),
        ("What is the VAT? One number, no currency symbol, no words.", "What is the VAT?"),
        ("Read the second rule. Only the text.", "Read the second rule."),
        ("In one word: which city?", "which city?"),
        ("Surname only, one word.", "Surname"),
        ("Just the email address please, no other text.", "email address please"),
        ("请只输出总金额，不要解释。", "请 总金额"),
    ],
)
def test_the_words_that_only_say_how_are_taken_out(question: str, left: str) -> None:
    assert without_manner(question) == left
    assert manner_of(question).bare


@pytest.mark.parametrize(
    "question",
    [
        "Who works only on Thursdays?",
        "Is there one word in it?",
        "What is the only item?",
        "What's the phone number?",
        "Please output only the text content from the image without any additional descriptions.",
        "这张发票的日期是什么时候？",
    ],
)
def test_a_question_that_does_not_say_how_is_left_alone(question: str) -> None:
    assert without_manner(question) == question
    assert manner_of(question) == Manner()


def test_a_number_is_told_without_its_currency() -> None:
    assert Manner(bare=True, number=True).shape("£1,120.20") == "1,120.20"


def test_a_date_is_told_in_iso_form() -> None:
    assert Manner(bare=True, iso_date=True).shape("14/03/2025") == "2025-03-14"


def test_what_is_no_number_or_date_is_told_as_it_stands() -> None:
    assert Manner(bare=True, number=True).shape("Mia") == "Mia"
    assert Manner(bare=True, iso_date=True).shape("soon") == "soon"
