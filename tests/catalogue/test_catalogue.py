"""Every figure of the catalogue against the dialect's tables."""

from typing import NamedTuple

import pytest

from qwen_vision.catalogue.catalogue import find_model, models
from qwen_vision.catalogue.model import Model, Tier
from qwen_vision.errors import ModelNotFoundError

MB10, MB20, GB = 10_485_760, 20_971_520, 1_073_741_824


class Limits(NamedTuple):
    """Tokens: context, longest prompt (and while thinking), answer, thought."""

    context: int
    prompt: int
    thinking_prompt: int | None
    answer: int
    thought: int | None


class Facts(NamedTuple):
    """What a model may do."""

    limits: Limits
    thinking: str
    stream_only: bool
    tools: bool
    structured: str
    factor: int


FLAGSHIP = Facts(
    Limits(1_000_000, 991_808, 983_616, 65_536, 81_920), "on", False, True, "json_schema", 32
)
SWITCHABLE = Facts(
    Limits(262_144, 260_096, 258_048, 32_768, 81_920), "off", False, True, "json_schema", 32
)
INSTRUCT = Facts(
    Limits(131_072, 129_024, None, 32_768, None), "never", False, True, "json_schema", 32
)
THINKING = Facts(Limits(131_072, 126_976, None, 32_768, 81_920), "always", False, True, "none", 32)
QVQ = Facts(Limits(131_072, 106_496, None, 8_192, 16_384), "always", True, False, "none", 28)
CLASSIC = Facts(
    Limits(131_072, 129_024, None, 8_192, None), "never", False, False, "json_object", 32
)
OCR = Facts(Limits(38_192, 30_000, None, 8_192, None), "never", False, False, "none", 32)

FACTS = {
    "qwen3.6-plus": FLAGSHIP,
    "qwen3.5-plus": FLAGSHIP,
    "qwen3.5-flash": FLAGSHIP,
    "qwen3-vl-plus": SWITCHABLE,
    "qwen3-vl-flash": SWITCHABLE,
    **dict.fromkeys(
        (f"qwen3-vl-{size}-instruct" for size in ("235b-a22b", "30b-a3b", "32b", "8b")), INSTRUCT
    ),
    **dict.fromkeys(
        (f"qwen3-vl-{size}-thinking" for size in ("235b-a22b", "30b-a3b", "32b", "8b")), THINKING
    ),
    "qvq-max": QVQ,
    "qvq-plus": QVQ,
    "qwen-vl-max": CLASSIC,
    "qwen-vl-plus": CLASSIC,
    "qwen-vl-ocr": OCR,
    **dict.fromkeys(
        (f"qwen2.5-vl-{size}-instruct" for size in ("72b", "32b", "7b", "3b")),
        CLASSIC._replace(factor=28),
    ),
}


def test_every_model_of_the_catalogue_stands_in_the_table() -> None:
    assert {model.id for model in models()} == set(FACTS)


@pytest.mark.parametrize(("model_id", "facts"), FACTS.items())
def test_model_has_the_figures_of_the_dialect(model_id: str, facts: Facts) -> None:
    model = find_model(model_id)
    assert facts == Facts(
        Limits(
            model.context_tokens,
            model.max_input_tokens,
            model.max_input_thinking_tokens,
            model.max_output_tokens,
            model.max_thinking_tokens,
        ),
        model.thinking,
        model.stream_only,
        model.tools,
        model.structured,
        model.pixels.factor,
    )
    assert model.note.endswith(".")


FLAGSHIP_PIXELS = (
    (65_536, 2_621_440, 16_777_216, 16_777_216),
    (65_536, 4_096, 655_360, 2_048_000, 134_217_728, 2_000),
)
OPEN_PIXELS = (FLAGSHIP_PIXELS[0], (65_536, 4_096, 655_360, 786_432, 67_108_864, 512))
LATEST_PIXELS = ((4_096, 1_310_720, 16_777_216, 16_777_216), OPEN_PIXELS[1])
CLASSIC_PIXELS = (
    (3_136, 1_003_520, 12_845_056, 12_845_056),
    (50_176, 3_136, 501_760, 602_112, 51_380_224, 512),
)
OCR_PIXELS = ((3_072, 8_388_608, 30_720_000, 8_388_608), None)

PIXELS = [
    ("qwen3.6-plus", FLAGSHIP_PIXELS),
    ("qwen3.5-plus", FLAGSHIP_PIXELS),
    ("qwen3.5-flash", FLAGSHIP_PIXELS),
    ("qwen3-vl-plus", FLAGSHIP_PIXELS),
    ("qwen3-vl-flash", FLAGSHIP_PIXELS),
    ("qwen3-vl-235b-a22b-instruct", FLAGSHIP_PIXELS),
    ("qwen3-vl-235b-a22b-thinking", FLAGSHIP_PIXELS),
    ("qwen3-vl-8b-instruct", OPEN_PIXELS),
    ("qwen3-vl-30b-a3b-thinking", OPEN_PIXELS),
    ("qwen3-vl-32b-instruct", OPEN_PIXELS),
    ("qwen-vl-max", LATEST_PIXELS),
    ("qwen-vl-plus", LATEST_PIXELS),
    ("qvq-max", CLASSIC_PIXELS),
    ("qvq-plus", CLASSIC_PIXELS),
    ("qwen2.5-vl-7b-instruct", CLASSIC_PIXELS),
    ("qwen-vl-ocr", OCR_PIXELS),
]


