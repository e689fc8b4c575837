"""Shortcut: the busiest routes, found before the router tries them one after another."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Shortcut:
    """Serves a POST to one of `posts` at once; everything else goes on to the router."""

    def __init__(self, app: ASGIApp, *, posts: Mapping[str, ASGIApp]) -> None:
        """Stand before `app`."""
        self._app = app
        self._posts = posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app
        if scope["type"] == "http" and scope["method"] == "POST":
            app = self._posts.get(scope["path"], app)
        await app(scope, receive, send)
