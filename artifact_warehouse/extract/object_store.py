"""Object stores: the objects that a URI stands for, and their bytes. Several objects are fetched at once.

The only module that imports obstore, and only when it meets a URI. obstore finds the credentials in the environment
or on the instance. The messages of its errors are never shown: they may hold URLs, headers and answers of a server.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from artifact_warehouse.errors import InputNotFound

Result = TypeVar("Result")

REQUESTS = 32
"""How many requests are in flight at once."""

GIVE_UP_AFTER = 8
"""After this many failures in a row, each with all its retries, a bucket is not asked again."""

_RETRIES = {
    "max_retries": 10,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
    "retry_timeout": timedelta(seconds=60),
}
_TIMEOUTS = {"timeout": "1h", "connect_timeout": "5s", "read_timeout": "30s"}
"""The default of obstore, 30 seconds for a whole request, is too short for a large object on a slow line."""

_BODY_ATTEMPTS = 3
"""How often an object is requested when its body breaks off."""

_CHUNK_BYTES = 4 * 1024 * 1024
_STORES = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore"}
_VARIABLES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<bucket>[^/]*)/?(?P<key>.*)", re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")
_SIGNATURE = re.compile(r"[?&](x-amz-|x-goog-|awsaccesskeyid=|googleaccessid=|signature=|s(ig|v|p|e)=)", re.IGNORECASE)
_MAGIC = re.compile(r"[*?[]")
_STATUS = re.compile(r"status(?: code)?: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{3,60})</Code>")


class Object(NamedTuple):
    """An object of a listing, with its ETag where the store has one."""

    uri: str
    size_bytes: int
    etag: str | None


class Content(NamedTuple):
    """The bytes of an object, and its ETag. `data` is empty for an object above the limit of the request."""

    data: bytes
    size_bytes: int
    etag: str | None

    @property
    def is_whole(self) -> bool:
        return len(self.data) == self.size_bytes


class _Place(NamedTuple):
    scheme: str
    bucket: str
    key: str

    @property
    def root(self) -> str:
        return f"{self.scheme}://{self.bucket}"


class _Unreachable(InputNotFound):
    """The store did not answer, or answered with errors until the last retry."""


def is_uri(path: str) -> bool:
    """Whether a path is a URI rather than a file."""
    return _URI.match(path) is not None


class Client:
    """Connections to object stores. Connects with the first request.

    Requests run in threads: a caller that waits for one can be interrupted.
    """

    def __init__(self) -> None:
        self._stores: dict[str, Any] = {}
        self._failures: dict[str, int] = {}
        self._threads = _Threads(REQUESTS)
        self._lock = threading.Lock()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.end()

    def find(self, uri: str) -> tuple[list[Object], bool]:
        """The objects that a URI stands for, in the order of their keys, and whether it names one object.

        A URI names an object, a folder with everything below it, or a glob with * ? [] and **.
        Raises InputNotFound where nothing exists, and where the store refuses.
        """
        return self._threads.submit(self._find, _parsed(uri)).result()

    def fetch(self, uri: str, limit: int) -> Future[Content]:
        """Start to fetch a whole object. The result of the future raises InputNotFound."""
        return self._threads.submit(self._content, _parsed(uri), limit)

    def open(self, uri: str, size_bytes: int) -> io.BufferedReader:
        """An object as a file, of which a few MB are fetched at a time. Each read may raise InputNotFound."""
        place = _parsed(uri)

        def read(start: int, end: int) -> Content:
            return self._threads.submit(self._range, place, start, end).result()

        return io.BufferedReader(_ObjectFile(uri, size_bytes, read), _CHUNK_BYTES)

    def _find(self, place: _Place) -> tuple[list[Object], bool]:
        if _MAGIC.search(place.key):
            ways = (self._matching, self._itself)
        elif "." in place.key.rsplit("/", 1)[-1]:
            ways = (self._itself, self._below)
        else:
            ways = (self._below, self._itself)
        for way in ways:
            if found := way(place):
                return sorted(found), way == self._itself
        raise InputNotFound(_uri(place, place.key), "there is no such object or folder")

    def _itself(self, place: _Place) -> list[Object]:
        if not place.key or place.key.endswith("/"):
            return []
        import obstore

        return self._ask(place, lambda store: [_object(place, obstore.head(store, place.key))], list)

    def _below(self, place: _Place) -> list[Object]:
        import obstore

        prefix = place.key.strip("/") or None
        return self._ask(place, lambda store: [_object(place, o) for page in obstore.list(store, prefix) for o in page])

    def _matching(self, place: _Place) -> list[Object]:
        pattern = place.key.strip("/").split("/")
        fixed = next(i for i, segment in enumerate(pattern) if _MAGIC.search(segment))
        found = self._below(place._replace(key="/".join(pattern[:fixed])))
        return [o for o in found if _matches(o.uri.removeprefix(_uri(place, "")).split("/"), pattern)]

    def _content(self, place: _Place, limit: int) -> Content:
        return self._ask(place, lambda store: _whole(store, place.key, {}, limit))

    def _range(self, place: _Place, start: int, end: int) -> Content:
        return self._ask(place, lambda store: _whole(store, place.key, {"range": (start, end)}, None))

    def _ask(
        self, place: _Place, question: Callable[[Any], Result], otherwise: Callable[[], Result] | None = None
    ) -> Result:
        """The answer of a store, or of `otherwise` for a missing object. Raises InputNotFound without `__cause__`."""
        uri = _uri(place, place.key)
        if self._failures.get(place.root, 0) >= GIVE_UP_AFTER:
            raise _Unreachable(uri, "was not requested: the object store cannot be reached")
        from obstore.exceptions import BaseError

        try:
            answer = question(self._store(place))
        except FileNotFoundError:
            problem = None if otherwise else InputNotFound(uri, "there is no such object")
        except (BaseError, OSError, ValueError) as error:
            problem = _input_not_found(place, error)
        else:
            self._failures[place.root] = 0
            return answer
        if isinstance(problem, _Unreachable):
            self._failures[place.root] = self._failures.get(place.root, 0) + 1
        if problem or not otherwise:
            raise problem or AssertionError  # outside of `except`, as its context would show the message of obstore
        return otherwise()

    def _store(self, place: _Place) -> Any:
        import obstore.store

        with self._lock:
            if place.root not in self._stores:
                kind = getattr(obstore.store, _STORES[place.scheme])
                own = {f"{_VARIABLES[place.scheme]}_{name.upper()}": name for name in _TIMEOUTS}
                config = {name: _TIMEOUTS[name] for variable, name in own.items() if variable not in os.environ}
                self._stores[place.root] = kind(place.bucket, config=config, retry_config=_RETRIES)
            return self._stores[place.root]


class _ObjectFile(io.RawIOBase):
    """An object as a file: `read` gives the bytes from one offset to another."""

    def __init__(self, uri: str, size_bytes: int, read: Callable[[int, int], Content]) -> None:
        self._uri = uri
        self._size = size_bytes
        self._read = read
        self._position = 0
        self._etags: set[str | None] = set()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        data, _, etag = self._read(self._position, end)
        self._etags.add(etag)
        if len(self._etags) > 1:
            raise InputNotFound(self._uri, "changed while it was read; load it again")
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Threads:
    """Up to `count` daemon threads. Each of the first tasks starts one. A process that ends does not wait for them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._started: list[threading.Thread] = []

    def submit(self, task: Callable[..., Result], *arguments: Any) -> Future[Result]:
        future: Future[Result] = Future()
        self._tasks.put((future, task, arguments))
        if len(self._started) < self._count:
            self._started.append(threading.Thread(target=self._work, daemon=True))
            self._started[-1].start()
        return future

    def end(self) -> None:
        """Let the threads end after their current tasks; waiting tasks are dropped."""
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in self._started:
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, function, arguments = task
            try:
                future.set_result(function(*arguments))
            except BaseException as error:
                future.set_exception(error)
            del task, future, function, arguments  # else a result stays in memory until the next task


