"""The arithmetic of the dialect: sizes, tokens, frames."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwen_vision.media.items import Size
from qwen_vision.media.resize import (
    FrameLimits,
    fit,
    fit_frames,
    image_tokens,
    sampled_count,
    shrink,
    video_tokens,
)

SIDES = st.integers(11, 20_000)
FACTORS = st.sampled_from([28, 32])


def test_the_documented_qvq_picture_costs_520_tokens() -> None:
    size = fit(Size(1024, 406), factor=28, low_px=3136, high_px=1_003_520)
    assert size == Size(37 * 28, 14 * 28)
    assert image_tokens(size, factor=28) == 520


@pytest.mark.parametrize(
    ("width", "height"), [(2000, 1333), (3000, 2000), (6000, 4000), (1333, 2000)]
)
def test_a_three_to_two_photo_costs_2503_tokens(width: int, height: int) -> None:
    size = fit(Size(width, height), factor=32, low_px=65_536, high_px=2_621_440)
    assert sorted((size.width_px, size.height_px)) == [41 * 32, 61 * 32]
    assert image_tokens(size, factor=32) == 2503


def test_the_same_photo_costs_1249_tokens_in_the_older_family() -> None:
    size = fit(Size(3000, 2000), factor=28, low_px=3136, high_px=1_003_520)
    assert image_tokens(size, factor=28) == 1247 + 2


def test_a_full_ocr_page_costs_8194_tokens() -> None:
    size = fit(Size(8192, 4096), factor=32, low_px=3072, high_px=8_388_608)
    assert image_tokens(size, factor=32) == 8194


def test_halves_are_rounded_to_even() -> None:
    assert fit(Size(80, 48), factor=32, low_px=1, high_px=10**9) == Size(64, 64)


def test_a_small_picture_is_enlarged_to_the_minimum() -> None:
    assert fit(Size(100, 100), factor=32, low_px=65_536, high_px=2_621_440) == Size(256, 256)


@given(width=SIDES, height=SIDES, factor=FACTORS)
def test_sides_are_multiples_of_the_factor_and_the_area_is_within_limits(
    width: int, height: int, factor: int
) -> None:
    ratio = max(width, height) / min(width, height)
    size = fit(Size(width, height), factor=factor, low_px=65_536, high_px=2_621_440)
    assert size.width_px % factor == size.height_px % factor == 0
    assert min(size.width_px, size.height_px) >= factor
    if ratio <= 200:
        assert 65_536 <= size.width_px * size.height_px <= 2_621_440


@given(width=SIDES, height=SIDES, factor=FACTORS)
def test_turning_the_picture_turns_the_size(width: int, height: int, factor: int) -> None:
    lying = fit(Size(width, height), factor=factor, low_px=65_536, high_px=2_621_440)
    standing = fit(Size(height, width), factor=factor, low_px=65_536, high_px=2_621_440)
    assert (lying.width_px, lying.height_px) == (standing.height_px, standing.width_px)


@given(width=SIDES, height=SIDES, most=st.integers(1, 10**7))
def test_shrink_never_enlarges_and_keeps_the_limit(width: int, height: int, most: int) -> None:
    size = shrink(Size(width, height), max_px=most)
    assert 1 <= size.width_px <= width
    assert 1 <= size.height_px <= height
    assert size.width_px * size.height_px <= most


def test_two_frames_share_a_patch() -> None:
    size = Size(640, 352)
    assert video_tokens(size, factor=32, frames=4) == 2 * 20 * 11 + 2
    assert video_tokens(size, factor=32, frames=3) == 2 * 20 * 11 + 2


@pytest.mark.parametrize(
    ("clip", "most", "count"),
    [
        ((1800, 30.0, 2.0), 2000, 120),  # a minute at two a second
        ((315, 30.0, 2.0), 2000, 20),  # 10.5 s: half a second is not over one step
        ((320, 30.0, 2.0), 2000, 21),  # 10.67 s: it is
        ((60, 30.0, 0.1), 2000, 4),  # never under four
        ((3, 30.0, 2.0), 2000, 3),  # never more than there are
        ((108_000, 30.0, 2.0), 513, 512),  # the most is even
        ((15, 30.0, 2.0), 2000, 4),  # under a second
    ],
)
def test_the_number_of_frames_follows_the_rule(
    clip: tuple[int, float, float], most: int, count: int
) -> None:
    total, source_fps, fps = clip
    assert sampled_count(total=total, source_fps=source_fps, fps=fps, max_frames=most) == count


@given(
    total=st.integers(1, 200_000),
    source_fps=st.floats(1, 240),
    fps=st.floats(0.1, 10),
    most=st.integers(4, 2000),
)
@example(total=180, source_fps=4.951177351541443, fps=5.0, most=182)
def test_the_number_of_frames_is_within_its_bounds(
    *, total: int, source_fps: float, fps: float, most: int
) -> None:
    count = sampled_count(total=total, source_fps=source_fps, fps=fps, max_frames=most)
    assert 1 <= count <= min(most, total)


def test_many_frames_get_smaller_ones() -> None:
    limits = FrameLimits(low_px=65_536, high_px=655_360, total_px=134_217_728)
    few = fit_frames(Size(1920, 1080), factor=32, frames=120, limits=limits)
    many = fit_frames(Size(1920, 1080), factor=32, frames=2000, limits=limits)
    assert few == Size(1056, 576)
    assert many == Size(480, 256)


@given(width=SIDES, height=SIDES, frames=st.integers(1, 2000))
def test_a_frame_stays_under_its_cap(width: int, height: int, frames: int) -> None:
    limits = FrameLimits(low_px=65_536, high_px=655_360, total_px=134_217_728)
    size = fit_frames(Size(width, height), factor=32, frames=frames, limits=limits)
    cap = max(min(655_360, math.ceil(134_217_728 / frames * 2)), int(65_536 * 1.05))
    area = size.width_px * size.height_px
    # One row or column of the least size may stand over for a very long thin frame.
    assert area <= cap or min(size.width_px, size.height_px) == 32 or area < 65_536 * 2
