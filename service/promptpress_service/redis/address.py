"""Where Redis or Valkey is, from one URL, and clients for it.

    redis://[user:password@]host[:port][/db]                                  rediss:// with TLS
    unix://[user:password@]/path/to/socket[?db=0]
    redis+sentinel://[user:password@]host[:port],host[:port]/service[/db]     rediss+sentinel:// with TLS
    redis+cluster://[user:password@]host[:port],host[:port]                   rediss+cluster:// with TLS

Query parameters: `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` (paths), `ssl_cert_reqs` (`required`, `none`),
`ssl_check_hostname` (`true`, `false`), and for Sentinel `sentinel_username`, `sentinel_password`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from redis.sentinel import Sentinel

_TLS = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"}
_SENTINEL = {"sentinel_username", "sentinel_password"}
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
_PORT = 6379
_SENTINEL_PORT = 26379

AsyncClient = redis.asyncio.Redis | redis.asyncio.RedisCluster
SyncClient = redis.Redis | redis.RedisCluster


class RedisUrlError(ValueError):
    """The URL cannot be used. The message never repeats it, since it may hold a password."""


@dataclass(frozen=True)
class RedisAddress:
    """A parsed URL. `options` and `sentinel_options` are arguments of redis-py's clients, passwords among them."""

    kind: Literal["standalone", "sentinel", "cluster"]
    hosts: tuple[tuple[str, int], ...]
    service: str = ""
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    sentinel_options: dict[str, Any] = field(default_factory=dict, repr=False)

    def async_client(self, timeout: float) -> AsyncClient:
        """A client that waits at most `timeout` seconds for a connection or an answer. Connects when first used."""
        retry = AsyncRetry(NoBackoff(), 1, (RedisConnectionError,))
        if self.kind == "cluster":
            nodes = [AsyncClusterNode(host, port) for host, port in self.hosts]
            return redis.asyncio.RedisCluster(startup_nodes=nodes, retry=retry, **self._common(timeout), **self.options)
        if self.kind == "sentinel":
            sentinel = AsyncSentinel(self.hosts, sentinel_kwargs=self._sentinel(timeout, retry))  # type: ignore[no-untyped-call]
            client: redis.asyncio.Redis = sentinel.master_for(
                self.service, retry=retry, **self._common(timeout), **self.options
            )
            return client
        return redis.asyncio.Redis(**self._host(), retry=retry, **self._common(timeout), **self.options)

    def sync_client(self, timeout: float) -> SyncClient:
        """The same for threads. Sentinel and Cluster connect at once, and raise redis-py's errors if they cannot."""
        retry = Retry(NoBackoff(), 1, (RedisConnectionError,))
        if self.kind == "cluster":
            nodes = [ClusterNode(host, port) for host, port in self.hosts]  # type: ignore[no-untyped-call]
            return redis.RedisCluster(startup_nodes=nodes, retry=retry, **self._common(timeout), **self.options)
        if self.kind == "sentinel":
            sentinel = Sentinel(self.hosts, sentinel_kwargs=self._sentinel(timeout, retry))  # type: ignore[no-untyped-call]
            client: redis.Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
                self.service, retry=retry, **self._common(timeout), **self.options
            )
            return client
        return redis.Redis(**self._host(), retry=retry, **self._common(timeout), **self.options)

    def _host(self) -> dict[str, Any]:
        return dict(zip(("host", "port"), self.hosts[0], strict=True)) if self.hosts else {}

    def _sentinel(self, timeout: float, retry: Retry | AsyncRetry) -> dict[str, Any]:
        return {**self._common(timeout), **self.sentinel_options, "retry": retry}

    @staticmethod
    def _common(timeout: float) -> dict[str, Any]:
        # RESP2 spares a handshake, and what needs it is not used here.
        return {"socket_timeout": timeout, "socket_connect_timeout": timeout, "protocol": 2}


