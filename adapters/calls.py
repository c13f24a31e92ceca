"""One call to a vendor: a read is tried again, a write never, a bad answer becomes a sentence."""

import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, NoReturn, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from bot.domain.errors import Failed, InDoubt, NotApplied, Unreachable
from bot.ports import Tools

T = TypeVar("T")

READ_TRIES: Final = 3
LONGEST_WAIT: Final = 10.0  # seconds; a vendor that asks for more is out of reach for now
WRITE_TIMEOUT: Final = 30.0  # giving up on a write costs a probe, so it gets more time than a read
LONGEST_TEXT: Final = 300

_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_WORTH_ANOTHER_READ: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_CUSTOMER_ERRORS: Final = range(400, 500)


class Answer(BaseModel):
    """What a vendor answered, as far as we use it; the rest is ignored."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class _Message(Answer):
    message: str = ""


class _Complaint(Answer):
    error: _Message | str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor, as one step may speak to it."""

    name: str  # what people call it
    secret: str  # the name of its token
    tools: Tools

    async def read(self, request: httpx.Request) -> httpx.Response:
        """Send a read until it is answered; an answer that won't change is returned as it is."""
        why = ""
        for attempt in range(READ_TRIES):
            try:
                response = await self.tools.http.send(request)
            except httpx.RequestError as error:
                why, wait = trouble(error), 0.0
            else:
                if response.status_code not in _WORTH_ANOTHER_READ:
                    return response
                why, wait = said(response), self._asked_to_wait(response)
            wait = max(wait, 0.5 * 2**attempt)
            if wait > LONGEST_WAIT or attempt == READ_TRIES - 1:
                break
            await self.tools.sleep(wait + self._jitter(attempt))
        raise Unreachable(f"{self.name} can't be read: {why}. Nothing was changed by asking.")

    async def write(self, request: httpx.Request) -> httpx.Response:
        """Send a write once; raise if it never left, or if nobody knows what became of it."""
        request.extensions = {"timeout": httpx.Timeout(WRITE_TIMEOUT).as_dict()}
        try:
            response = await self.tools.http.send(request)
        except _NEVER_SENT as error:
            raise NotApplied(
                f"{self.name} could not be reached: {trouble(error)}. Nothing was changed."
            ) from error
        except httpx.RequestError as error:
            raise InDoubt(f"{self.name} was asked, but {trouble(error)}.") from error
        status = response.status_code
        is_no = status in _CUSTOMER_ERRORS and status != HTTPStatus.REQUEST_TIMEOUT
        if response.is_success or is_no:
            return response
        raise InDoubt(f"{self.name} was asked and answered {said(response)}.")

    def turned_down(self, kind: type[Failed], response: httpx.Response) -> NoReturn:
        """Raise what an answer of 4xx means, with the way out."""
        self.refused(kind, said(response), status=response.status_code)

    def refused(self, kind: type[Failed], text: str, *, status: int) -> NoReturn:
        """Raise the vendor's own words with the way out."""
        ways_out = {
            HTTPStatus.UNAUTHORIZED: f" Check the secret {self.secret}.",
            HTTPStatus.FORBIDDEN: f" Check what the token in {self.secret} may do.",
            HTTPStatus.PAYMENT_REQUIRED: f" The plan at {self.name} does not include this.",
            HTTPStatus.TOO_MANY_REQUESTS: " Ask again in a minute.",
        }
        way_out = next((out for known, out in ways_out.items() if known == status), "")
        raise kind(f"{self.name} said no: {text.rstrip('.')}. Nothing was changed.{way_out}")

    def parse(self, kind: type[T], response: httpx.Response) -> T:
        """Read an answer of 200 into our type; anything else is no usable answer."""
        if response.status_code in _CUSTOMER_ERRORS:
            self.turned_down(Unreachable, response)
        if not response.is_success:
            raise Unreachable(f"{self.name} can't be read: {said(response)}.")
        try:
            return TypeAdapter(kind).validate_json(response.content)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the answer"
            raise Unreachable(
                f"{self.name} answered something unexpected: {where}: {clean(first['msg'])}."
            ) from None

    def _asked_to_wait(self, response: httpx.Response) -> float:
        header = response.headers.get("Retry-After", "")
        if header.isdecimal():
            return float(header)
        try:
            return (parsedate_to_datetime(header) - self.tools.now()).total_seconds()
        except (ValueError, TypeError):  # no such header, or a date without a zone
            return 0.0

    def _jitter(self, attempt: int) -> float:
        # By the step's key instead of a die: steps that fail together come back apart.
        return zlib.crc32(f"{self.tools.key}/{attempt}".encode()) / 2**32 / 2


async def read_until(
    tools: Tools,
    read: Callable[[], Awaitable[T]],
    is_enough: Callable[[T], bool],
    *,
    seconds: float,
    every: float = 1.0,
) -> T:
    """Read again until it is as wanted or the time is over; return what was read last."""
    deadline = tools.now() + timedelta(seconds=seconds)
    while not is_enough(seen := await read()) and tools.now() < deadline:
        await tools.sleep(every)
    return seen


def said(response: httpx.Response) -> str:
    """Return a vendor's own words about an error, short and in one line, with the status."""
    status = f"{response.status_code} {response.reason_phrase}".strip()
    text = clean(_words(response))
    return f"{text} ({status})" if text else status


def clean(text: str) -> str:
    """Return foreign text in one line without control characters, cut to what people read."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"


def trouble(error: httpx.RequestError) -> str:
    """Return the end of a sentence that says why there is no answer."""
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    detail = clean(str(error)).rstrip(".") or type(error).__name__
    if isinstance(error, httpx.ConnectError):
        return f"there is no connection ({detail})"
    return f"the connection broke ({detail})"


def _words(response: httpx.Response) -> str:
    try:
        error = _Complaint.model_validate_json(response.content).error
    except ValidationError:
        is_page = "html" in response.headers.get("Content-Type", "")
        return "a web page instead of an answer" if is_page else response.text
    return error if isinstance(error, str) else error.message
