"""What a model in process answers: pictures, videos, streams, sampling, usage."""

import asyncio
import re
from contextlib import aclosing

import pytest
from PIL import Image

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.engines.llamacpp.pictures import parts_of
from qwen_vision.errors import AbilityError, InputLengthError
from qwen_vision.media.door import MediaDoor, Rules
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.parts import VideoPart
from qwen_vision.protocol.usage import PromptTokensDetails
from qwen_vision.settings import MediaSettings
from tests.engines.llamacpp.conftest import Open, Shelf, request, said
from tests.media.clips import Film
from tests.media.files import data_uri, encoded

ENDLESS = {"\n": " and", " and": " on", " on": " and"}
LINE = {"\n": "One", "One": ", two", ", two": ", three", ", three": "<|im_end|>"}
STAMP = "<0.0 seconds>"


def picture(colour: str) -> dict[str, object]:
    url = data_uri(encoded(Image.new("RGB", (64, 64), colour), "PNG"))
    return {"type": "image_url", "image_url": {"url": url}}


def film() -> dict[str, object]:
    return {"type": "video_url", "video_url": {"url": data_uri(Film().make(), "video/mp4")}}


def tokens_read(completion: Completion) -> int:
    """What the engine says it has read, in the receipt."""
    assert completion.receipt_notes
    found = re.search(r"read (\d+) tokens", " ".join(completion.receipt_notes))
    assert found
    return int(found[1])


def details(completion: Completion) -> PromptTokensDetails:
    assert completion.usage
    found = completion.usage.prompt_tokens_details
    assert isinstance(found, PromptTokensDetails)
    return found


def cached(completion: Completion) -> int:
    """Tokens of the prompt that the engine remembered."""
    found = details(completion).cached_tokens
    assert isinstance(found, int)
    return found


async def test_the_answer_depends_on_the_picture(open_model: Open) -> None:
    pipeline = open_model()
    answers = [
        said(await pipeline.complete(request(picture(colour), "What is it?")))
        for colour in ("red", "blue", "red")
    ]
    assert answers[0] == answers[2]
    assert answers[0] != answers[1]


async def test_the_order_of_several_pictures_matters(open_model: Open) -> None:
    pipeline = open_model()
    red, blue = picture("red"), picture("blue")
    first = said(await pipeline.complete(request(red, blue, "Compare.")))
    second = said(await pipeline.complete(request(blue, red, "Compare.")))
    assert first != second


async def test_every_frame_of_a_video_is_shown_with_its_time(open_model: Open) -> None:
    pipeline = open_model()
    asked = request(film(), "What happens?", media_receipt=True)
    with_film = await pipeline.complete(asked)
    without = await pipeline.complete(request("What happens?", media_receipt=True))
    receipts = with_film.media_receipt
    assert isinstance(receipts, list)
    (receipt,) = receipts
    assert receipt.frames == 6
    assert isinstance(receipt.final_size, tuple)
    frame_tokens = receipt.final_size[0] * receipt.final_size[1] // 1024 + 2
    # The tiny vocabulary has a token for every byte of the time.
    assert tokens_read(with_film) - tokens_read(without) == 6 * (frame_tokens + len(STAMP))


async def test_frames_that_do_not_fit_are_shown_one_of_each_pair(open_model: Open) -> None:
    pipeline = open_model(context_tokens=400)
    told = await pipeline.complete(request(film(), "What?", media_receipt=True))
    assert "One frame of each pair" in " ".join(told.receipt_notes or ())


async def test_times_are_those_of_the_frames_or_of_the_middle_of_a_pair() -> None:
    door = MediaDoor(MediaSettings())
    opening = door.opening(Rules(model=find_model("qwen3-vl-plus")))
    part = VideoPart(video_url=data_uri(Film().make(), "video/mp4"))
    video = await opening.video(part, param="messages[0].content[0]")
    times = video.frame_times_s
    every = [part["text"] for part in await parts_of([video], step=1) if "text" in part]
    pairs = [part["text"] for part in await parts_of([video], step=2) if "text" in part]
    await opening.aclose()
    await door.aclose()
    assert every == [f"<{time_s:.1f} seconds>" for time_s in times]
    middles = [(times[index] + times[index + 1]) / 2 for index in (0, 2, 4)]
    assert pairs == [f"<{time_s:.1f} seconds>" for time_s in middles]


