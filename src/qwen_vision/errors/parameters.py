"""Errors about the parameters of a chat request (dialect.md, errors: parameters)."""

from qwen_vision.errors.base import InvalidRequestError


class MalformedBodyError(InvalidRequestError):
    """The body is missing, not JSON, or not a JSON object."""

    text = "Required body invalid, please check the request body format."


class FieldTypeError(InvalidRequestError):
    """A field holds a value of a type the dialect does not know; `param` is its path."""


class ContentPartError(InvalidRequestError):
    """An item of `content` is not one of the known parts."""

    text = (
        "The provided messages input is invalid. "
        "The error info is [Unexpected item type in content]"
    )
    native_text = "The item of content should be a message of a certain modal."


class MessageContentError(InvalidRequestError):
    """A message's `content` is neither a text nor a list; the second half is ours."""

    text = (
        "Input should be a valid dictionary or instance of Text, or a list of content parts"
        " - '{path}'"
    )


class EmptyMessagesError(InvalidRequestError):
    """`messages` is an empty list."""

    param = "messages"
    text = "[] is too short - 'messages'"


class StreamOnlyError(InvalidRequestError):
    """The model answers only as a stream."""

    model_level = True
    param = "stream"
    # The space at the end is the dialect's.
    text = (
        "This model only support stream mode, please enable the stream parameter to access "
        "the model. "
    )


class ThinkingBudgetError(InvalidRequestError):
    """`thinking_budget` is not in 1..the model's longest thought."""

    param = "thinking_budget"
    text = "The thinking_budget parameter must be a positive integer and not greater than {limit}"


class ThinkingRequiredError(InvalidRequestError):
    """`enable_thinking: false` for a model that always thinks."""

    param = "enable_thinking"
    text = "The value of the enable_thinking parameter is restricted to True."


class ThinkingUnsupportedError(InvalidRequestError):
    """`enable_thinking: true` for a model that cannot think."""

    code = "InvalidParameter.NotSupportEnableThinking"
    native_code = "InvalidParameter.NotSupportEnableThinking"
    param = "enable_thinking"
    text = "The model {model} does not support enable_thinking."


class ThinkingNeedsStreamError(InvalidRequestError):
    """Thinking asked of an old open model without streaming."""

    param = "enable_thinking"
    text = "parameter.enable_thinking must be set to false for non-streaming calls"


class IncrementalThinkingError(InvalidRequestError):
    """A native stream that repeats its text was asked for while the model thinks."""

    param = "incremental_output"
    text = 'The incremental_output parameter must be "true" when enable_thinking is true'


class IncrementalOnlyError(InvalidRequestError):
    """A native stream that repeats its text was asked of a model that cannot give one."""

    param = "incremental_output"
    text = "The incremental_output parameter of this model cannot be set to False."


class StructuredThinkingError(InvalidRequestError):
    """Structured output and thinking in one request."""

    param = "response_format"
    text = "Json mode response is not supported when enable_thinking is true"


class JsonWordError(InvalidRequestError):
    """`json_object` without the word JSON anywhere in the messages."""

    param = "messages"
    text = (
        "'messages' must contain the word 'json' in some form, to use 'response_format' of "
        "type 'json_object'."
    )


class ResponseFormatError(InvalidRequestError):
    """`response_format` is none of text, json_object, json_schema."""

    param = "response_format"
    text = (
        "Unknown format of response_format, response_format should be a dict, includes 'type' "
        "and an optional key 'json_schema'. The response_format type from user is {given}."
    )


class MaxTokensError(InvalidRequestError):
    """`max_tokens` out of range."""

    param = "max_tokens"
    text = "Range of max_tokens should be [1, {limit}]"


class InputLengthError(InvalidRequestError):
    """The prompt is longer than the model's context."""

    param = "messages"
    text = "Range of input length should be [1, {limit}]"


class TemperatureError(InvalidRequestError):
    """`temperature` out of range."""

    param = "temperature"
    text = "Temperature should be in [0.0, 2.0)"


class TopPError(InvalidRequestError):
    """`top_p` out of range."""

    param = "top_p"
    text = "Range of top_p should be (0.0, 1.0]"


class TopKError(InvalidRequestError):
    """`top_k` is negative."""

    param = "top_k"
    text = "Parameter top_k be greater than or equal to 0"


