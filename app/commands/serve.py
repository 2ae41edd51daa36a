"""`soliloquy serve`: the app, on this machine."""

import errno
import os
import socket
import sys
from typing import Annotated

import typer

from app.commands.errors import InputError, fail, told
from app.server import streamlit_command


@told
def serve(
    port: Annotated[int, typer.Option("--port", "-p", help="The port to listen on.", min=1, max=65535)] = 8501,
    address: Annotated[
        str, typer.Option("--address", help="The address to listen on; only this machine can reach 127.0.0.1.")
    ] = "127.0.0.1",
) -> None:
    """Serve the app in the browser."""
    _check_free(address, port)

    from storage.database import open_database

    open_database().close()  # what is wrong with it is said here, in one sentence, and not in the browser
    if not address.startswith("127.") and address not in ("localhost", "::1"):
        typer.echo("Everybody who can reach this address can read the cases: Soliloquy has no log-in yet.", err=True)
    host = f"[{address}]" if ":" in address else address
    typer.echo(f"Soliloquy is at http://{host}:{port}  (stop it with Ctrl-C)")
    sys.stdout.flush()
    command = streamlit_command(port, address)
    # The server takes this process over, so that Ctrl-C and signals reach it with nobody between.
    os.execv(command[0], command)


def _check_free(address: str, port: int) -> None:
    try:
        kind, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror:
        raise InputError(f"There is no address {address}: use 127.0.0.1, or an address of this machine.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else 8501
            fail(f"Port {port} is in use: stop what uses it, or take another one, such as --port {other} or make run PORT={other}.")
        if error.errno == errno.EACCES:
            fail(f"Port {port} may not be used without special rights: choose one above 1023.")
        fail(f"The address {address} cannot be used ({(error.strerror or 'error').lower()}): use 127.0.0.1, or an address of this machine.")
