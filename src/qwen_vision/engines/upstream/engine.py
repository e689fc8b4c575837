"""UpstreamEngine: hands a request to another server and passes its answer on."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from qwen_vision import __version__
from qwen_vision.engines.base import Abilities, Event, Prompt
from qwen_vision.engines.upstream.adapt import count_pictures, names_kind
from qwen_vision.engines.upstream.body import upstream_body
from qwen_vision.engines.upstream.events import Asked, stream_events, whole_events
from qwen_vision.engines.upstream.exchange import Exchange, is_hosts_fault
from qwen_vision.engines.upstream.hosts import Host, Hosts
from qwen_vision.engines.upstream.pool import Pool
from qwen_vision.engines.upstream.profile import Profile, find_profile
from qwen_vision.engines.upstream.unheard import unheard_note
from qwen_vision.errors import QwenVisionError, SettingsError
from qwen_vision.media.resize import MARK_TOKENS
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import EngineSettings, UpstreamSettings
from qwen_vision.telemetry.metrics import Figure


def build(argument: str, settings: EngineSettings) -> "UpstreamEngine":
    """The engine for the upstream named `argument`, or for the only one.

    Raises SettingsError when there is none of that name, or the choice is not clear.
    """
    known = {upstream.name: upstream for upstream in settings.upstreams}
    if not argument and len(known) == 1:
        (argument,) = known
    if argument not in known:
        what = f"There is no upstream '{argument}'" if argument else "Which upstream is not said"
        raise SettingsError(
            f"{what}. Known: {', '.join(known) or 'none'}. "
            "Name one with --upstream NAME=URL or in qwen-vision.toml.",
            param="engine",
        )
    return UpstreamEngine(known[argument])


class UpstreamEngine:
    """Answers by asking a server that stands in the settings; callers cannot name another.

    The caller's bytes are sent as they came unless the profile asks for a change. When an
    address fails before its first event, the next one is asked.
    """

    def __init__(self, settings: UpstreamSettings) -> None:
        """Connects on the first request.

        Raises SettingsError for an unknown profile and an address or a key that cannot be sent.
        """
        self.name = "upstream"
        self.fingerprint = f"upstream-{settings.name}"
        self._settings = settings
        self._profile = find_profile(settings.profile)
        self._hosts = Hosts(settings.urls)
        self._pools = {host.url: _pool(host.url, settings) for host in self._hosts}
        self.abilities = _abilities(self._profile)

    async def run(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """The upstream's events; closing them closes the connection to it."""
        async with aclosing(self.batches(prompt)) as batches:
            async for events in batches:
                for event in events:
                    yield event

    async def batches(self, prompt: Prompt) -> AsyncGenerator[Sequence[Event], None]:
        """The upstream's events, those that came together in one list."""
        body = await upstream_body(prompt, self._profile, model=self._settings.model)
        resolve = "oss" in self._profile.media and names_kind(prompt.request, "oss")
        asked = Asked(
            top_logprobs=_count(prompt.request),
            mark_tokens=MARK_TOKENS * count_pictures(prompt.request),
            notes=unheard_note(prompt, self._profile),
        )
        host = self._hosts.pick()
        tried: list[Host] = []
        while host is not None:
            tried.append(host)
            following: Host | None = None
            with self._hosts.using(host), self._exchange(host, prompt) as exchange:
                try:
                    if prompt.request.stream:
                        await exchange.begin(body, resolve=resolve)
                        pieces = stream_events(exchange, asked, engine=self._settings.name)
                        first = await anext(pieces)
                    else:
                        pieces = None
                        first = whole_events(await exchange.whole(body, resolve=resolve), asked)
                except QwenVisionError as error:
                    following = self._after_failure(error, tried)
                    if following is None:
                        raise
                else:
                    self._hosts.succeeded(host)
                    yield first
                    if pieces is not None:
                        async for events in pieces:
                            yield events
            host = following

    def _exchange(self, host: Host, prompt: Prompt) -> Exchange:
        settings = self._settings
        return Exchange(
            self._pools[host.url],
            engine=settings.name,
            silence_s=settings.silence_timeout_s,
            total_s=None if prompt.request.stream else settings.answer_timeout_s,
        )

    def _after_failure(self, error: QwenVisionError, tried: list[Host]) -> Host | None:
        """The address to ask next, if another may do better."""
        if not is_hosts_fault(error):
            return None
        self._hosts.failed(tried[-1])
        return self._hosts.pick(tried=tried)

    def figures(self) -> Iterator[Figure]:
        """How each address fares."""
        return self._hosts.figures(upstream=self._settings.name)

    async def aclose(self) -> None:
        """Close the connections; safe to call twice."""
        for pool in self._pools.values():
            pool.close()


def _count(request: ChatRequest) -> int | None:
    """How many likely tokens are asked for beside each token; None for nothing of the kind."""
    return (request.top_logprobs or 0) if request.logprobs else None


def _pool(url: str, settings: UpstreamSettings) -> Pool:
    headers = {
        "Accept": "*/*",
        # The answers are short and the events must not wait for a compressor.
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"qwen-vision/{__version__}",
    }
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key}"
    return Pool(
        url,
        headers=headers,
        connect_timeout_s=settings.connect_timeout_s,
        proxy=settings.proxies.for_url(url),
    )


def _abilities(profile: Profile) -> Abilities:
    return Abilities(
        images=True,
        videos=True,
        thinking=True,
        json_schema=profile.json_schema,
        tools=True,
        logprobs=profile.logprobs,
        opens_media=False,
        batches=True,
        free_text=True,
        forces_tools=profile.forces_tools,
        schema_while_thinking=profile.structured_thinking,
        mixes_thoughts=profile.thinking != "top",
        way_out="Send the request without it, or to another model.",
    )
