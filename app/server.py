"""How the screens are served: one command line, the same for people, tests and containers."""

import sys
from pathlib import Path

MAIN = Path(__file__).with_name("main.py")

# Flags outrank every configuration file, so a stray ~/.streamlit/config.toml can neither open the server to the network
# nor show a stack trace, which might quote a note.
SAFE_FLAGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "2",
    "server.enableXsrfProtection": "true",
    "server.websocketPingInterval": "20",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": "true",
    "browser.gatherUsageStats": "false",
    "runner.magicEnabled": "false",
    # A collection after every redraw walks all of torch: it took half of the processor while a run was shown live.
    "runner.postScriptGC": "false",
}


def streamlit_command(port: int, address: str = "127.0.0.1") -> list[str]:
    """The command that serves the app on this port and address with the Python that is running."""
    flags = {"server.port": str(port), "server.address": address, **SAFE_FLAGS}
    return [sys.executable, "-m", "streamlit", "run", str(MAIN), *(f"--{name}={value}" for name, value in flags.items())]
