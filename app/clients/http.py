"""One policy for HTTP calls: pooled connections, timeouts, bounded answers, retries by class, no secrets in errors."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import Any, Final, Literal
from urllib.parse import urljoin, urlsplit

import requests
import structlog
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

logger = structlog.get_logger(__name__)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
# Called once per attempt: provider, endpoint class, status class ("2xx" … "5xx", "timeout", "network"), seconds.
Observe = Callable[[str, str, str, float], None]

_RETRIED_STATUSES: Final = frozenset({500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_IDEMPOTENT: Final = frozenset({"GET", "PUT", "PATCH", "DELETE"})
_MAX_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """Limits of every call. Times in seconds; `verify` is a bool or the path of a CA bundle."""

    connect_timeout: float = 10
    read_timeout: float = 30
    answer_timeout: float = 120  # for a whole answer: `read_timeout` alone lets a host drip bytes for ever
    max_bytes: int = 64 << 20  # of a decompressed answer
    verify: bool | str = True
    user_agent: str = f"coverage-worker/{version('coverage-worker')}"
    waits: tuple[float, ...] = (0.5, 2.0)  # one attempt more than waits
    jitter: float = 0.25
    retry_within: float = 20  # no new attempt starts later than this after the first
    pool_size: int = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, of any status; `url` is the address that answered in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> Any:
        """Parse the body; ValueError if it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class HttpError(Exception):
    """No usable answer. The text names provider, endpoint and kind of failure; no address, header or credential."""


class NetworkError(HttpError):
    """The connection failed; `reached` says whether the server may have seen the request."""

    def __init__(self, message: str, *, reached: bool, timeout: bool = False) -> None:
        super().__init__(message)
        self.reached = reached
        self.timeout = timeout


class AnswerTooLarge(HttpError):
    """The answer is larger than the policy allows."""


@dataclass(frozen=True, slots=True)
class _Call:
    method: Method
    url: str
    endpoint: str
    headers: Mapping[str, str]
    params: Mapping[str, str | int]
    payload: Any


