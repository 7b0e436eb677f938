"""A web app in one file: it shows where its data is stored, and signs its responses.

Both values come from scoped variables. If one is missing, cycle-exec does not start the app.
"""

import hmac
import os
from collections.abc import Iterable
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

DATABASE = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = os.environ["SECRET_KEY"].encode()
PAGES = {
    "/": f"data in {DATABASE.path.lstrip('/')} on {DATABASE.hostname}\n".encode(),
    "/health": b"healthy\n",
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI application."""
    page = PAGES.get(environ["PATH_INFO"])
    body = b"not found\n" if page is None else page
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Signature", hmac.new(SECRET_KEY, body, "sha256").hexdigest()),
    ]
    start_response("404 Not Found" if page is None else "200 OK", headers)
    return [body]
