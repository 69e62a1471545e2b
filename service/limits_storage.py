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
    `redis+sentinel://[user:password@]host[:port],host[:port]/service[/db]`, where the sentinels' own credentials are
    `?sentinel_username=` and `?sentinel_password=`; `redis+cluster://[user:password@]host[:port],...`; both also with
    `rediss`. Raises ValueError, which does not repeat the URL.
    """
    try:
        parts = urlsplit(url)
        options: dict[str, Any] = {
            "implementation": "redispy",
            "key_prefix": _PREFIX,
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
        }
        if parts.scheme in ("redis", "rediss"):
            credentials, at, node = parts.netloc.rpartition("@")
            # limits asks for a port, unlike redis-py, which reads the rest of the URL.
            whole = parts._replace(netloc=f"{credentials}{at}{_with_port(node, 6379)}")
            return RedisStorage(f"async+{whole.geturl()}", **options)
        if parts.scheme == "unix":
            return RedisStorage(f"async+redis+{url}", **options)
        base, _, kind = parts.scheme.partition("+")
        options |= _spread_options(parts, tls=base == "rediss")
        default_port = 26379 if kind == "sentinel" else 6379
        nodes = parts.netloc.rpartition("@")[2].split(",")
        bare = f"async+redis+{kind}://{','.join(_with_port(node, default_port) for node in nodes)}"
        if base in ("redis", "rediss") and kind == "cluster":
            return RedisClusterStorage(bare, **options)
        if base in ("redis", "rediss") and kind == "sentinel":
            return _sentinel(bare, parts, options)
    except (ConfigurationError, ValueError):
        raise ValueError("the Redis URL cannot be parsed; write redis+sentinel://host:port,host:port/service") from None
    raise ValueError("the Redis URL must begin with redis, rediss, unix, redis+sentinel or redis+cluster, then ://")


def _with_port(node: str, default: int) -> str:
    parts = urlsplit(f"//{node}")
    if not parts.hostname:
        raise ValueError("no host")
    return node if parts.port else f"{node}:{default}"


def _spread_options(parts: SplitResult, *, tls: bool) -> dict[str, Any]:
    """What the URL of a single Redis would carry itself."""
    query = parse_qs(parts.query)
    options: dict[str, Any] = {}
    if tls:
        options |= {"ssl": True, **{name: query[name][0] for name in _TLS_OPTIONS if name in query}}
        if "ssl_check_hostname" in query:
            options["ssl_check_hostname"] = query["ssl_check_hostname"][0].lower() in ("true", "yes", "on", "1")
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
    own = {name: value for name, value in options.items() if name.startswith(("ssl", "socket_"))}
    # Set even when empty: limits would otherwise send the data node's credentials to the sentinels.
    own |= {name: query.get(f"sentinel_{name}", [None])[0] for name in ("username", "password")}
    return RedisSentinelStorage(f"{bare}/{service}", use_replicas=False, sentinel_kwargs=own, **options)
