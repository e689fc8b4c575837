"""A video as vLLM takes one that somebody else has sampled: its frames, and when they were."""

from collections.abc import Sequence

from qwen_vision.protocol.messages import JsonObject

_START = "data:image/jpeg;base64,"
# Frames are told by their number at so many a second: that makes the numbers milliseconds.
_PER_SECOND = 1000


def film_part(frames: Sequence[str]) -> JsonObject:
    """One video part of frames that are JPEG data URIs, all of one size."""
    joined = ",".join(frame.removeprefix(_START) for frame in frames)
    return {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{joined}"}}


def film_times(times_s: Sequence[float]) -> JsonObject:
    """What stands beside the messages: the times in seconds of every frame, all of them read."""
    numbers = [round(time_s * _PER_SECOND) for time_s in times_s]
    return {
        "video": {
            "num_frames": -1,
            "fps": _PER_SECOND,
            "frames_indices": numbers,
            "total_num_frames": numbers[-1] + 1,
        }
    }