class HttpClient:
    """Sends requests to one provider under a policy. Safe to share between threads.

    `sleep`, `clock` (monotonic seconds) and `rand` (0 to 1) are replaced by tests.
    """

    def __init__(
        self,
        provider: str,
        policy: HttpPolicy | None = None,
        *,
        observe: Observe | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        rand: Callable[[], float] = random.random,
    ) -> None:
        self.provider = provider
        self.policy = policy or HttpPolicy()
        self._observe = observe
        self._sleep = sleep
        self._clock = clock
        self._rand = rand
        self._session = _open_session(self.policy)

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: Method,
        url: str,
        *,
        endpoint: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        payload: Any = None,
        idempotent: bool | None = None,
        inspect: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Send a request and return the answer, whatever its status.

        `endpoint` names the call in metrics, logs and errors. `payload` is sent as JSON. `idempotent` (default: all
        methods but POST) allows a repeat after the server may have acted; without it only a request that surely did
        not reach the server is sent again. `inspect` sees every answer before a repeat is considered and may raise to
        refuse it, for example on a rate limit. Raises NetworkError or AnswerTooLarge.
        """
        call = _Call(method, url, endpoint, headers or {}, params or {}, payload)
        repeat = method in _IDEMPOTENT if idempotent is None else idempotent
        started = self._clock()
        attempt = 1
        while True:
            outcome = self._attempt(call)
            if isinstance(outcome, Answer) and inspect is not None:
                inspect(outcome)
            wait = self._wait_after(attempt, self._clock() - started) if _may_repeat(outcome, repeat) else None
            if wait is None:
                break
            reason = outcome.status if isinstance(outcome, Answer) else str(outcome)
            logger.warning("http_repeat", provider=self.provider, endpoint=endpoint, attempt=attempt, reason=reason)
            self._sleep(wait)
            attempt += 1
        if isinstance(outcome, Answer):
            return outcome
        raise outcome

    def _wait_after(self, attempt: int, elapsed: float) -> float | None:
        """Return the seconds to wait before the next attempt; None = give up."""
        if attempt > len(self.policy.waits):
            return None
        wait = self.policy.waits[attempt - 1] * (1 + self.policy.jitter * (2 * self._rand() - 1))
        return wait if elapsed + wait <= self.policy.retry_within else None

    def _attempt(self, call: _Call) -> Answer | HttpError:
        """Send once, following redirects of a GET on the same host."""
        for _ in range(_MAX_REDIRECTS + 1):
            started = self._clock()
            outcome = self._exchange(call)
            if self._observe is not None:
                self._observe(self.provider, call.endpoint, _status_class(outcome), self._clock() - started)
            target = _redirect_target(call, outcome)
            if target is None:
                break
            call = replace(call, url=target, params={})
        return outcome

    def _exchange(self, call: _Call) -> Answer | HttpError:
        """Return errors instead of raising them: the original ones can hold header values, so none may be chained."""
        deadline = self._clock() + self.policy.answer_timeout
        name = f"{self.provider} {call.endpoint}"
        try:
            with self._session.request(
                call.method,
                call.url,
                headers=dict(call.headers),
                params=dict(call.params),
                json=call.payload,
                timeout=(self.policy.connect_timeout, self.policy.read_timeout),
                # Passed with every request: as a session attribute the environment would override it.
                verify=self.policy.verify,
                stream=True,
            ) as response:
                body = self._read(response, deadline)
                if body is None:
                    return AnswerTooLarge(f"{name}: answer over {self.policy.max_bytes} bytes")
                return Answer(response.status_code, CaseInsensitiveDict(response.headers), body, response.url)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return _network_error(name, error)

    def _read(self, response: requests.Response, deadline: float) -> bytes | None:
        """Read the decompressed body; None = too large, TimeoutError = too slow."""
        body = bytearray()
        # read1 returns what has arrived, so the deadline is looked at between any two packets.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self.policy.max_bytes:
                return None
            if self._clock() > deadline:
                raise TimeoutError
        return bytes(body)


class _Session(requests.Session):
    """A session that sees no redirects: it would read their bodies unbounded, and HttpClient knows which are safe."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _open_session(policy: HttpPolicy) -> requests.Session:
    session = _Session()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=policy.pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = policy.user_agent
    # A session without own authentication would let a netrc file replace the Authorization header.
    session.auth = lambda request: request
    # Connections are shared between credentials, so nothing a server sets may stick to the session.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _may_repeat(outcome: Answer | HttpError, idempotent: bool) -> bool:
    if isinstance(outcome, Answer):
        return idempotent and outcome.status in _RETRIED_STATUSES
    return isinstance(outcome, NetworkError) and (idempotent or not outcome.reached)


def _redirect_target(call: _Call, outcome: Answer | HttpError) -> str | None:
    """Return where a redirect leads if it may be followed: the token never travels to another host."""
    if call.method != "GET" or not isinstance(outcome, Answer) or outcome.status not in _REDIRECTS:
        return None
    location = outcome.headers.get("Location")
    if not location:
        return None
    try:
        target = urljoin(outcome.url, location)
        here, there = urlsplit(outcome.url), urlsplit(target)
    except ValueError:
        return None
    return target if (here.scheme, here.netloc) == (there.scheme, there.netloc) else None


def _status_class(outcome: Answer | HttpError) -> str:
    if isinstance(outcome, Answer):
        return f"{outcome.status // 100}xx"
    return "timeout" if isinstance(outcome, NetworkError) and outcome.timeout else "network"


def _network_error(name: str, error: Exception) -> NetworkError:
    """Describe a failure by the class of its cause only: messages of the libraries can quote headers and addresses."""
    cause = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(cause, urllib3.exceptions.NewConnectionError)
    timeout = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError)
    kind = type(cause if isinstance(cause, Exception) else error).__name__
    return NetworkError(f"{name}: {kind}", reached=not unsent, timeout=timeout)
