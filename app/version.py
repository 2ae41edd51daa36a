"""Which Soliloquy this is."""

from importlib.metadata import PackageNotFoundError, version


def app_version() -> str:
    """The version of the installed package, or an empty text when it runs without being installed."""
    try:
        return version("soliloquy")
    except PackageNotFoundError:
        return ""
