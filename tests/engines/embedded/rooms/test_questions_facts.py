"""Facts of drawn notices, settings and texts: hours, measures, claims, who did what and when."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTICE = ["Harbour Museum", "Open Tuesday to Sunday", "from 10:00 to 17:30", "Closed on Mondays"]
NOTICE += ["The tower opens after the tour"]
WEEK = ["Corner Bakery", "Mon - Fri 6:30 - 18:00", "Saturday 7am - 1pm", "Sunday closed"]


@pytest.mark.parametrize(
    ("page", "question", "wanted"),
    [
        (NOTICE, "When does it open?", "10:00: “Open Tuesday to Sunday from 10:00 to 17:30”."),
        (NOTICE, "What time does the museum close?", "17:30: “Open Tuesday"),
        (NOTICE, "What are the opening hours?", "10:00 – 17:30: “"),
        (NOTICE, "Until when is it open on Friday? Only the time.", "17:30"),
        (NOTICE, "Is it open on Mondays?", "No: “Closed on Mondays”."),
        (NOTICE, "Is it closed on Mondays?", "Yes: “Closed on Mondays”."),
        (NOTICE, "Is it open on Wednesday?", "Yes: “Open Tuesday to Sunday"),
        (NOTICE, "几点关门？", "17:30：“Open"),
        (WEEK, "When do you close on Saturdays?", "1pm: “Saturday 7am - 1pm”."),
        (WEEK, "When does it open on Tuesday?", "6:30: “Mon - Fri 6:30 - 18:00”."),
        (WEEK, "When does it open on Sunday?", "It is closed then: “Sunday closed”."),
        (WEEK, "Is it open at the weekend?", "Yes: “Saturday 7am - 1pm”; “Sunday closed”."),
        (WEEK[:3], "When does it open on Sunday?", "No hours are printed for that day: “Mon"),
        (WEEK, "When does it close?", "Mon - Fri 6:30 - 18:00: 18:00; Saturday 7am - 1pm: 1pm"),
        (["Open daily 9:00 to 20:00"], "How late are you open on weekdays?", "20:00: “"),
        (["Visits 9:00 to 20:00"], "Is it open on Sundays?", "I "),
    ],
)
async def test_hours_are_told_by_time_and_weekday(
    ask: "Ask", sketch: "type[Sketch]", *, page: list[str], question: str, wanted: str
) -> None:
    sheet = sketch(640, 400).lines(page, (50, 40), step_px=64, size_px=30)
    assert (await ask(sheet.image, question)).text.startswith(wanted)


async def test_what_another_line_says_of_opening_is_no_hour_of_the_house(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    sheet = sketch(640, 400).lines(NOTICE, (50, 40), step_px=64, size_px=30)
    answer = (await ask(sheet.image, "When does the tower open?")).text
    assert answer == "It says “The tower opens after the tour”."


SETTINGS = ["Settings", "Brightness: 80%", "Volume: 45%", "Language: English", "Fuel: Diesel"]
SETTINGS += [
    "Owner: Theresa Lindqvist",
    "Screen timeout: 2 minutes",
    "Storage: 61 GB of 128 GB used",
]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Is the brightness above 50%?", "Yes: Brightness 80% > 50%."),
        ("Is the volume at least 50%?", "No: Volume 45% < 50%."),
        ("Is the volume higher than the brightness?", "No: Volume 45% < brightness 80%."),
        ("Is the contrast above 50%?", "Measured over the whole picture"),
        ("Is the language French?", "No: “Language: English”."),
        ("Is the language set to English?", "Yes: “Language: English”."),
        ("Is the language not English?", "No: “Language: English”."),
        ("Is the volume at 45%?", "Yes: “Volume: 45%”."),
        ("Is the volume 30%?", "No: “Volume: 45%”."),
        ("Is the fuel petrol?", "No: “Fuel: Diesel”."),
        ("Is the owner female?", "The Owner is Theresa Lindqvist"),
        ("What is the language?", "The Language is English"),
        ("What is the brightness?", "The Brightness is 80%"),
        ("How bright is this picture?", "Measured over the whole picture"),
        ("How much storage is free?", "67 GB (128 − 61)."),
        ("What text is in the upper left corner?", "Settings"),
        ("What is in the upper left corner?", "Settings"),
    ],
)
async def test_settings_are_checked_by_their_labels(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(620, 620).lines(SETTINGS, (50, 40), step_px=68, size_px=28)
    assert (await ask(page.image, question)).text.lower().startswith(wanted.lower())


TAG = ["Mountain cheese", "500 g", "$5.80"]
OFFER = ["Forest honey", "Net weight 340 g", "$6.90 ($20.29 / kg)", "3 jars for $18"]
PARK = ["Riverside car park", "2 dollars per hour", "5 dollars per night", "Height limit 2.10 m"]


@pytest.mark.parametrize(
    ("page", "question", "wanted"),
    [
        (TAG, "How much does it weigh?", "500 g: it says “500 g”."),
        (TAG, "How heavy is the cheese? Only the number.", "500"),
        (TAG, "What do two packs of the cheese cost?", "$11.60 (2 × $5.80)."),
        (TAG, "How much are 3 of these?", "$17.40 (3 × $5.80)."),
        (TAG, "How much for four bananas?", "The text doesn't say that"),
        (OFFER, "How much do three jars cost?", "$18 (3 jars for $18)."),
        (OFFER, "What does a kilo cost?", "20.29 (1 × $20.29 / kg)."),
        (PARK, "What do three hours cost?", "6 (3 × 2 dollars per hour)."),
        (PARK, "How much is parking for 2 nights?", "10 (2 × 5 dollars per night)."),
        (PARK, "How high may a car be?", "2.10 m: it says"),
        (PARK, "How long is the car park?", "The text doesn't say that"),
    ],
)
async def test_weights_and_rates_are_told(
    ask: "Ask", sketch: "type[Sketch]", *, page: list[str], question: str, wanted: str
) -> None:
    tag = sketch(520, 340).lines(page, (50, 40), step_px=64, size_px=30)
    assert (await ask(tag.image, question)).text.startswith(wanted)


HISTORY = [
    "Kestrel Bay was settled in 1764 by fishermen from the north.",
    "The stone bridge was built in 1832 by the engineer Thomas Arkwright.",
    "It was widened between 1898 and 1901. Clara Wennberg designed",
    "the lighthouse, which is 38 metres tall. The bridge is 212 metres",
    "long. The new harbour opened in 1950, and the old one closed in",
    "1949. The market is held on Castle Square every Thursday.",
]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("When was the bridge built?", "1832: it says “The stone bridge was built in 1832"),
        ("In which year was the bridge constructed? Only the year.", "1832"),
        ("When was it widened?", "1898 and 1901: it says “It was widened"),
        ("Who built the bridge?", "Thomas Arkwright: it says"),
        ("By whom was the bridge built?", "Thomas Arkwright: it says"),
        ("Who was Kestrel Bay settled by?", "fishermen: it says"),
        ("Who designed the lighthouse?", "Clara Wennberg: it says"),
        ("How tall is the lighthouse?", "38 metres: it says"),
        ("How long is the bridge?", "212 metres: it says"),
        (
            "When was the castle destroyed?",
            "The text doesn't say that in so many words",
        ),
        ("Who sold the bridge?", "I find nothing labelled"),
        ("When was it?", "I find nothing labelled"),
    ],
)
async def test_facts_are_told_by_the_sentence_that_says_them(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, wanted: str
) -> None:
    page = sketch(960, 360).lines(HISTORY, (40, 30), step_px=48, size_px=26)
    assert (await ask(page.image, question)).text.startswith(wanted)
