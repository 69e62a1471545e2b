"""Settings, from flags, `PROMPTPRESS_*` environment variables and a TOML file, in this order of precedence."""

import os
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSetting

from promptpress.backends.causal_lm.loading import CausalLMSettings
from promptpress.backends.rewriter.loading import RewriterSettings
from promptpress_service.settings import report as configuration
from promptpress_service.tenancy.api_keys import KeyRing, parse_keys

_HTTP_URL = re.compile(r"https?://[^\s/@?#]+(/[^\s@?#]*)?")
_REDIS_URL = re.compile(r"(unix|rediss?(\+sentinel|\+cluster)?)://\S+")


class SettingsError(ValueError):
    """A setting has a value that is not allowed; the message names the variable."""


def _joined(value: Any) -> Any:
    """A list of a configuration file as the text that an environment variable would hold."""
    return "\n".join(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else value


def _split(value: Any) -> Any:
    """An environment variable's comma-separated text as a list."""
    return [part.strip() for part in re.split(r"[,\n]", value) if part.strip()] if isinstance(value, str) else value


def _rate(value: str | None) -> str | None:
    if value is not None:
        # Here, because the library takes longer to import than a shell command without limits should need.
        from promptpress_service.tenancy.rate_limits import parse_limits

        parse_limits(value)
    return value


class TenantLimits(BaseModel):
    """One tenant's own limits. What is left out is as for everyone; null is no limit."""

    model_config = ConfigDict(extra="forbid")

    rate_limit: str | None = None
    rate_limit_tokens: str | None = None

    _rates = field_validator("rate_limit", "rate_limit_tokens")(_rate)


class Settings(BaseSettings):
    """Every setting with its default; `PROMPTPRESS_` and the name in capitals sets it, or the name in the TOML file."""

    model_config = SettingsConfigDict(
        env_prefix="PROMPTPRESS_", env_ignore_empty=True, extra="forbid", hide_input_in_errors=True, validate_default=False
    )

    config_file: Path | None = Field(None, description="TOML file with settings; flags and the environment go before it.")

    host: str = Field("127.0.0.1", description="Address to listen on. Others than loopback need an API key.")
    http_port: int = Field(8080, ge=0, le=65535, description="HTTP port; 0 takes a free one.")
    grpc_port: int = Field(8081, ge=-1, le=65535, description="gRPC port; 0 takes a free one, -1 turns gRPC off.")
    metrics_port: int = Field(9464, ge=-1, le=65535, description="Port of /metrics; 0 takes a free one, -1 turns it off.")
    metrics_host: str | None = Field(None, description="Address of /metrics, which asks for no key; default: as host.")
    workers: int = Field(
        1, ge=1, le=256, description="Processes that serve; they share the model's weights and divide the threads."
    )
    shutdown_grace_seconds: float = Field(30, ge=0, description="Longest wait for accepted requests after SIGTERM.")
    public_docs: bool = Field(False, description="Whether /docs and /openapi.json need no key where keys are set.")
    tls_certificate: FilePath | None = Field(None, description="Certificate chain for HTTPS, PEM; needs tls_key.")
    tls_key: FilePath | None = Field(None, description="Private key for HTTPS, PEM.")
    grpc_tls_certificate: FilePath | None = Field(None, description="Certificate chain for gRPC, PEM; needs grpc_tls_key.")
    grpc_tls_key: FilePath | None = Field(None, description="Private key for gRPC, PEM.")
    grpc_tls_client_ca: FilePath | None = Field(None, description="Certificates, PEM, that gRPC clients must be signed by.")

    encoder: str = Field("embedded", description="`embedded`, a local folder, or a Hugging Face id (needs torch).")
    threads: int | None = Field(None, ge=1, description="CPU threads for models; default: the cores this process may use.")
    tokenizers: dict[str, Path] = Field(
        default_factory=dict, description='More tokenizers, as JSON: {"name": "/path/to/tokenizer.json"}.'
    )
    causal_lm: str = Field(
        "embedded",
        min_length=1,
        description="Language model of `selective_context`, `ehpc` and `dspc`'s fine stage: `embedded`, a local folder or a "
        "Hugging Face id of a causal language model with a fast tokenizer.",
    )
    causal_lm_small: str = Field(
        "early_exit",
        min_length=1,
        description="The smaller model of `dspc`'s fine stage: `early_exit` (the first layers of causal_lm), `embedded`, a "
        "local folder or a Hugging Face id.",
    )
    causal_lm_window: int = Field(2048, ge=64, le=131_072, description="Most tokens the language model reads together.")
    evaluator_heads: FilePath | None = Field(
        None, description="Evaluator heads of causal_lm for `ehpc`: a file that `promptpress find-heads` wrote."
    )
    rewriter_model: str = Field(
        "embedded",
        min_length=1,
        description="What method `scope` writes with: `embedded` deletes words; with rewriter_url a model there; else "
        "a local folder or a Hugging Face id of a summariser or chat model (needs torch).",
    )
    rewriter_url: str | None = Field(
        None, description="Base URL of an endpoint that speaks OpenAI's protocol, such as http://localhost:8000/v1."
    )
    rewriter_key: SecretStr | None = Field(None, description="API key of the rewriter's endpoint.")
    rewriter_concurrency: int = Field(8, ge=1, le=256, description="Most calls to the rewriter's endpoint at a time.")
    rewriter_timeout_ms: int = Field(
        30_000,
        ge=1,
        le=600_000,
        description="Longest wait for one chunk's rewrite, retries included; then sentences are kept.",
    )
    rewriter_retries: int = Field(
        2, ge=0, le=10, description="How often a call is tried again after 429, 5xx or a broken connection."
    )
    rewrite_cache_mb: int = Field(16, ge=0, description="Memory for rewrites of chunks that were seen; 0 turns it off.")
    vector_cache_mb: int = Field(64, ge=0, description="Memory for embeddings of documents that were seen; 0 turns it off.")

    score_cache_mb: int = Field(
        16, ge=0, description="Memory for scores, so that another budget for the same texts needs no model; 0 turns it off."
    )

    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Larger requests are answered 413.")
    max_batch_items: int = Field(100, ge=1, description="Most requests in one batch.")
    queue_size: int = Field(256, ge=1, description="Most requests that wait; more are answered 429.")
    max_wait_ms: int = Field(
        1000, ge=1, description="Longest expected wait for a thread; requests that would wait longer are answered 429."
    )
    default_deadline_ms: int | None = Field(
        None, ge=1, description="deadline_ms of requests without one: after it the original comes back; default: none."
    )
    min_tokens: int | None = Field(
        None,
        ge=0,
        le=100_000_000,
        description="min_tokens of requests without one: with a ratio, smaller inputs are left alone; default: 64 for each "
        "text of messages, 8 otherwise.",
    )

    api_keys: Annotated[SecretStr | None, BeforeValidator(_joined)] = Field(
        None, description="API keys, separated by commas or lines: tenant:sha256:<hex> or tenant:<key>."
    )
    api_keys_file: Path | None = Field(
        None, description="File of API keys, one a line, # comments; read again when it changes."
    )
    allow_unauthenticated: bool = Field(False, description="Serve addresses other than loopback without any API key.")
    rate_limit: str | None = Field(
        None, description='Requests of each tenant, such as "100/minute" or "10/second; 5000/day".'
    )
    rate_limit_tokens: str | None = Field(
        None, description='Input tokens of each tenant, such as "200000/minute", counted after a request has run.'
    )
    tenant_limits: dict[str, TenantLimits] = Field(
        default_factory=dict, description='Limits of single tenants, as JSON: {"tenant": {"rate_limit": "500/minute"}}.'
    )

    redis_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey shared by replicas: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://.",
    )
    redis_required: bool = Field(False, description="Whether requests fail and /readyz is 503 while Redis does not answer.")
    redis_timeout_ms: int = Field(250, ge=1, le=60_000, description="Longest wait for an answer of Redis.")
    cache_ttl_seconds: int = Field(3600, ge=1, description="How long results are cached.")
    cache_mb: int = Field(64, ge=0, description="Memory for cached results in this process; 0 turns that cache off.")
    cache_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Secret of the hashes that are cache keys; replicas that share a Redis need the same.",
    )
    cache_encryption_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list,
        description="Keys, 32 bytes as base64 each, for values in Redis; the first encrypts, all decrypt.",
    )
    max_value_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Larger values are not cached.")
    originals_mb: int = Field(64, ge=1, description="Memory for originals where there is no Redis.")
    originals_ttl_seconds: int = Field(
        86_400, ge=1, description="How long originals are kept after they were last asked for."
    )

    log_format: Literal["json", "console"] = Field("json", description="`json`: one object a line; `console`: for people.")
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        "info", description="Least severity that is logged."
    )

    _rates = field_validator("rate_limit", "rate_limit_tokens")(_rate)

    @property
    def has_keys(self) -> bool:
        """Whether requests need an API key."""
        return self.api_keys is not None or self.api_keys_file is not None

    @property
    def lm(self) -> CausalLMSettings:
        """The language models."""
        return CausalLMSettings(self.causal_lm, self.causal_lm_small, self.causal_lm_window, self.evaluator_heads)

    @property
    def rewriter(self) -> RewriterSettings:
        """What method `scope` writes with."""
        return RewriterSettings(
            self.rewriter_model,
            self.rewriter_url,
            self.rewriter_key.get_secret_value() if self.rewriter_key else None,
            self.rewriter_concurrency,
            self.rewriter_timeout_ms / 1000,
            self.rewriter_retries,
        )

    @field_validator("api_keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            parse_keys(keys.get_secret_value())
        return keys

    @field_validator("api_keys_file")
    @classmethod
    def _check_keys_file(cls, path: Path | None) -> Path | None:
        if path is not None:
            KeyRing(path=path)
        return path

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _REDIS_URL.fullmatch(url.get_secret_value()):
            raise ValueError(
                "must be a URL that begins with redis://, rediss:// (TLS), unix://, redis+sentinel:// or redis+cluster://"
            )
        return url

    @field_validator("rewriter_url")
    @classmethod
    def _check_rewriter_url(cls, url: str | None) -> str | None:
        if url is not None and not _HTTP_URL.fullmatch(url):
            raise ValueError("must be a URL that begins with http:// or https://, without a user name; the key has its own")
        return url

    @field_validator("cache_encryption_keys")
    @classmethod
    def _check_encryption_keys(cls, keys: list[SecretStr]) -> list[SecretStr]:
        if keys:
            # Here, because the library takes longer to import than a shell command without keys should need.
            from promptpress_service.cache.sealing import parse_encryption_key
        for number, key in enumerate(keys, 1):
            try:
                parse_encryption_key(key.get_secret_value())
            except ValueError:
                raise ValueError(
                    f"key {number} must be 32 bytes as base64, as `openssl rand -base64 32` prints them"
                ) from None
        return keys

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        for certificate, key in (("tls_certificate", "tls_key"), ("grpc_tls_certificate", "grpc_tls_key")):
            if (getattr(self, certificate) is None) != (getattr(self, key) is None):
                here, missing = (certificate, key) if getattr(self, certificate) else (key, certificate)
                raise ValueError(f"{configuration.variable_of(here)}: needs {configuration.variable_of(missing)} too")
        if self.grpc_tls_client_ca and not self.grpc_tls_certificate:
            raise ValueError("PROMPTPRESS_GRPC_TLS_CLIENT_CA: needs PROMPTPRESS_GRPC_TLS_CERTIFICATE too")
        if self.workers > 1 and 0 in (self.grpc_port, self.metrics_port):
            raise ValueError("PROMPTPRESS_WORKERS: several workers need a gRPC and a metrics port other than 0")
        if self.rewriter_url and self.rewriter_model == "embedded":
            raise ValueError(
                "PROMPTPRESS_REWRITER_URL: needs PROMPTPRESS_REWRITER_MODEL too, the endpoint's name of a model"
            )
        if self.rewriter_key and not self.rewriter_url:
            raise ValueError("PROMPTPRESS_REWRITER_KEY: needs PROMPTPRESS_REWRITER_URL too")
        if self.redis_required and self.redis_url is None:
            raise ValueError("PROMPTPRESS_REDIS_REQUIRED: needs PROMPTPRESS_REDIS_URL too")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file."""
        if isinstance(env_settings, EnvSettingsSource):
            env_settings.env_vars = {
                name: value
                for name, value in env_settings.env_vars.items()
                if not configuration.is_service_link(name, value or "")
            }
        path = init_settings().get("config_file") or env_settings().get("config_file")
        if path is None:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(path))


def load_settings(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings; `flags` (by name; None is left out) go before all others. Raises SettingsError naming the variable."""
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    names = Settings.model_fields.keys()
    if unknown := configuration.unknown_variable(names):
        raise SettingsError(unknown)
    path = given.get("config_file") or os.environ.get("PROMPTPRESS_CONFIG_FILE")
    in_file = _read_file(Path(path)) if path else {}
    try:
        return Settings(**given)
    except ValidationError as error:
        overridden = {*given, *(name for name in names if os.environ.get(configuration.variable_of(name)))}
        raise SettingsError(configuration.explain(error, names, in_file.keys() - overridden)) from None
    except UnreadableSetting as error:
        name = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"{configuration.variable_of(name[1]) if name else 'a setting'}: must be JSON") from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process. Raises SettingsError naming the variable at fault."""
    return load_settings()


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"PROMPTPRESS_CONFIG_FILE: cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"PROMPTPRESS_CONFIG_FILE: {path} is not UTF-8 (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"PROMPTPRESS_CONFIG_FILE: {path} is not TOML: {error}") from None