class RepetitionPenaltyError(InvalidRequestError):
    """`repetition_penalty` is not positive."""

    param = "repetition_penalty"
    text = "Repetition_penalty should be greater than 0.0"


class PresencePenaltyError(InvalidRequestError):
    """`presence_penalty` out of range."""

    param = "presence_penalty"
    text = "Presence_penalty should be in [-2.0, 2.0]"


class CandidatesError(InvalidRequestError):
    """`n` out of range."""

    param = "n"
    text = "Range of n should be [1, 4]"


class SeedError(InvalidRequestError):
    """`seed` is under 0 or over 2^31-1 (compatible) or 2^63-1 (native)."""

    code = "invalid_value"
    param = "seed"
    native_text = "Range of seed should be [0, 9223372036854775807]"
    text = "{value} is {relation} than the {bound} of {limit} - 'seed'"


class TopLogprobsError(InvalidRequestError):
    """`top_logprobs` out of range."""

    param = "top_logprobs"
    text = "Range of top_logprobs should be [0, 5]"


class StopError(InvalidRequestError):
    """`stop` mixes strings and token ids."""

    param = "stop"
    text = "The stop parameter takes a string, a list of strings or a list of token ids, not a mix."


class ToolChoiceError(InvalidRequestError):
    """`tool_choice` is a string other than none and auto, or names a tool that is not there."""

    param = "tool_choice"
    text = 'tool_choice is one of the strings that should be ["none", "auto"]'


class ForcedToolThinkingError(InvalidRequestError):
    """A tool is forced while the model thinks."""

    param = "tool_choice"
    text = (
        "The tool_choice parameter does not support being set to required or object in "
        "thinking mode"
    )


class ToolNameError(InvalidRequestError):
    """A tool's name is not 1 to 64 of letters, digits, underscore and hyphen."""

    param = "tools"
    text = "Tool names take 1 to 64 characters of [a-zA-Z0-9_-]; got '{name}'."


class ReservedToolNameError(InvalidRequestError):
    """A tool has a name the dialect keeps for itself."""

    param = "tools"
    text = "Tool names are not allowed to be [{name}]"


class ToolsUnsupportedError(InvalidRequestError):
    """The model calls no tools."""

    param = "tools"
    text = "The tool call is not supported."


class OrphanToolMessageError(InvalidRequestError):
    """A tool message answers no call; the spelling is the dialect's."""

    param = "messages"
    text = 'Messages with role "tool" must be a response to a preceeding message with "tool_calls"'


class MissingToolAnswerError(InvalidRequestError):
    """An assistant's tool call was not answered."""

    param = "messages"
    text = (
        'An assistant message with "tool_calls" must be followed by tool messages responding '
        'to each "tool_call_id". The following tool_call_ids did not have response messages: '
        "{ids}"
    )


class LastMessageError(InvalidRequestError):
    """The conversation ends with a message that asks nothing."""

    param = "messages"
    text = (
        "The last message has role '{role}'. It must be 'user' or 'tool', or an assistant "
        'message with "partial": true.'
    )


class PartialThinkingError(InvalidRequestError):
    """A prefix to continue (`partial`) was given while the model thinks."""

    param = "messages"
    text = 'A message with "partial": true needs enable_thinking to be false.'


class AbilityError(InvalidRequestError):
    """The dialect allows this, the engine that answers here cannot do it."""

    code = "engine_cannot"
    native_code = "InvalidParameter"
    text = "The engine '{engine}' cannot take {what}. {way_out}"


class SchemaError(InvalidRequestError):
    """A JSON Schema cannot be used; this text is ours."""

    text = (
        "The JSON Schema cannot be used: {reason}. It must be a valid schema in one document, "
        "without references to other documents."
    )


class SchemaLimitError(InvalidRequestError):
    """A JSON Schema is larger than an engine can make rules of in time; this text is ours."""

    text = (
        "The JSON Schema is too large: {what}; the most is {limit}. Make it smaller, or leave that "
        "out and say it in the prompt."
    )


class CoordinatesError(InvalidRequestError):
    """`coordinates` is no unit of places; this text is ours."""

    param = "coordinates"
    text = (
        "coordinates is '{given}'; it must be 'pixel', '0-1' or '0-1000', or be left out for "
        "the model's own."
    )
