"""Receivers of notifications on real sockets of this machine: a mail server and a webhook."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

REFUSED = "nobody@example.com"
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Mailbox:
    """What a mail server has been given; it refuses one recipient."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == REFUSED:
            return "550 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos)
        return self.answer


@contextmanager
def mail_server(port: int) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname=HOST, port=port, ready_timeout=60)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def smtp_connection(port: int) -> str:
    """As an operator sets it for Airflow."""
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "bellwether@example.com", "timeout": 10}
    return json.dumps({"conn_type": "smtp", "host": HOST, "port": port, "extra": extra})


@dataclass
class Posts:
    """What a webhook has been given, and how it answers; `location` where it leads elsewhere."""

    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    status: int = 200
    location: str = ""


@contextmanager
def webhook_server(port: int = 0) -> Iterator[tuple[Posts, str]]:
    """A webhook and its address."""
    posts = Posts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.headers.append(dict(self.headers))
            posts.bodies.append(json.loads(body))
            self.send_response(posts.status)
            if posts.location:
                self.send_header("Location", posts.location)
            self.end_headers()
            self.wfile.write(b"no_text" if posts.status >= 300 else b"ok")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield posts, f"http://{HOST}:{server.server_port}/services/secret"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def webhook_connection(address: str, **more: Any) -> str:
    return json.dumps({"conn_type": "http", "host": address, **more})
