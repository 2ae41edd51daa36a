"""What there is to choose from, as tables: for the terminal, and for docs/strategies.md."""

import inspect

from reasoning.strategies.strategy import kind, names

HEADING = ("name", "family", "what it does", "cost in tokens", "source", "parameters")


def rows() -> list[tuple[str, ...]]:
    """Name, family, summary, cost and source of each strategy, family by family."""
    return [(name, cls.family, cls.summary, cls.cost, cls.source) for name in names() for cls in (kind(name),)]


def parameters(name: str) -> dict[str, str]:
    """The parameters of a strategy with their defaults, as they are typed. Raises StrategyError."""
    return {field: _typed(info.default) for field, info in kind(name).model_fields.items()}


def described(name: str) -> str:
    """Title, description and parameters of one strategy. Raises StrategyError."""
    cls = kind(name)
    listed = "\n".join(f"  {field}={default}" for field, default in parameters(name).items())
    return f"{cls.title} ({name}, {cls.family})\n\n{inspect.cleandoc(cls.__doc__ or cls.summary)}\n\nParameters:\n{listed or '  none'}"


def markdown_table() -> str:
    """The table of docs/strategies.md."""
    lines = [f"| {' | '.join(HEADING)} |", "|---" * len(HEADING) + "|"]
    for name, *cells in rows():
        taken = ", ".join(f"`{field}={default}`" for field, default in parameters(name).items()) or "none"
        lines.append(f"| `{name}` | {' | '.join(cells)} | {taken} |")
    return "\n".join(lines)


def _typed(default: object) -> str:
    if default is None:
        return "none"
    return "/".join(map(str, default)) if isinstance(default, tuple) else str(default)