@pytest.mark.parametrize(("model_id", "expected"), PIXELS)
def test_model_has_the_pixel_limits_of_its_group(
    model_id: str, expected: tuple[tuple[int, ...], tuple[int, ...] | None]
) -> None:
    model = find_model(model_id)
    image, video = model.pixels.image, model.pixels.video
    assert expected[0] == (image.low, image.default, image.ceiling, image.high_resolution)
    assert expected[1] == (
        video
        and (video.low, video.lowest, video.default, video.ceiling, video.total, video.max_frames)
    )
    assert model.takes_video == (video is not None)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id)
def test_high_resolution_means_16384_tokens_or_8192_for_ocr(model: Model) -> None:

    tokens = model.pixels.image.high_resolution // model.pixels.factor**2
    assert tokens == (8_192 if model.ocr else 16_384)


MEDIA = [
    # id, picture by URL, video bytes, video seconds, longest frame list
    ("qwen3.6-plus", MB20, 2 * GB, (2, 7_200), 8_000),
    ("qwen3.5-plus", MB20, 2 * GB, (2, 7_200), 8_000),
    ("qwen3.5-flash", MB20, 2 * GB, (2, 7_200), 8_000),
    ("qwen3-vl-plus", MB10, 2 * GB, (2, 3_600), 2_000),
    ("qwen3-vl-flash", MB10, 2 * GB, (2, 3_600), 2_000),
    ("qwen3-vl-235b-a22b-instruct", MB10, 2 * GB, (2, 3_600), 2_000),
    ("qwen3-vl-8b-thinking", MB10, 2 * GB, (2, 1_200), 512),
    ("qwen-vl-max", MB10, 2 * GB, (2, 1_200), 512),
    ("qwen-vl-plus", MB10, GB, (2, 600), 512),
    ("qvq-max", MB10, GB, (2, 600), 512),
    ("qvq-plus", MB10, GB, (2, 600), 512),
    ("qwen2.5-vl-3b-instruct", MB10, GB, (2, 600), 512),
    ("qwen-vl-ocr", MB10, 0, (0, 0), 0),
]


@pytest.mark.parametrize(("model_id", "expected"), [(row[0], row[1:]) for row in MEDIA])
def test_model_has_the_media_limits_of_the_dialect(
    model_id: str, expected: tuple[object, ...]
) -> None:
    model = find_model(model_id)
    found = (model.image_url_bytes, model.video_bytes, model.video_seconds, model.max_frame_list)
    assert found == expected


Prices = list[tuple[int, float, float]]
PRICES: dict[str, tuple[Prices, Prices]] = {
    "qwen3.6-plus": (
        [(256_000, 0.5, 3.0), (1_000_000, 2.0, 6.0)],
        [(256_000, 2, 12), (1_000_000, 8, 48)],
    ),
    "qwen3.5-plus": (
        [(256_000, 0.4, 2.4), (1_000_000, 0.5, 3.0)],
        [(128_000, 0.8, 4.8), (256_000, 2, 12), (1_000_000, 4, 24)],
    ),
    "qwen3.5-flash": (
        [(1_000_000, 0.1, 0.4)],
        [(128_000, 0.2, 2), (256_000, 0.8, 8), (1_000_000, 1.2, 12)],
    ),
    "qwen3-vl-plus": (
        [(32_000, 0.2, 1.6), (128_000, 0.3, 2.4), (256_000, 0.6, 4.8)],
        [(32_000, 1, 10), (128_000, 1.5, 15), (256_000, 3, 30)],
    ),
    "qwen3-vl-flash": (
        [(32_000, 0.05, 0.4), (128_000, 0.075, 0.6), (256_000, 0.12, 0.96)],
        [(32_000, 0.15, 1.5), (128_000, 0.3, 3), (256_000, 0.6, 6)],
    ),
    "qvq-max": ([(131_072, 1.2, 4.8)], [(131_072, 8, 32)]),
    "qvq-plus": ([], [(131_072, 2, 5)]),
    "qwen-vl-max": ([(131_072, 0.8, 3.2)], [(131_072, 1.6, 4)]),
    "qwen-vl-plus": ([(131_072, 0.21, 0.63)], [(131_072, 0.8, 2)]),
    "qwen-vl-ocr": ([(38_192, 0.07, 0.16)], [(38_192, 0.3, 0.5)]),
}


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id)
def test_model_has_the_prices_of_the_dialect(model: Model) -> None:

    usd, cny = PRICES.get(model.id, ([], []))
    assert list(model.prices_usd) == [Tier(*tier) for tier in usd]
    assert list(model.prices_cny) == [Tier(*tier) for tier in cny]


