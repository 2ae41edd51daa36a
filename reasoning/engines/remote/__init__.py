"""Tokens from any OpenAI-compatible server, for sites that outgrow one machine. `remote.RemoteEngine` is the engine."""
