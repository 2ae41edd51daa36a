"""One file for each subject of the `soliloquy` command. Heavy libraries are imported inside the functions: help must be quick."""