SAMPLING = [
    # id, temperature, top_p, top_k, presence, repetition, seed
    ("qwen3.6-plus", 0.6, 0.95, 20, 0.5, 1.05, 1234),
    ("qwen3.5-plus", 0.6, 0.95, 20, 0.5, 1.05, 1234),
    ("qwen3.5-flash", 0.6, 0.95, 20, 0.0, 1.05, 1234),
    ("qwen3-vl-plus", 0.7, 0.8, 20, 1.5, 1.0, 1234),
    ("qwen3-vl-8b-thinking", 0.8, 0.95, 20, 0.0, 1.0, 1234),
    ("qvq-max", 0.5, 0.5, 10, 1.5, 1.0, 3407),
    ("qwen-vl-max", 0.7, 0.8, 20, 1.5, 1.0, 3407),
    ("qwen-vl-plus", 0.5, 0.8, 10, 1.2, 1.2, 1234),
    ("qwen2.5-vl-7b-instruct", 0.01, 0.8, 20, 1.5, 1.0, 1234),
    ("qwen-vl-ocr", 0.01, 0.001, 1, 0.0, 1.05, 1234),
]


@pytest.mark.parametrize(("model_id", "expected"), [(row[0], row[1:]) for row in SAMPLING])
def test_model_has_the_default_sampling_of_its_family(
    model_id: str, expected: tuple[float, ...]
) -> None:
    sampling = find_model(model_id).sampling
    assert expected == (
        sampling.temperature,
        sampling.top_p,
        sampling.top_k,
        sampling.presence_penalty,
        sampling.repetition_penalty,
        sampling.seed,
    )


def test_only_the_switchable_open_family_gives_logprobs() -> None:
    assert [m.id for m in models() if m.logprobs] == ["qwen3-vl-plus", "qwen3-vl-flash"]


def test_only_the_newest_models_keep_thoughts_and_count_completion_tokens() -> None:
    assert [m.id for m in models() if m.preserve_thinking] == ["qwen3.6-plus"]
    assert [m.id for m in models() if m.max_completion_tokens] == [
        "qwen3.6-plus",
        "qwen3.5-plus",
        "qwen3.5-flash",
    ]


def test_boxes_are_relative_except_in_the_older_families() -> None:
    resized = {m.id for m in models() if m.coordinates == "resized"}
    assert resized == {name for name, facts in FACTS.items() if facts.factor == 28}


SNAPSHOTS = [
    ("qwen3.6-plus-2026-04-02", "qwen3.6-plus"),
    ("qwen3.5-plus-2026-02-15", "qwen3.5-plus"),
    ("qwen3.5-flash-2026-02-23", "qwen3.5-flash"),
    ("qwen3-vl-plus-2025-12-19", "qwen3-vl-plus"),
    ("qwen3-vl-plus-2025-09-23", "qwen3-vl-plus"),
    ("qwen3-vl-flash-2026-01-22", "qwen3-vl-flash"),
    ("qwen3-vl-flash-2025-10-15", "qwen3-vl-flash"),
    ("qwen-vl-max-latest", "qwen-vl-max"),
    ("qwen-vl-max-2025-08-13", "qwen-vl-max"),
    ("qwen-vl-plus-2025-07-10", "qwen-vl-plus"),
    ("qwen-vl-ocr-2025-11-20", "qwen-vl-ocr"),
]


@pytest.mark.parametrize(("snapshot", "model_id"), SNAPSHOTS)
def test_snapshot_is_found_as_its_model(snapshot: str, model_id: str) -> None:
    assert find_model(snapshot).id == model_id


def test_every_name_is_given_once() -> None:
    names = [name for model in models() for name in (model.id, *model.snapshots)]
    assert len(names) == len(set(names))


def test_unknown_model_is_not_found_and_named() -> None:
    with pytest.raises(ModelNotFoundError, match="`gpt-5`"):
        find_model("gpt-5")


def test_any_model_serves_an_unknown_name_with_the_default_entry() -> None:
    assert find_model("gpt-5", any_model=True).id == "qwen3.6-plus"
    assert find_model("qvq-max", any_model=True).id == "qvq-max"


def test_thinking_shortens_the_longest_prompt_where_the_dialect_says_so() -> None:
    flagship, ocr = find_model("qwen3.6-plus"), find_model("qwen-vl-ocr")
    assert flagship.input_limit_tokens(thinking=True) == 983_616
    assert flagship.input_limit_tokens(thinking=False) == 991_808
    assert ocr.input_limit_tokens(thinking=True) == 30_000


def test_thinking_by_default_is_on_or_always() -> None:
    assert {m.thinking for m in models() if m.thinks_by_default} == {"on", "always"}
    assert {m.thinking for m in models() if not m.thinks_by_default} == {"off", "never"}
