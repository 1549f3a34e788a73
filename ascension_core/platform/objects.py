"""Object storage: any S3 server, through the minio client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from ascension_core.errors import InvalidObject, InvalidOption, ServerUnavailable
from ascension_core.platform.embedded import Server, attach
from ascension_core.platform.object_rules import valid_expiry, valid_key, valid_name, valid_prefix, valid_size, valid_type
from ascension_core.platform.signing import Signer
from ascension_core.settings import settings

PART_BYTES = 16 * 1024**2
_CHUNK_BYTES = 1024**2
_CONNECT_S, _READ_S = 5.0, 20.0
_MISSING = frozenset({"NoSuchKey", "NotFound", "NoSuchBucket", "404"})


@dataclass(frozen=True)
class Endpoint:
    """Where an S3 server is, and the key to it."""

    address: str
    access_key: str
    secret_key: str

    @classmethod
    def from_url(cls, url: str) -> Endpoint:
        """Take apart ``http://access:secret@host:port``."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return cls(f"{parts.scheme}://{host}", unquote(parts.username or ""), unquote(parts.password or ""))


@dataclass(frozen=True)
class Object:
    """What is known of a stored object."""

    key: str
    bytes: int
    content_type: str
    modified: datetime
    etag: str


@dataclass(frozen=True)
class Upload:
    """How a client may store one object, and only that one.

    Attributes
    ----------
    method
        ``PUT`` with `headers`, or ``POST`` of a form: its `fields` first, then the file as ``file``.
    url
        Where to.
    expires_at
        Until when (UTC).
    """

    method: str
    url: str
    headers: Mapping[str, str]
    fields: Mapping[str, str]
    expires_at: datetime