async def test_media_longer_than_the_context_are_refused_before_they_are_decoded(
    open_model: Open,
) -> None:
    pipeline = open_model(context_tokens=128)
    with pytest.raises(InputLengthError, match=r"\[1, 128\]"):
        await pipeline.complete(request(picture("red"), picture("blue"), "Compare."))


async def test_text_longer_than_the_context_is_the_length_error_of_the_dialect(
    open_model: Open,
) -> None:
    pipeline = open_model(context_tokens=256)
    with pytest.raises(InputLengthError, match=r"\[1, 256\]"):
        await pipeline.complete(request("word " * 200))
    assert said(await pipeline.complete(request("word")))


async def test_an_answer_that_fills_the_context_ends_with_length(
    shelf: Shelf, open_model: Open
) -> None:
    pipeline = open_model(shelf.reciting(ENDLESS), context_tokens=256)
    # Fewer repetitions than the pipeline's loop guard lets through.
    completion = await pipeline.complete(request("Go on." * 20, max_tokens=4000))
    assert completion.choices[0].finish_reason == "length"


async def test_without_a_projector_pictures_are_refused_with_the_way_out(
    shelf: Shelf, open_model: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lonely = tmp_path_factory.mktemp("lonely") / "text.gguf"
    lonely.write_bytes(shelf.random().read_bytes())
    pipeline = open_model(lonely, projector=False)
    assert said(await pipeline.complete(request("Hello")))
    with pytest.raises(AbilityError, match="mmproj"):
        await pipeline.complete(request(picture("red"), "What is it?"))


async def test_a_stream_comes_in_pieces_that_make_the_whole(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(LINE))
    pieces = [
        choice.delta.content
        async for chunk in pipeline.stream(request("Count", stream=True))
        for choice in chunk.choices
        if choice.delta.content
    ]
    assert pieces == ["One", ", two", ", three"]
    completion = await pipeline.complete(request("Count"))
    assert said(completion) == "One, two, three"
    assert completion.choices[0].finish_reason == "stop"


async def test_the_loop_goes_on_while_the_model_answers(open_model: Open) -> None:
    pipeline = open_model()
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await pipeline.complete(request(picture("red"), "What?", max_tokens=100))
    ticking.cancel()
    assert turns > 100


async def test_stop_texts_end_the_answer_and_stay_out_of_it(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(LINE))
    completion = await pipeline.complete(request("Count", stop=[", th"]))
    assert said(completion) == "One, two"
    assert completion.choices[0].finish_reason == "stop"


async def test_a_seed_makes_a_random_answer_come_again(open_model: Open) -> None:
    pipeline = open_model()

    async def with_seed(seed: int) -> str:
        asked = request("Say", temperature=1.5, top_p=1, top_k=0, seed=seed, max_tokens=30)
        return said(await pipeline.complete(asked))

    assert await with_seed(7) == await with_seed(7)
    assert await with_seed(7) != await with_seed(8)


# Two threads that wait for each other by spinning are slow on a machine that is busy.
@pytest.mark.timeout(240)
async def test_the_number_of_threads_changes_no_answer(shelf: Shelf, open_model: Open) -> None:
    one, two = (open_model(shelf.random(), threads=threads) for threads in (1, 2))
    short = request("Hello", max_tokens=3)
    assert said(await one.complete(short)) == said(await two.complete(short))


async def test_max_tokens_cuts_the_answer(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(LINE))
    completion = await pipeline.complete(request("Count", max_tokens=2))
    assert said(completion) == "One, two"
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 2


async def test_the_prefix_of_an_earlier_turn_is_remembered(open_model: Open) -> None:
    pipeline = open_model()
    first = await pipeline.complete(request(picture("red"), "What is it?"))
    again = await pipeline.complete(request(picture("red"), "What is it? And why?"))
    # All of the picture, at least; before it stands only what the template writes.
    assert cached(first) < 10
    assert cached(again) > 64


async def test_usage_counts_pictures_as_the_dialect_does_and_the_receipt_as_the_engine_does(
    open_model: Open,
) -> None:
    pipeline = open_model()
    completion = await pipeline.complete(request(picture("red"), "What?", media_receipt=True))
    assert completion.usage is not None
    assert details(completion).image_tokens == 66
    assert tokens_read(completion) > 66
    assert completion.usage.completion_tokens == 12


async def test_partial_answers_are_continued(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(LINE | {"T": "One"}))
    asked = request("Count")
    asked.messages.append(type(asked.messages[0])(role="assistant", content="T", partial=True))
    assert said(await pipeline.complete(asked)) == "One, two, three"


async def test_a_caller_who_leaves_frees_the_only_slot(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(ENDLESS))
    for _ in range(3):
        endless = pipeline.stream(request("Go", stream=True, max_tokens=4000))
        async with aclosing(endless) as chunks:
            await anext(chunks)
    completion = await pipeline.complete(request("Go", max_tokens=3))
    assert said(completion) == "and on and"


async def test_two_slots_answer_two_callers_at_once(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(ENDLESS), slots=2)
    endless = pipeline.stream(request("Go", stream=True, max_tokens=4000))
    async with aclosing(endless) as chunks:
        await anext(chunks)
        completion = await pipeline.complete(request("Hurry", max_tokens=3))
        assert said(completion) == "and on and"


async def test_more_callers_than_slots_all_get_their_answer(shelf: Shelf, open_model: Open) -> None:
    pipeline = open_model(shelf.reciting(LINE), slots=2)
    asked = [pipeline.complete(request(f"Count {number}")) for number in range(12)]
    assert {said(completion) for completion in await asyncio.gather(*asked)} == {"One, two, three"}


@pytest.mark.parametrize("count", [0, 2])
async def test_logprobs_come_with_the_tokens_of_the_answer(
    shelf: Shelf, open_model: Open, count: int
) -> None:
    pipeline = open_model(shelf.reciting(LINE))
    asked = request("Count", logprobs=True, top_logprobs=count)
    tokens = (await pipeline.complete(asked)).choices[0].logprobs["content"]
    assert [token["token"] for token in tokens] == ["One", ", two", ", three"]
    assert all(-1 < token["logprob"] <= 0 for token in tokens)
    assert bytes(tokens[1]["bytes"]) == b", two"
    assert {len(token["top_logprobs"]) for token in tokens} == {count}


async def test_logprobs_leave_the_thought_out_and_reach_a_stream(
    shelf: Shelf, open_model: Open
) -> None:
    script = {"\n": "Hm", "Hm": "</think>", "</think>": "A", "A": " cat", " cat": "<|im_end|>"}
    pipeline = open_model(shelf.reciting(script, thinks="switch"))
    asked = request("What?", enable_thinking=True, logprobs=True, stream=True)
    chunks = [chunk async for chunk in pipeline.stream(asked) if chunk.choices]
    found = [c.choices[0].logprobs.content for c in chunks if c.choices[0].logprobs is not None]
    assert [[token.token for token in tokens] for tokens in found] == [["A"], [" cat"]]


async def test_logprobs_are_those_of_the_json_that_was_kept(open_model: Open) -> None:
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": {"enum": ["cat", "dog"]}},
    }
    completion = await open_model().complete(
        request("Say", logprobs=True, response_format=wanted, max_tokens=50)
    )
    tokens = completion.choices[0].logprobs["content"]
    assert "".join(token["token"] for token in tokens) == said(completion)