async def close(client: AsyncClient) -> None:
    """Give back the connections of an `async_client`."""
    await client.aclose()
    pool = getattr(client, "connection_pool", None)
    if isinstance(pool, SentinelConnectionPool):
        # The client does not own the connections over which its pool asks the sentinels.
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def parse_redis_url(url: str) -> RedisAddress:
    """The address a URL stands for. Raises RedisUrlError."""
    parts = _split(url)
    base, _, mode = parts.scheme.partition("+")
    credentials, _, netloc = parts.netloc.rpartition("@")
    query = _query(parts)
    tls = _tls(query) if base == "rediss" else {}
    options = _login(credentials) | tls
    path = [unquote(step) for step in parts.path.split("/") if step]
    if base == "unix":
        if not path:
            raise RedisUrlError("unix:// needs the path of a socket")
        return RedisAddress("standalone", (), "", {**options, "db": _db(query.get("db")), "unix_socket_path": parts.path})
    hosts = tuple(_host(host, _SENTINEL_PORT if mode == "sentinel" else _PORT) for host in netloc.split(","))
    if mode == "cluster":
        if path:
            raise RedisUrlError("a cluster has no numbered databases; the URL ends after the hosts")
        return RedisAddress("cluster", hosts, "", options)
    if mode == "sentinel":
        if not path:
            raise RedisUrlError("redis+sentinel:// needs the name of the service after the hosts")
        service, *database = path
        options["db"] = _db(query.get("db") or next(iter(database), None))
        return RedisAddress("sentinel", hosts, service, options, tls | _sentinel_login(query))
    if len(hosts) > 1:
        raise RedisUrlError("several hosts need redis+sentinel:// or redis+cluster://")
    options["db"] = _db(query.get("db") or (path[0] if path else None))
    return RedisAddress("standalone", hosts, "", options)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RedisUrlError("the Redis URL is malformed") from None
    if parts.scheme not in _SCHEMES:
        raise RedisUrlError(f"the scheme of the Redis URL must be one of {', '.join(_SCHEMES)}")
    return parts


def _query(parts: SplitResult) -> dict[str, str]:
    base, _, mode = parts.scheme.partition("+")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    known = (_TLS if base == "rediss" else set()) | (_SENTINEL if mode == "sentinel" else set())
    known |= {"db"} if mode != "cluster" else set()
    if unknown := query.keys() - known:
        raise RedisUrlError(
            f"the Redis URL has {len(unknown)} query parameter(s) unknown for {parts.scheme}; "
            f"known: {', '.join(sorted(known)) or 'none'}"
        )
    return query


def _login(credentials: str) -> dict[str, Any]:
    username, _, password = credentials.partition(":")
    return {name: unquote(text) for name, text in (("username", username), ("password", password)) if text}


def _sentinel_login(query: dict[str, str]) -> dict[str, Any]:
    return {name.removeprefix("sentinel_"): query[name] for name in _SENTINEL if name in query}


def _tls(query: dict[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {"ssl": True}
    options |= {name: query[name] for name in _TLS if name in query}
    if "ssl_check_hostname" in options:
        options["ssl_check_hostname"] = query["ssl_check_hostname"].lower() in ("true", "1", "yes")
    if options.get("ssl_cert_reqs", "required") not in ("required", "optional", "none"):
        raise RedisUrlError("ssl_cert_reqs is required, optional or none")
    if options.get("ssl_cert_reqs") == "none":
        options["ssl_check_hostname"] = False
    return options


def _host(text: str, default_port: int) -> tuple[str, int]:
    try:
        parsed = urlsplit(f"//{text}")
        host, port = parsed.hostname, parsed.port
    except ValueError:
        raise RedisUrlError("a port of the Redis URL is not a number") from None
    if not host:
        raise RedisUrlError("the Redis URL has no host")
    return host, port or default_port


def _db(text: str | None) -> int:
    if text and not text.isdecimal():
        raise RedisUrlError("the database of the Redis URL is not a number")
    return int(text or 0)