class ObjectStore:
    """One bucket of an S3 server; make one per process, and close it.

    Parameters
    ----------
    endpoint
        Gives the server; asked before each operation, because a private server may come back on another port.
    bucket, region
        Which bucket, and where.
    server
        A private server to leave when this is closed.
    public
        Address under which clients reach the server, for presigned addresses; the server's own by default.
    """

    def __init__(
        self,
        endpoint: Callable[[], Endpoint],
        *,
        bucket: str,
        region: str = "us-east-1",
        server: Server | None = None,
        public: str | None = None,
    ) -> None:
        self.bucket = bucket
        self._public = public
        self._endpoint = endpoint
        self._region = region
        self._server = server
        self._known: tuple[Endpoint, Minio] | None = None

    def open(self) -> ObjectStore:
        """Make the bucket where there is none.

        Raises
        ------
        ServerUnavailable
            If the server cannot be started or reached.
        """
        with self._client() as client:
            if not client.bucket_exists(self.bucket):
                self._make_bucket(client)
        return self

    def upload(self, key: str, file: Path, content_type: str = "application/octet-stream") -> None:
        """Store a file, in parts where it is large."""
        with self._client() as client:
            client.fput_object(self.bucket, valid_key(key), str(file), valid_type(content_type), part_size=PART_BYTES)

    def upload_stream(self, key: str, stream: BinaryIO, content_type: str = "application/octet-stream") -> None:
        """Store what a stream gives, whatever its length, with one part in memory."""
        with self._client() as client:
            client.put_object(self.bucket, valid_key(key), stream, -1, valid_type(content_type), part_size=PART_BYTES)

    def download(self, key: str, file: Path) -> None:
        """Fetch an object into a file, which appears when it is complete."""
        with self._client() as client:
            client.fget_object(self.bucket, valid_key(key), str(file))

    def stream(self, key: str, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Bytes of an object from `offset`, `length` of them or all, in pieces of at most 1 MB."""
        with self._client() as client:
            answer = client.get_object(self.bucket, valid_key(key), offset, length)
            try:
                yield from answer.stream(_CHUNK_BYTES)
            finally:
                answer.close()
                answer.release_conn()

    def read(self, key: str) -> bytes:
        """All bytes of a small object."""
        return b"".join(self.stream(key))

    def stat(self, key: str) -> Object | None:
        """What is known of an object; None where there is none."""
        try:
            with self._client() as client:
                found = client.stat_object(self.bucket, valid_key(key))
        except _NoSuchObject:
            return None
        return Object(
            key,
            cast("int", found.size),
            found.content_type or "",
            cast("datetime", found.last_modified).astimezone(UTC),
            found.etag or "",
        )

    def keys(self, prefix: str) -> list[str]:
        """Keys of all objects under a prefix."""
        with self._client() as client:
            found = client.list_objects(self.bucket, valid_prefix(prefix), recursive=True)
            return [cast("str", one.object_name) for one in found]

    def folders(self, prefix: str) -> list[str]:
        """Prefixes of the folders right under a prefix that ends in a slash."""
        with self._client() as client:
            found = client.list_objects(self.bucket, valid_prefix(prefix))
            return [cast("str", one.object_name) for one in found if one.is_dir]

    def newest(self, prefix: str) -> datetime | None:
        """When the newest object under a prefix was stored; None where there is none."""
        with self._client() as client:
            found = client.list_objects(self.bucket, valid_prefix(prefix), recursive=True)
            return max((cast("datetime", one.last_modified).astimezone(UTC) for one in found), default=None)

    def delete(self, key: str) -> None:
        """Delete an object, or all under a prefix that ends in a slash; fine where there is nothing."""
        keys = self.keys(key) if key.endswith("/") else [valid_key(key)]
        with self._client() as client:
            errors = list(client.remove_objects(self.bucket, map(DeleteObject, keys)))
        if errors:
            raise ServerUnavailable(f"{len(errors)} of {len(keys)} objects could not be deleted: {errors[0].code}")

    def presign_get(self, key: str, expires_s: int = 600, *, file_name: str | None = None) -> str:
        """Address from which one object can be read for a while, also in part (Range), without a key."""
        query = {}
        if file_name is not None:
            query["response-content-disposition"] = f'attachment; filename="{valid_name(file_name)}"'
        return self._signer().sign("GET", self._address(key), {}, valid_expiry(expires_s), query=query)

    def presign_put(self, key: str, size: int, content_type: str, expires_s: int = 900) -> Upload:
        """Permission to store exactly `size` bytes of this type under this key."""
        headers = {"Content-Type": valid_type(content_type), "Content-Length": str(valid_size(size))}
        until = datetime.now(UTC) + timedelta(seconds=valid_expiry(expires_s))
        url = self._signer().sign("PUT", self._address(key), headers, expires_s)
        return Upload("PUT", url, headers, {}, until)

    def presign_post(self, key: str, largest: int, content_type: str, expires_s: int = 900) -> Upload:
        """Permission to store at most `largest` bytes of this type under this key, as a browser's form does."""
        until = datetime.now(UTC) + timedelta(seconds=valid_expiry(expires_s))
        policy = PostPolicy(self.bucket, until)
        policy.add_equals_condition("key", valid_key(key))
        policy.add_equals_condition("Content-Type", valid_type(content_type))
        policy.add_content_length_range_condition(1, valid_size(largest))
        with self._client() as client:
            fields = client.presigned_post_policy(policy)
        fields = {"key": key, "Content-Type": content_type, **fields}
        return Upload("POST", self._place(), {}, fields, until)

    def expire(self, days: Mapping[str, int]) -> None:
        """Have the server delete objects by prefix so many days after they were stored; replaces earlier rules."""
        rules = [
            Rule(ENABLED, rule_filter=Filter(prefix=valid_prefix(prefix)), rule_id=f"r{n}", expiration=Expiration(days=count))
            for n, (prefix, count) in enumerate(sorted(days.items()))
        ]
        with self._client() as client:
            if rules:
                client.set_bucket_lifecycle(self.bucket, LifecycleConfig(rules))
            else:
                client.delete_bucket_lifecycle(self.bucket)

    def expiries(self) -> dict[str, int]:
        """Days after which objects are deleted, by prefix."""
        with self._client() as client:
            found = client.get_bucket_lifecycle(self.bucket)
        rules = found.rules if found else []
        return {
            rule.rule_filter.prefix or "": rule.expiration.days
            for rule in rules
            if rule.rule_filter and rule.expiration and rule.expiration.days
        }

    def close(self) -> None:
        """Leave the private server."""
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> ObjectStore:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _address(self, key: str) -> str:
        return f"{self._place()}/{valid_key(key)}"

    def _place(self) -> str:
        """Where clients find the bucket."""
        return f"{self._public or self._endpoint().address}/{self.bucket}"

    def _signer(self) -> Signer:
        endpoint = self._endpoint()
        return Signer(endpoint.access_key, endpoint.secret_key, self._region)

    def _make_bucket(self, client: Minio) -> None:
        try:
            client.make_bucket(self.bucket, self._region)
        except S3Error as error:
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    @contextmanager
    def _client(self) -> Iterator[Minio]:
        """The client for where the server is now; its errors become ours."""
        endpoint = self._endpoint()
        if self._known is None or self._known[0] != endpoint:
            self._known = endpoint, _connect(endpoint, self._region)
        try:
            yield self._known[1]
        except S3Error as error:
            if error.code in _MISSING:
                raise _NoSuchObject(f"there is no object {error.object_name}") from error
            raise ServerUnavailable(f"the object store refuses: {error.code}") from error
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise ServerUnavailable(f"the object store cannot be used: {type(error).__name__}") from error


class _NoSuchObject(InvalidObject):
    """There is no object under that key."""


def object_store() -> ObjectStore:
    """The bucket that the settings name, or the one of the private server; not yet open.

    Raises
    ------
    InvalidOption
        If an endpoint is set without keys.
    """
    known = settings()
    public = known.s3_public_endpoint.rstrip("/") if known.s3_public_endpoint else None
    if known.s3_endpoint is None:
        server = attach("seaweed", known.home, linger_s=known.linger_s)
        return ObjectStore(
            lambda: Endpoint.from_url(server.url()),
            bucket=known.s3_bucket,
            region=known.s3_region,
            server=server,
            public=public,
        )
    if known.s3_access_key is None or known.s3_secret_key is None:
        raise InvalidOption("ASCENSION_S3_ENDPOINT is set: set ASCENSION_S3_ACCESS_KEY and ASCENSION_S3_SECRET_KEY too")
    address, keys = known.s3_endpoint.rstrip("/"), (known.s3_access_key, known.s3_secret_key)
    endpoint = Endpoint(address, *(key.get_secret_value() for key in keys))
    return ObjectStore(lambda: endpoint, bucket=known.s3_bucket, region=known.s3_region, public=public)


def _connect(endpoint: Endpoint, region: str) -> Minio:
    parts = urlsplit(endpoint.address)
    # One that takes a request and never answers is given up before whoever asked is: callers wait for a server as they see fit.
    again = urllib3.Retry(total=5, read=1, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
    http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S), maxsize=10, retries=again)
    return Minio(
        parts.netloc,
        endpoint.access_key,
        endpoint.secret_key,
        secure=parts.scheme == "https",
        region=region,
        http_client=http,
    )
