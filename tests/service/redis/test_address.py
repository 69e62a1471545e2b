"""URLs, and every kind of Redis they can lead to."""

import datetime
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from promptpress_service.redis.address import RedisUrlError, parse_redis_url
from promptpress_service.redis.store import RedisStore
from tests.ports import free_port
from tests.service.redis.tls_terminator import TlsTerminator
from tests.service.redis_server import RedisServer


async def round_trip(url: str) -> None:
    address = parse_redis_url(url)
    store = RedisStore(address, timeout=30)
    assert await store.set("promptpress:a", b"1", 60), store.state()
    assert await store.get("promptpress:a") == b"1"
    assert await store.set_if_absent("promptpress:b", b"2", 60) is True
    assert await store.delete_if_equals("promptpress:b", b"2")
    await store.close()
    client = address.sync_client(30)
    assert client.get("promptpress:a") == b"1"
    client.close()


@pytest.mark.anyio
async def test_a_numbered_database(redis_server: RedisServer) -> None:
    await round_trip(f"{redis_server.url}/3")
    with redis_server.client(db=3) as client:
        assert client.get("promptpress:a") == b"1"


@pytest.mark.anyio
async def test_a_socket(redis_binary: str, tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    with RedisServer("--unixsocket", str(path)):
        await round_trip(f"unix://{path}?db=1")


@pytest.mark.anyio
async def test_tls(redis_server: RedisServer, tmp_path: Path) -> None:
    ca, certificate, key = make_certificate(tmp_path)
    # Builds of Redis may lack TLS, and managed ones end it in front of Redis anyway.
    with TlsTerminator(redis_server.port, certificate, key) as port:
        await round_trip(f"rediss://127.0.0.1:{port}?ssl_ca_certs={ca}")
        await round_trip(f"rediss://127.0.0.1:{port}?ssl_cert_reqs=none")
        untrusting = RedisStore(parse_redis_url(f"rediss://127.0.0.1:{port}"), timeout=30)
        assert not await untrusting.check()
        assert untrusting.state().last_error == "ConnectionError"
        await untrusting.close()


@pytest.mark.anyio
async def test_sentinel(redis_server: RedisServer) -> None:
    config = f"sentinel monitor main 127.0.0.1 {redis_server.port} 1\n"
    with RedisServer("--sentinel", config=config) as sentinel:
        await round_trip(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/main/2")
        with redis_server.client(db=2) as client:
            assert client.get("promptpress:a") == b"1"
        unknown = RedisStore(parse_redis_url(f"redis+sentinel://127.0.0.1:{sentinel.port}/other"), timeout=30)
        assert await unknown.get("a") is None
        assert unknown.state().last_error == "MasterNotFoundError"
        await unknown.close()


@pytest.mark.anyio
async def test_cluster(redis_binary: str) -> None:
    with RedisServer("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO", keys=[], NEVER_DECODE=True):
                pass
        await round_trip(f"redis+cluster://127.0.0.1:1,127.0.0.1:{server.port}")
        await round_trip(f"redis+cluster://127.0.0.1:{server.port}")


@pytest.mark.anyio
async def test_a_cluster_that_is_away_is_a_miss(redis_binary: str) -> None:
    store = RedisStore(parse_redis_url(f"redis+cluster://127.0.0.1:{RedisServer().port}"), timeout=1)
    assert await store.get("a") is None
    assert not await store.set("a", b"1", 1)
    assert store.state().counters["errors"] == 2
    await store.close()


def test_what_a_url_says() -> None:
    assert parse_redis_url("redis://h").hosts == (("h", 6379),)
    assert parse_redis_url("redis://[::1]:7/2").hosts == (("::1", 7),)
    assert parse_redis_url("redis://u:p%40@h").options == {"username": "u", "password": "p@", "db": 0}
    assert parse_redis_url("redis://:p@h?db=4").options == {"password": "p", "db": 4}
    sentinel = parse_redis_url("rediss+sentinel://u:p@a,b:5/main/1?sentinel_password=x&ssl_check_hostname=false")
    assert (sentinel.hosts, sentinel.service) == ((("a", 26379), ("b", 5)), "main")
    assert sentinel.options == {"username": "u", "password": "p", "db": 1, "ssl": True, "ssl_check_hostname": False}
    assert sentinel.sentinel_options == {"password": "x", "ssl": True, "ssl_check_hostname": False}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://h",
        "redis://",
        "redis://:hunter2@h:port",
        "redis://:hunter2@h/x",
        "redis://:hunter2@h?timeout=1",
        "redis://:hunter2@a,b",
        "redis://:hunter2@[::1",
        "redis://h?ssl_cert_reqs=none",
        "rediss://:hunter2@h?ssl_cert_reqs=maybe",
        "redis+sentinel://:hunter2@h",
        "redis+cluster://:hunter2@h/1",
        "unix://",
    ],
)
def test_a_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(RedisUrlError) as error:
        parse_redis_url(url)
    assert "hunter2" not in str(error.value)


def test_an_address_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(parse_redis_url("redis+sentinel://u:hunter2@h/main?sentinel_password=hunter2"))


def make_certificate(folder: Path) -> tuple[str, str, str]:
    """Files of an authority, and of a certificate for 127.0.0.1 and its key."""
    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("test authority", "redis")]
    paths = []
    for index, name in enumerate(("ca", "server")):
        builder = (
            x509.CertificateBuilder(names[0], names[index], keys[index].public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=index == 0, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        )
        path = folder / f"{name}.pem"
        path.write_bytes(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        paths.append(str(path))
    key_path = folder / "server.key"
    key_path.write_bytes(
        keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths[0], paths[1], str(key_path)
