"""The server's ASGI app: routes, the error door before them, the pipeline behind."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.server.chat import ChatRoute
from qwen_vision.server.errors import ErrorDoor, tell_unrouted
from qwen_vision.server.estimate import EstimateRoute
from qwen_vision.server.exchange import Endpoint
from qwen_vision.server.gate import OBJECTS_PATH, Gate
from qwen_vision.server.health import HealthRoute
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.meter import Meter, make_meter
from qwen_vision.server.models import ModelsRoute
from qwen_vision.server.native import GENERATION_PATH, OTHER_SERVICES_PATH, NativeRoute
from qwen_vision.server.native_models import NativeModelsRoute
from qwen_vision.server.service import Service
from qwen_vision.server.shortcut import Shortcut
from qwen_vision.server.uploads import UploadRoutes, sweeping
from qwen_vision.settings import ServerSettings
from qwen_vision.storage.store import UploadStore

# The service's own prefix and the one OpenAI clients of other servers are used to.
PREFIXES: Final = ("/compatible-mode/v1", "/v1")


def create_app(
    settings: ServerSettings,
    pipeline: Pipeline,
    *,
    lifecycle: Lifecycle | None = None,
    meter: Meter | None = None,
    sweeps: bool = True,
) -> Starlette:
    """The app that answers with `pipeline`; it closes the pipeline when it ends.

    Give a `lifecycle` to stop gracefully from outside; without one the app makes its own.
    A `meter` that several workers share holds the limits of the settings; without one the app
    makes its own if any is set.
    Of the workers that share a storage one `sweeps` it.
    """
    life = lifecycle or Lifecycle(max_concurrent=settings.max_concurrent)
    meter = meter or make_meter(settings)
    door = Middleware(
        ErrorDoor,
        gate=Gate(settings),
        lifecycle=life,
        engine=pipeline.engine.name,
        stream_error_prefix=settings.stream_error_prefix,
        stall_timeout_s=settings.stall_timeout_s,
    )

    store = None if settings.storage is None else UploadStore(settings.storage)
    service = Service(pipeline, settings=settings, lifecycle=life, store=store, meter=meter)

    chat = ChatRoute(service)
    busy = {f"{at}/chat/completions": Endpoint(chat.serve) for at in PREFIXES}
    app = Starlette(
        routes=_routes(
            chat=chat,
            estimate=EstimateRoute(service),
            uploads=UploadRoutes(store, settings, meter=meter),
            native=NativeRoute(service),
            lifecycle=life,
        ),
        middleware=[door, Middleware(Shortcut, posts=busy)],
        exception_handlers={HTTPException: tell_unrouted},
        lifespan=_lifespan(pipeline, store=store, meter=meter, sweeps=sweeps),
    )
    # A redirect would be an answer without the dialect's envelope.
    app.router.redirect_slashes = False
    return app


def _lifespan(
    pipeline: Pipeline, *, store: UploadStore | None, meter: Meter | None, sweeps: bool
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with sweeping(store, sweeps=sweeps):
            try:
                yield
            finally:
                await pipeline.aclose()
                if meter is not None:
                    meter.close()

    return lifespan


def _routes(
    *,
    chat: ChatRoute,
    estimate: EstimateRoute,
    uploads: UploadRoutes,
    native: NativeRoute,
    lifecycle: Lifecycle,
) -> list[Route]:
    listing, health = ModelsRoute(), HealthRoute(lifecycle)
    posts = {
        **{f"{at}/chat/completions": chat.serve for at in PREFIXES},
        **{f"{at}/estimate": estimate.serve for at in PREFIXES},
        GENERATION_PATH: native.serve,
        OTHER_SERVICES_PATH: native.refuse,
        OBJECTS_PATH: lifecycle.limited(uploads.take),
    }
    gets = {
        **{f"{at}/models": listing.list for at in PREFIXES},
        **{f"{at}/models/{{model_id}}": listing.show for at in PREFIXES},
        "/api/v1/models": NativeModelsRoute().list,
        "/api/v1/uploads": uploads.policy,
        "/compatible-mode/v1/uploads": uploads.policy,
        "/healthz": health.alive,
        "/readyz": health.ready,
    }
    # The router tries routes in this order: the busy ones come first.
    return [
        *(Route(path, Endpoint(serve), methods=["POST"]) for path, serve in posts.items()),
        *(Route(path, Endpoint(serve), methods=["GET"]) for path, serve in gets.items()),
    ]
