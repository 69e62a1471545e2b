"""Which addresses the service may listen on."""

import ipaddress

from promptpress_service.settings.settings import Settings, SettingsError


def check_bind(settings: Settings) -> None:
    """Refuse to serve the network without a key. Raises SettingsError saying how to set one, or how to insist."""
    if is_loopback(settings.host) or settings.has_keys or settings.allow_unauthenticated:
        return
    raise SettingsError(
        f"PROMPTPRESS_HOST: {settings.host or 'the empty address'} can be reached from elsewhere, and no API key is set; "
        "set PROMPTPRESS_API_KEYS or PROMPTPRESS_API_KEYS_FILE, or PROMPTPRESS_ALLOW_UNAUTHENTICATED=1 to serve anyone"
    )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only. A name other than localhost is taken to be reachable."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
