"""No route without a login and a right: an application that has one is not made."""

from collections.abc import Callable, Iterator
from typing import Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from include.model.errors import BellwetherError
from include.web.access import MayAsk, MayDelete, MayRead
from include.web.guard import SAFE_METHODS
from include.web.watching import note


class OpenRouteError(BellwetherError):
    """A route would answer somebody whom nobody has let in, or change something for somebody who may only read."""

    code = "open_route"


async def signed_in(request: Request, user: GetUserDep) -> None:
    """Whoever asks has a login, on every route of an application that depends on this.

    It waits for nothing, and so needs no thread: to hand it to one takes longer than it does.
    """
    note(request, user=user.get_name())


SignedIn = Depends(signed_in)

_TO_CHANGE = {MayAsk.dependency, MayDelete.dependency}
_TO_READ = {MayRead.dependency, *_TO_CHANGE}


def hold_to_rights(app: FastAPI) -> None:
    """Raise OpenRouteError unless every route asks for a login and for the right that its methods need."""
    for route in app.routes:
        path = getattr(route, "path", repr(route))
        if not isinstance(route, APIRoute):
            raise OpenRouteError(f"{path} is no route that can ask for a right: mount it in another application")
        asked = set(_asked(route.dependant))
        if signed_in not in asked:
            raise OpenRouteError(f"{path} asks for no login")
        for method in route.methods:
            if not asked & (_TO_READ if method in SAFE_METHODS else _TO_CHANGE):
                raise OpenRouteError(f"{method} {path} asks for no right, or for one that is not enough")


def _asked(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    for one in dependant.dependencies:
        yield one.call
        yield from _asked(one)
