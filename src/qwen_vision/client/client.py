"""AsyncClient: asks a remote server of the dialect about whatever is at hand; a Completer."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Self, TypeVar, Unpack, overload

from typing_extensions import override

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.client.answer import Answer, read_value
from qwen_vision.client.chat import ChatRoute
from qwen_vision.client.connection import Connection, Patience
from qwen_vision.client.environment import server_from_environment
from qwen_vision.client.inputs import Input, Inputs
from qwen_vision.client.loading import Habits, Loader
from qwen_vision.client.memory import UploadMemory
from qwen_vision.client.pack import Packer
from qwen_vision.client.places import tell_places, tell_stream
from qwen_vision.client.question import (
    ANALYZE_MODEL,
    OCR_MODEL,
    REASON_MODEL,
    AskOptions,
    ChatOptions,
    Messages,
    build_request,
    check_names,
    read_messages,
)
from qwen_vision.client.retry import RetryRule
from qwen_vision.client.structured import schema_of
from qwen_vision.client.tasks import OcrWork, ocr_prompt
from qwen_vision.client.upload import Progress, TemporaryStorage
from qwen_vision.errors import SettingsError
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.collect import collect
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.estimate import Estimate
from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.request import ChatRequest, StreamOptions
from qwen_vision.settings import ProxySettings, RemoteSettings, find_remote

Shape = TypeVar("Shape")


class AsyncClient:
    """Asks a remote server, over one pool of connections.

    Failures with HTTP 429 and 5xx are tried again, never after the first chunk of a stream.
    Files under 7 MB travel inside the request; larger ones are uploaded first. The key never
    shows in `repr`, logs or errors.
    """

    def __init__(
        self,
        remote: RemoteSettings | None = None,
        *,
        key: str | None = None,
        base_url: str = "",
        region: str = "",
        **habits: Unpack[Habits],
    ) -> None:
        """Keep where to ask; connects on the first request.

        Give `remote`, or a `key` with a `base_url` or a `region` (`china`, `international`,
        `us`, or a name such as `us-east-1`). Raises UnsupportedKeyError for a coding-plan key
        and SettingsError for an address that is no http(s) URL.
        """
        check_names(habits, Habits)
        if remote is None:
            if not key and not base_url:
                raise SettingsError(
                    "The client knows no server: give key= (and region=), base_url=, or use "
                    "from_env().",
                    param="base_url",
                )
            remote = find_remote(key=key, base_url=base_url, region=region)
        if proxy := habits.get("proxy"):
            remote = replace(remote, proxies=ProxySettings(https=proxy, http=proxy))
        self._habits = habits
        self._connection = Connection(
            remote,
            retry=habits.get("retry") or RetryRule(),
            patience=Patience(
                habits.get("answer_timeout_s", 120.0), habits.get("silence_timeout_s", 300.0)
            ),
        )
        packer = Packer(
            habits.get("shelf") or TemporaryStorage(self._connection),
            place=(remote.base_url, remote.key),
            memory=UploadMemory(habits.get("remember_uploads")),
        )
        self._chat = ChatRoute(self._connection, packer)
        self._loader = Loader(packer, habits)

    @classmethod
    def from_env(cls, **habits: Unpack[Habits]) -> Self:
        """A client of the server that the environment, or else `.env` here, names.

        Key: QWEN_API_KEY, then DASHSCOPE_API_KEY. Address: QWEN_BASE_URL or QWEN_REGION. A
        bucket of one's own for uploads: QWEN_TMP_OSS_BUCKET and its kin, unless `shelf` says
        another place. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say through what it is
        reached. Raises SettingsError when nothing names a server.
        """
        remote, bucket = server_from_environment()
        habits.setdefault("shelf", bucket)
        return cls(remote, **habits)

    @override
    def __repr__(self) -> str:
        """The address, never the key."""
        return f"AsyncClient(base_url={self._connection.remote.base_url!r})"

    async def __aenter__(self) -> Self:
        """Itself; the pool closes at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the pool."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the pool; safe to call twice."""
        await self._connection.aclose()

    @property
    def remote(self) -> RemoteSettings:
        """Where it asks."""
        return self._connection.remote

    @property
    def host(self) -> str:
        """Host (and port, if any) that is asked."""
        return self._connection.host

    async def complete(self, request: ChatRequest, /) -> Completion:
        """The whole answer to a request as it stands; raises an error of the tree."""
        return await self._chat.complete(await self._loader.packed(request, {}))

    async def stream(
        self,
        about: "ChatRequest | Inputs",
        /,
        prompt: str | None = None,
        *,
        schema: object = None,
        **options: Unpack[AskOptions],
    ) -> AsyncGenerator[Chunk, None]:
        """The answer chunk by chunk (`chunk.text`, `chunk.reasoning`); the last has the usage.

        `about` is a ChatRequest as it stands, or what to look at. Raises before the first chunk
        when the request is bad. A stream that breaks off raises ConnectionFailedError; nothing
        is resumed.
        """
        if isinstance(about, ChatRequest):
            request = await self._loader.packed(about, {})
        else:
            wanted = None if schema is None else schema_of(schema)
            request = await self._loader.question(about, prompt, options, schema=wanted)
            request.stream_options = StreamOptions(include_usage=True)
        # A request as it stands gets the answer as it stands.
        asked = isinstance(about, ChatRequest)
        told = self._chat.stream(request)
        async with aclosing(told if asked else tell_stream(told, request)) as chunks:
            async for chunk in chunks:
                yield chunk

    @overload
    async def analyze(
        self,
        inputs: Inputs,
        /,
        prompt: str | None = None,
        *,
        schema: type[Shape],
        **options: Unpack[AskOptions],
    ) -> Answer[Shape]: ...
    @overload
    async def analyze(
        self,
        inputs: Inputs,
        /,
        prompt: str | None = None,
        *,
        schema: JsonObject | None = None,
        **options: Unpack[AskOptions],
    ) -> Answer[Any]: ...
    async def analyze(
        self,
        inputs: Inputs,
        /,
        prompt: str | None = None,
        *,
        schema: Any = None,
        **options: Unpack[AskOptions],
    ) -> Answer[Any]:
        """Ask about pictures, videos or documents.

        `inputs` is a path, a URL, bytes, a Pillow picture, a numpy array, an open file, or a
        list of them. With `schema` (a JSON Schema, a dataclass, a msgspec Struct or a pydantic
        model) the answer's `parsed` is a checked value of that type. Raises errors of the
        tree: what the server refused has the class its own side raises.
        """
        options.setdefault("model", ANALYZE_MODEL)
        wanted = None if schema is None else schema_of(schema)
        request = await self._loader.question(inputs, prompt, options, schema=wanted)
        return await self._answer(request, shape=schema)

    async def reason(
        self, inputs: Inputs, /, prompt: str | None = None, **options: Unpack[AskOptions]
    ) -> Answer[None]:
        """Ask a model that thinks step by step first; the thoughts are `reasoning`."""
        options.setdefault("model", REASON_MODEL)
        request = await self._loader.question(inputs, prompt, options, schema=None)
        return await self._answer(request, shape=None)

    async def ocr(
        self,
        inputs: Inputs,
        /,
        prompt: str | None = None,
        *,
        task: OcrWork = "text",
        **options: Unpack[AskOptions],
    ) -> Answer[None]:
        """Read the text in pictures and documents; `task` says what of it, and in which form."""
        options.setdefault("model", OCR_MODEL)
        request = await self._loader.question(
            inputs, prompt or ocr_prompt(task), options, schema=None
        )
        return await self._answer(request, shape=None)

    async def chat(
        self, messages: Messages, /, *, schema: object = None, **options: Unpack[ChatOptions]
    ) -> Answer[Any]:
        """Answer a conversation: a text, Message values, or messages as JSON objects."""
        check_names(options, ChatOptions)
        wanted = None if schema is None else schema_of(schema)
        request = build_request(read_messages(messages), options, schema=wanted)
        return await self._answer(await self._loader.packed(request, options), shape=schema)

    async def estimate(
        self, inputs: Inputs, /, prompt: str = "", **options: Unpack[AskOptions]
    ) -> Estimate:
        """Tokens and prices of a question, without running it; not every server can."""
        options.setdefault("model", ANALYZE_MODEL)
        request = await self._loader.question(inputs, prompt, options, schema=None)
        return await self._chat.estimate(request)

    async def upload(
        self, given: Input, /, *, model: str = ANALYZE_MODEL, progress: Progress | None = None
    ) -> str:
        """Upload for one model; the `oss://` URL lives 48 hours and works with that model only.

        Raises FileMissingError, FileTooLargeError and the errors of the storage family.
        """
        return await self._loader.upload(given, model=model, progress=progress)

    async def _answer(self, request: ChatRequest, *, shape: Any) -> Answer[Any]:  # noqa: ANN401
        """The answer; streamed on the way when the model thinks, so that no silence is long."""
        model = find_model(request.model, any_model=True)
        thinks = model.thinks_by_default if request.enable_thinking is None else True
        if model.stream_only or (thinks and request.enable_thinking is not False):
            request.stream_options = StreamOptions(include_usage=True)
            completion = await collect(self._chat.stream(request))
        else:
            completion = await self._chat.complete(request)
        tell_places(completion, request)
        completion.model = completion.model or request.model
        answer = Answer(completion, None)
        if shape is None:
            return answer
        return Answer(completion, read_value(answer, shape))
