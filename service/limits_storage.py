"""The Redis of a `PROMPTPRESS_REDIS_URL` as the `limits` library takes it."""

from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from limits.aio.storage import RedisStorage
from limits.aio.storage.redis import RedisClusterStorage, RedisSentinelStorage
from limits.errors import ConfigurationError

_PREFIX = "promptpress:limits"
_TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs")


def redis_storage(url: str, timeout_seconds: float) -> RedisStorage:
    """Storage in the Redis or Valkey at a URL; connects when first used.

    `redis://` and `rediss://` (TLS) `[user:password@]host[:port][/db]`, `unix://[user:password@]/path`;
    `redis+sentinel://[user:password@]host:port,host:port/service[/db]`, where the sentinels' own credentials are
    `?sentinel_username=` and `?sentinel_password=`; `redis+cluster://[user:password@]host:port,host:port`; both also with
    `rediss`. `valkey` may stand for `redis`. Raises ValueError, which does not repeat the URL.
    """
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.replace("valkeys", "rediss").replace("valkey", "redis")
        options: dict[str, Any] = {
            "implementation": "redispy",
            "key_prefix": _PREFIX,
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
        }
        if scheme in ("redis", "rediss"):
            return RedisStorage(f"async+{parts._replace(scheme=scheme).geturl()}", **options)
        if scheme in ("unix", "redis+unix"):
            # By hand: geturl() would drop the empty host's slashes.
            return RedisStorage(f"async+redis+unix://{url.partition('://')[2]}", **options)
        base, _, kind = scheme.partition("+")
        options |= _spread_options(parts, tls=base == "rediss")
        bare = f"async+redis+{kind}://{parts.netloc.rpartition('@')[2]}"
        if base in ("redis", "rediss") and kind == "cluster":
            return RedisClusterStorage(bare, **options)
        if base in ("redis", "rediss") and kind == "sentinel":
            return _sentinel(bare, parts, options)
    except (ConfigurationError, ValueError):
        raise ValueError("the Redis URL cannot be parsed; sentinels and cluster nodes need a host:port each") from None
    raise ValueError("the Redis URL must begin with redis, rediss, unix, redis+sentinel or redis+cluster, then ://")


def _spread_options(parts: SplitResult, *, tls: bool) -> dict[str, Any]:
    """What the URL of a single Redis would carry itself."""
    query = parse_qs(parts.query)
    options: dict[str, Any] = {name: query[name][0] for name in _TLS_OPTIONS if name in query}
    if tls:
        options["ssl"] = True
    if parts.username:
        options["username"] = unquote(parts.username)
    if parts.password:
        options["password"] = unquote(parts.password)
    return options


def _sentinel(bare: str, parts: SplitResult, options: dict[str, Any]) -> RedisSentinelStorage:
    query = parse_qs(parts.query)
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("no service name")
    if database:
        options["db"] = int(database)
    own = {
        name: options[name] for name in (*_TLS_OPTIONS, "ssl", "socket_timeout", "socket_connect_timeout") if name in options
    }
    # Set even when empty: limits would otherwise send the data node's credentials to the sentinels.
    own |= {name: query.get(f"sentinel_{name}", [None])[0] for name in ("username", "password")}
    return RedisSentinelStorage(f"{bare}/{service}", use_replicas=False, sentinel_kwargs=own, **options)