def _parsed(uri: str) -> _Place:
    """The parts of a URI. Raises InputNotFound for one that is not supported; its message shows no credentials."""
    match = _URI.match(uri)
    assert match is not None
    scheme = match["scheme"].lower()
    if scheme not in _STORES:
        raise InputNotFound(f"{scheme}://…", "cannot be read; use s3://, gs:// or az://")
    if not _BUCKET.fullmatch(match["bucket"]):
        reason = "a bucket cannot have this name; give credentials in environment variables, never in a URI"
        raise InputNotFound(f"{scheme}://…", reason)
    if _SIGNATURE.search(match["key"]):
        reason = "a signed URL is not read; give the object's own URI, and the credentials in environment variables"
        raise InputNotFound(f"{scheme}://{match['bucket']}/…", reason)
    _require_obstore(uri)
    return _Place(scheme, match["bucket"], match["key"])


def _require_obstore(uri: str) -> None:
    try:
        import obstore  # noqa: F401
    except ImportError as error:
        reason = "object stores need one more package: pip install 'artifact-warehouse[cloud]'"
        raise InputNotFound(uri, reason) from error


def _object(place: _Place, found: Any) -> Object:
    return Object(_uri(place, found["path"]), found["size"], _plain(found["e_tag"]))


def _uri(place: _Place, key: str) -> str:
    return f"{place.root}/{key}"


