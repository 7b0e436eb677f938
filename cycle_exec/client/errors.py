"""What can go wrong when the internal API is asked. Texts are the platform's own; log with care."""

from __future__ import annotations


class ApiError(Exception):
    """The API said no, or nothing that can be understood.

    status: the HTTP status, 0: there was no answer. code: the platform's, "404.container" for
    example. title, detail: its words for people.
    """

    def __init__(self, status: int, code: str = "", title: str = "", detail: str = "") -> None:
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        super().__init__(status, code, title, detail)

    def __str__(self) -> str:
        words = [str(self.status)] if self.status else []
        words += [word for word in (self.code, self.title, self.detail) if word]
        return ": ".join(words) or "no answer"


class NotAuthorized(ApiError):
    """The token is wrong, or may not do that (401, 403)."""


class NotFound(ApiError):
    """There is no such thing (404)."""


class RateLimited(ApiError):
    """Too many requests, also after every retry (429).

    retry_after: seconds until another try makes sense, None: the platform does not say.
    """

    retry_after: float | None = None


class Unavailable(ApiError):
    """No answer, or a 5xx, also after every retry."""


class ProtocolError(ApiError):
    """An answer that is not what the official document promises."""


def of_status(status: int) -> type[ApiError]:
    """Return the class of an answer's status."""
    if status in (401, 403):
        return NotAuthorized
    if status == 404:
        return NotFound
    if status == 429:
        return RateLimited
    return Unavailable if status >= 500 else ApiError
