"""`python -m app`: the `soliloquy` command for launchers that start modules."""

from app.cli import main

main()