def _plain(etag: str | None) -> str | None:
    """An ETag without quotes. Some stores quote it in some of their answers only."""
    return etag.strip('"') if etag else None


def _matches(segments: list[str], pattern: list[str]) -> bool:
    """Whether a glob matches a key, or a folder that contains it."""
    if not pattern:
        return True
    if not segments:
        return False
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return not rest or any(_matches(segments[start:], rest) for start in range(len(segments)))
    return fnmatchcase(segments[0], first) and _matches(segments[1:], rest)


def _whole(store: Any, key: str, options: dict[str, Any], limit: int | None) -> Content:
    """An object, or a range of it. Requests it again where its body breaks off. Raises the errors of obstore."""
    import obstore

    for attempt in range(_BODY_ATTEMPTS):
        answer = obstore.get(store, key, options=options)
        start, end = answer.range
        etag = _plain(answer.meta["e_tag"])
        if limit is not None and answer.meta["size"] > limit:
            return Content(b"", answer.meta["size"], etag)
        try:
            data = answer.bytes().to_bytes()
        except (obstore.exceptions.BaseError, OSError):
            if attempt == _BODY_ATTEMPTS - 1:
                raise
        else:
            if len(data) == end - start:
                return Content(data, answer.meta["size"], etag)
    raise TimeoutError


def _input_not_found(place: _Place, error: Exception) -> InputNotFound:
    """The InputNotFound for an error of obstore. Only status numbers and known words of its message are read."""
    text = str(error)
    uri = _uri(place, place.key)
    status = int(match[1]) if (match := _STATUS.search(text)) else 0
    code = match[1] if (match := _CODE.search(text)) else ""
    if reason := _reason_of_code(code, place) or (None if code else _reason_of_text(text, place)):
        return InputNotFound(uri, reason)
    if status in (401, 403) or type(error).__name__ in ("PermissionDeniedError", "UnauthenticatedError"):
        return InputNotFound(uri, f"access denied{_in_brackets(code)}: check the credentials and their permissions")
    if status == 404:
        return InputNotFound(uri, f"there is no bucket {place.bucket}, or it has no such object")
    if status and status < 500:
        return InputNotFound(uri, f"the object store refused with status {status}{_in_brackets(code)}")
    if status:
        return _Unreachable(uri, f"the object store fails with status {status}; load again later")
    if isinstance(error, TimeoutError) or re.search(r"HTTP error|HttpError", text):
        return _Unreachable(uri, "the object store cannot be reached, or does not answer")
    return InputNotFound(uri, "the object store gave an unexpected answer; check the endpoint")


def _reason_of_code(code: str, place: _Place) -> str | None:
    if code in ("NoSuchBucket", "ContainerNotFound", "InvalidBucketName"):
        return f"there is no bucket {place.bucket}"
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed"):
        return "the bucket is in another region; set AWS_REGION to it"
    return None


def _reason_of_text(text: str, place: _Place) -> str | None:
    variables = _VARIABLES[place.scheme]
    if re.search(r"invalid path|Could not parse path|InvalidPath", text):
        return "a key has an empty part (//), or a part that is . or ..; it cannot be read"
    if "BadScheme" in text:
        return f"the endpoint is http, not https; set {variables}_ALLOW_HTTP=true to allow it"
    if "redirect without LOCATION" in text:
        return "the bucket is in another region; set AWS_REGION to it"
    if re.search(r"169\.254\.169\.254|169\.254\.170\.|TokenRequest|Missing[A-Z]|[Cc]redential|Access Key", text):
        return f"no usable credentials; they are read from the variables {variables}_…, or from the instance"
    return None


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""
