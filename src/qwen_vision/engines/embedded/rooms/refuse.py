"""Refusals: what this engine can not know, and the way to a model that can."""

from qwen_vision.engines.embedded.language import Language, pick

# The one way out that exists everywhere: a Qwen-VL model behind the remote engine.
WAY_OUT_EN = (
    "A Qwen-VL model can: set DASHSCOPE_API_KEY (or QWEN_BASE_URL for a server of your own) "
    "and ask again with `--engine remote`."
)
WAY_OUT_ZH = (
    "Qwen-VL 模型可以回答：请设置 DASHSCOPE_API_KEY（或用 QWEN_BASE_URL 指向自己的服务），"
    "再加上 `--engine remote` 重新提问。"
)


def way_out(language: Language) -> str:
    """How to get a model that can answer what this engine can not."""
    return pick(language, WAY_OUT_EN, WAY_OUT_ZH)


def no_media(language: Language) -> str:
    """What to say to a prompt without any picture."""
    return pick(
        language,
        "There is no picture or video in this conversation. I read pictures, pages and videos: "
        "their text, codes, colours and sizes. Send one along with your question.",
        "这段对话里没有图片或视频。我可以读取图片、文档和视频中的文字、条码、颜色和尺寸，"
        "请把图片和问题一起发给我。",
    )


def beyond(language: Language) -> str:
    """Why a question about meaning or scenery stays unanswered."""
    return pick(
        language,
        "I can't answer that one: I read text, codes and measurable facts of a picture and "
        "don't guess at anything else. ",
        "这个问题我无法回答：我只读取图片中的文字、条码和可测量的信息，不做猜测。",
    ) + way_out(language)
