"""What a prompt asks for is understood in English and Chinese, however it is put."""

import pytest

from qwen_vision.engines.embedded.intents import Task, read_intents

PHRASINGS = {
    Task.READ: [
        "Read all the text in this image.",
        "Please transcribe everything written here",
        "OCR this",
        "What does this sign say?",
        "What is written on the board?",
        "Extract the text from the image",
        "What text is in the picture?",
        "Please output only the text content from the image "
        "without any additional descriptions or formatting.",
        "读取图中的所有文字",
        "图片里写了什么？",
        "识别图中文字",
        "请提取图片中的全部文字内容",
    ],
    Task.DESCRIBE: [
        "What is in this image?",
        "Describe this image in detail.",
        "What's this?",
        "What do you see?",
        "Can you tell me about this picture",
        "Describe what happens in this video.",
        "What is shown here?",
        "Summarize this document",
        "描述一下这张图片",
        "图中有什么？",
        "这是什么",
        "你看到了什么？",
        "这个视频讲了什么？",
        "What kind of document is this?",
    ],
    Task.VALUE: [
        "What is the total?",
        "How much did they pay?",
        "total amount please",
        "What's the invoice number?",
        "Tell me the date of this receipt",
        "What is the name of the company?",
        "Who is the seller?",
        "When was it issued?",
        "What is the email address?",
        "Give me the phone number and address of the store",
        "总金额是多少",
        "这张发票的日期是什么时候？",
        "公司名称是什么",
        "税号是多少？",
        "What is the flight number?",
        "What is the model name on the label?",
    ],
    Task.COUNT: [
        "How many people are in the image?",
        "How many lines of text are there?",
        "Count the cars",
        "图中有几个人？",
        "有多少行文字？",
    ],
    Task.EXISTS: [
        "Is there a dog in the picture?",
        "Are there any people?",
        "Does this image contain a signature?",
        "Can you see a cat?",
        "图中有没有狗？",
        "图片中有猫吗？",
    ],
    Task.LOCATE: [
        "Where is the exit sign?",
        "Locate the dog and output its bbox coordinates",
        "Detect all objects and return bounding boxes in JSON",
        "Point to the red button",
        "框出图中的人",
        '"登录"按钮在哪里？',
    ],
    Task.CODE: [
        "Scan the QR code",
        "What does the barcode say?",
        "二维码的内容是什么？",
    ],
    Task.MAYBE_CODE: [
        "What does the code say?",
        "What does the code in this picture hold?",
        "Where does this code lead?",
        "What is the payload?",
        "这个码是什么内容？",
        "扫一下码",
    ],
    Task.COMPARE: [
        "Compare these two images.",
        "Find the differences",
        "What changed between the two pictures?",
        "这两张图有什么区别？",
    ],
    Task.TABLE: [
        "Convert the table to HTML",
        "Extract the table as CSV",
        "提取图中的表格",
        "Analyze the trends in this chart",
        "What does this chart show?",
    ],
    Task.MARKDOWN: [
        "Convert this page to Markdown",
        "qwenvl markdown",
    ],
    Task.HTML: [
        "qwenvl html",
    ],
    Task.FORMULA: [
        "Recognize the formula in LaTeX",
    ],
    Task.KEYS: [
        "Extract the key information",
        "Extract invoice information",
        "提取发票中的关键信息",
        "Extract all fields as JSON",
    ],
    Task.WORDS: [
        "Locate every text line with its coordinates",
        "Recognize all text and return the position of each line",
    ],
    Task.SIZE: [
        "What is the resolution of this image?",
        "How long is the video?",
        "图片的尺寸是多少？",
    ],
    Task.COLORS: [
        "What colors are in the image?",
        "主要颜色是什么？",
    ],
    Task.QUALITY: [
        "Is this image blurry?",
        "图片清晰吗？",
    ],
    Task.SUM: [
        "What is the sum of the amounts?",
        "Which item is the most expensive?",
    ],
    Task.PART: [
        "What is the first line?",
        "最后一行写了什么？",
        "What is in the upper left corner?",
    ],
    Task.UNSEEN: [
        "Translate the text into German",
        "What does this mean in English?",
        "What is the mood of this picture?",
        "Who is this person?",
        "这个人是谁？",
        "把文字翻译成英文",
        "Why is he laughing?",
        "Solve the math problem",
        "How long is side AB?",
        "斜边有多长？",
    ],
    Task.WHEN: [
        "When does the car appear?",
        "标题什么时候出现？",
    ],
    Task.MOMENT: [
        "What happens at 0:05?",
        "第3秒出现了什么？",
    ],
}
CASES = [(task, prompt) for task, prompts in PHRASINGS.items() for prompt in prompts]


@pytest.mark.parametrize(("task", "prompt"), CASES, ids=[prompt for _, prompt in CASES])
def test_a_question_is_understood(task: Task, prompt: str) -> None:
    assert [intent.task for intent in read_intents(prompt)] == [task]


@pytest.mark.parametrize(
    ("prompt", "concepts"),
    [
        ("What are the total, the date and the company?", ["total", "date", "company"]),
        ("What is the phone number of the shop?", ["phone"]),
        ("商店的地址和电话是什么？", ["address", "phone"]),
        ("What is the due date of the invoice?", ["due_date"]),
        ("税额是多少？", ["tax"]),
    ],
)
def test_the_values_asked_for_are_named(prompt: str, concepts: list[str]) -> None:
    [intent] = read_intents(prompt)
    assert [concept.name for concept in intent.concepts] == concepts


def test_several_questions_are_read_one_by_one() -> None:
    intents = read_intents("Read the text. What is the total? Is there a QR code?")
    assert [intent.task for intent in intents] == [Task.READ, Task.VALUE, Task.EXISTS]


def test_how_to_answer_is_no_question_of_its_own() -> None:
    [intent] = read_intents('Where is "Exit"? Give the bbox coordinates.')
    assert intent.task is Task.LOCATE
    assert intent.subject == "Exit"


def test_a_prompt_that_is_not_understood_is_unknown() -> None:
    [intent] = read_intents("Wie geht es dir ?")
    assert intent.task is Task.UNKNOWN
