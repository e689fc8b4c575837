"""UpstreamEngine: hands a request to another server and passes its answer on."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp

from qwen_vision import __version__
from qwen_vision.engines.base import Abilities, Event, Prompt
from qwen_vision.engines.upstream.adapt import names_kind
from qwen_vision.engines.upstream.body import upstream_body
from qwen_vision.engines.upstream.events import stream_events, whole_events
from qwen_vision.engines.upstream.exchange import is_hosts_fault, post
from qwen_vision.engines.upstream.hosts import Host, Hosts
from qwen_vision.engines.upstream.profile import Profile, find_profile
from qwen_vision.errors import QwenVisionError, SettingsError
from qwen_vision.settings import EngineSettings, UpstreamSettings

_RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}


def build(argument: str, settings: EngineSettings) -> "UpstreamEngine":
    """The engine for the upstream named `argument`, or for the only one.

    Raises SettingsError when there is none of that name, or the choice is not clear.
    """
    known = {upstream.name: upstream for upstream in settings.upstreams}
    if not argument and len(known) == 1:
        (argument,) = known
    if argument not in known:
        raise SettingsError(
            f"There is no upstream '{argument}'. Known: {', '.join(known) or 'none'}. "
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
        """Connects on the first request; raises SettingsError for an unknown profile."""
        self.name = "upstream"
        self.fingerprint = f"upstream-{settings.name}"
        self._settings = settings
        self._profile = find_profile(settings.profile)
        self._hosts = Hosts(settings.urls)
        self._session: aiohttp.ClientSession | None = None
        self._stream_limits = _limits(settings, total_s=None)
        self._whole_limits = _limits(settings, total_s=settings.answer_timeout_s)
        self.abilities = _abilities(self._profile)

    async def run(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """The upstream's events; closing them closes the connection to it."""
        body = await upstream_body(prompt, self._profile, model=self._settings.model)
        host = self._hosts.pick()
        tried: list[Host] = []
        while host is not None:
            tried.append(host)
            following: Host | None = None
            async with aclosing(self._ask(host, prompt, body=body)) as pieces:
                try:
                    first = await anext(pieces)
                except QwenVisionError as error:
                    following = self._after_failure(error, tried)
                    if following is None:
                        raise
                else:
                    self._hosts.succeeded(host)
                    for event in first:
                        yield event
                    async for events in pieces:
                        for event in events:
                            yield event
            host = following

    def _after_failure(self, error: QwenVisionError, tried: list[Host]) -> Host | None:
        """The address to ask next, if another may do better."""
        if not is_hosts_fault(error):
            return None
        self._hosts.failed(tried[-1])
        return self._hosts.pick(tried=tried)

    async def aclose(self) -> None:
        """Close the connections; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(
        self, host: Host, prompt: Prompt, *, body: bytes
    ) -> AsyncGenerator[list[Event], None]:
        """Events as they come, those that came together in one list."""
        name = self._settings.name
        streams = bool(prompt.request.stream)
        names_oss = "oss" in self._profile.media and names_kind(prompt.request, "oss")
        with self._hosts.using(host):
            async with post(
                self._pool(),
                host,
                body,
                engine=name,
                headers=_RESOLVE if names_oss else {},
                limits=self._stream_limits if streams else self._whole_limits,
            ) as response:
                if streams:
                    async for events in stream_events(response, engine=name):
                        yield events
                else:
                    yield await whole_events(response)

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {
                "Content-Type": "application/json",
                "User-Agent": f"qwen-vision/{__version__}",
            }
            if self._settings.key:
                headers["Authorization"] = f"Bearer {self._settings.key}"
            self._session = aiohttp.ClientSession(
                headers=headers, connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session


def _limits(settings: UpstreamSettings, *, total_s: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=total_s,
        sock_connect=settings.connect_timeout_s,
        sock_read=settings.silence_timeout_s,
    )


def _abilities(profile: Profile) -> Abilities:
    return Abilities(
        images=True,
        videos=True,
        thinking=True,
        json_schema=profile.json_schema,
        tools=True,
        logprobs=False,
        opens_media=False,
        free_text=True,
        forces_tools=profile.forces_tools,
        schema_while_thinking=profile.structured_thinking,
        mixes_thoughts=profile.thinking != "top",
        way_out="Send the request without it, or to another model.",
    )
