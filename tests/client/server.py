"""A real HTTP server on this machine that does what it is told: answers, refuses, resets, cuts off, says nothing."""

import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

API = "/api/stocks"
LOGIN = "/auth/token"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: Any


Step = Callable[["Handler", Asked], None]


@dataclass
class Server:
    """`will` gives the steps of a path, of which the last one stays; `asked` is what came."""

    url: str
    steps: dict[tuple[str, str], list[Step]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def will(self, method: str, path: str, *steps: Step) -> None:
        self.steps[method, path] = list(steps)

    def next(self, asked: Asked) -> Step:
        self.asked.append(asked)
        steps = self.steps.get((asked.method, asked.path), [refuse(404, "NOT_FOUND", "nothing here")])
        return steps.pop(0) if len(steps) > 1 else steps[0]

    def of(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    desk: ClassVar[Server]

    def handle_one(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        place = urlsplit(self.path)
        asked = Asked(self.command, place.path, parse_qs(place.query), dict(self.headers), body)
        self.desk.next(asked)(self, asked)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_one

    def log_message(self, *_: Any) -> None:
        pass

    def send(self, status: int, text: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


def answer(document: Any, status: int = 200, **headers: str) -> Step:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.send(status, json.dumps(document).encode(), said)


def refuse(status: int, code: str, message: str, details: Any = (), **headers: str) -> Step:
    said = {"code": code, "message": message, "details": list(details), "timestamp": "2026-01-05T12:00:00+00:00"}
    return answer({"error": said}, status, **headers)


def page(text: str, status: int = 200) -> Step:
    return lambda handler, _: handler.send(status, text.encode(), {"Content-Type": "text/html"})


def reset(handler: Handler, _: Asked) -> None:
    """Reset the connection after the request was read: nobody knows whether it was done."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.rfile.close()
    handler.connection.close()
    handler.wfile = io.BytesIO()
    handler.close_connection = True


def cut_answer(document: Any) -> Step:
    """Close the connection in the middle of an answer."""

    def step(handler: Handler, _: Asked) -> None:
        text = json.dumps(document).encode()
        handler.send(200, text[: len(text) // 2], {"Content-Length": str(len(text))})
        handler.close_connection = True

    return step


def stream(*chunks: str, whole: bool = True) -> Step:
    """Server-sent events; not `whole`: the connection ends without the end of the answer."""

    def step(handler: Handler, _: Asked) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            text = chunk.encode()
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        handler.wfile.write(b"0\r\n\r\n" if whole else b"")
        handler.close_connection = not whole

    return step


def event(name: str, known: str, job: Mapping[str, Any]) -> str:
    return f"event: {name}\nid: {known}\nretry: 2000\ndata: {json.dumps(job)}\n\n"


@contextmanager
def serving() -> Iterator[Server]:
    handler = type("OneServersHandler", (Handler,), {})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server = Server(f"http://127.0.0.1:{http.server_port}")
    handler.desk = server
    server.will("POST", LOGIN, answer({"access_token": "first"}, 201), answer({"access_token": "second"}, 201))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
