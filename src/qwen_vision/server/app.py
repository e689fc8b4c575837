"""The server's ASGI app: routes, the error door before them, the pipeline behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from qwen_vision.server.figures import MetricsRoute, Sources, sharing
from qwen_vision.server.gate import METRICS_PATH, OBJECTS_PATH, Gate
from qwen_vision.server.health import HealthRoute
from qwen_vision.server.lifecycle import Lifecycle
from qwen_vision.server.meter import Meter, make_meter
from qwen_vision.server.models import ModelsRoute
from qwen_vision.server.native import GENERATION_PATH, OTHER_SERVICES_PATH, NativeRoute
from qwen_vision.server.native_models import NativeModelsRoute
from qwen_vision.server.observer import Names, Observer
from qwen_vision.server.service import Service
from qwen_vision.server.shortcut import Shortcut
from qwen_vision.server.tracing import closing_traces, start_tracing
from qwen_vision.server.uploads import UploadRoutes, sweeping
from qwen_vision.settings import ServerSettings
from qwen_vision.storage.store import UploadStore
from qwen_vision.telemetry.shared import FiguresFolder
from qwen_vision.telemetry.tally import Tally
from qwen_vision.telemetry.trace import Tracing

# The service's own prefix and the one OpenAI clients of other servers are used to.
PREFIXES: Final = ("/compatible-mode/v1", "/v1")
CHAT_PATHS: Final = tuple(f"{at}/chat/completions" for at in PREFIXES)


def create_app(
    settings: ServerSettings,
    pipeline: Pipeline,
    *,
    lifecycle: Lifecycle | None = None,
    meter: Meter | None = None,
    sweeps: bool = True,
    folder: FiguresFolder | None = None,
) -> Starlette:
    """The app that answers with `pipeline`; it closes the pipeline when it ends.

    Give a `lifecycle` to stop gracefully from outside; without one the app makes its own.
    A `meter` that several workers share holds the limits of the settings; without one the app
    makes its own if any is set.
    Of the workers that answer together one `sweeps` the storage, and all share their figures
    in a `folder`. Raises MissingExtraError for traces without their packages.
    """
    life = lifecycle or Lifecycle(max_concurrent=settings.max_concurrent)
    meter = meter or make_meter(settings)
    store = None if settings.storage is None else UploadStore(settings.storage)
    service = Service(pipeline, settings=settings, lifecycle=life, store=store, meter=meter)
    sources = Sources(Tally(), pipeline, life, store, folder)
    tracing = start_tracing(settings.traces)
    routes = _routes(
        service,
        uploads=UploadRoutes(store, settings, meter=meter),
        figures=MetricsRoute(sources),
        lifecycle=life,
    )
    names = Names(routes=[route.path for route in routes], models=settings.models)
    door = Middleware(
        ErrorDoor,
        gate=Gate(settings),
        lifecycle=life,
        observer=Observer(sources.tally, names, tracing=tracing),
        engine=pipeline.engine.name,
        settings=settings,
    )

    busy = {route.path: route.app for route in routes if route.path in CHAT_PATHS}
    app = Starlette(
        routes=routes,
        middleware=[door, Middleware(Shortcut, posts=busy)],
        exception_handlers={HTTPException: tell_unrouted},
        lifespan=lambda _: _living(sources, tracing, meter=meter, sweeps=sweeps),
    )
    # A redirect would be an answer without the dialect's envelope.
    app.router.redirect_slashes = False
    return app


@asynccontextmanager
async def _living(
    sources: Sources, tracing: Tracing | None, *, meter: Meter | None, sweeps: bool
) -> AsyncIterator[None]:
    """What runs beside the requests, and the end of it all."""
    async with closing_traces(tracing), sharing(sources), sweeping(sources.store, sweeps=sweeps):
        try:
            yield
        finally:
            await sources.pipeline.aclose()
            if meter is not None:
                meter.close()


def _routes(
    service: Service,
    *,
    uploads: UploadRoutes,
    figures: MetricsRoute,
    lifecycle: Lifecycle,
) -> list[Route]:
    chat, estimate, native = ChatRoute(service), EstimateRoute(service), NativeRoute(service)
    listing, health = ModelsRoute(), HealthRoute(lifecycle)
    posts = {
        **dict.fromkeys(CHAT_PATHS, chat.serve),
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
        METRICS_PATH: figures.show,
        "/healthz": health.alive,
        "/readyz": health.ready,
    }
    # The router tries routes in this order: the busy ones come first.
    return [
        *(Route(path, Endpoint(serve), methods=["POST"]) for path, serve in posts.items()),
        *(Route(path, Endpoint(serve), methods=["GET"]) for path, serve in gets.items()),
    ]
