"""`soliloquy models`: which there are, all that is known of one, and the only command that fetches one."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.errors import InputError, told
from app.commands.lists import table

if TYPE_CHECKING:
    from reasoning.presets import Preset

models = typer.Typer(
    help="List the models known by name, show one, or fetch one. Any other Hugging Face model works by folder or hub id.",
    invoke_without_command=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of `soliloquy models`, or a hub id.")]


@models.callback()
@told
def listed(context: typer.Context) -> None:
    """List the models known by name, and say which run on this machine."""
    if context.invoked_subcommand is not None:
        return
    import psutil

    from app.machine import files_of, graphics, verdict
    from reasoning.own_adapters import own_adapters
    from reasoning.presets import presets
    from storage.settings import read_settings

    cards, ram, home = graphics([]), psutil.virtual_memory().total / (1 << 30), read_settings().home
    rows = []
    for name, preset in presets().items():
        own = own_adapters(home, name)
        adapters = ", ".join(f"{strategy} (yours)" if strategy in own else strategy for strategy in sorted({*preset.adapters, *own}))
        here = (f"{preset.memory_gb:g} GB", verdict(preset, cards, ram), files_of(preset))
        most = f"{preset.context:,}" if preset.context else "see its card"
        rows.append((name, size(preset), *here, most, preset.licence or "see its card", adapters or "none"))
    heading = ("name", "parameters", "memory in 4 bits (estimate)", "on this machine", "files", "context", "licence", "adapters")
    table(heading, rows)


@models.command()
@told
def show(name: Name) -> None:
    """Print all that is known of a model, and where it was found."""
    import psutil

    from app.machine import files_of, graphics, verdict
    from reasoning.presets import find_preset, name_of

    preset = find_preset(name)
    if preset is None:
        raise InputError(
            f"Nothing is known of {name}: `soliloquy models` lists the names, and docs/models.md says how to describe your own."
        )
    typer.secho(preset.title, bold=True)
    facts = [("name", name_of(name)), *known(preset)]
    facts += [("on this machine", verdict(preset, graphics([]), psutil.virtual_memory().total / (1 << 30))), ("files", files_of(preset))]
    width = max(len(label) for label, _ in facts)
    for label, words in facts:
        typer.echo(f"  {label.ljust(width)}  {words}")
    if preset.scores:
        typer.echo("\nPublished scores in per cent; compare them within one source only. In 4 bits none was measured again.")
        for score in preset.scores:
            results = ", ".join(f"{test} {value:g}" for test, value in score.results.items())
            typer.echo(f"  {score.source}{f', {score.method}' if score.method else ''}: {results}")


@models.command()
@told
def pull(name: Name) -> None:
    """Fetch a model or adapter from the hub and verify every file. What is here already is kept, so a stopped pull goes on."""
    from reasoning.engines.hub import bring_it, pull
    from reasoning.presets import find_preset

    preset = find_preset(name)
    if preset is not None and preset.hub is None:
        raise InputError(f"{name} is a folder on this machine: there is nothing to fetch.")
    if preset is None and name.count("/") != 1:
        raise InputError(f"There is no model {name}: give a name of `soliloquy models`, or a hub id such as Qwen/Qwen3-32B.")
    id = preset.hub if preset and preset.hub else name
    if preset is not None and preset.gated:
        typer.echo(
            f"{preset.title} is only for those who accepted its terms at https://huggingface.co/{id} and ran `hf auth login`.", err=True
        )
    try:
        done = pull(id)
    except KeyboardInterrupt:
        typer.echo(
            f"\nStopped. Files that came whole are kept: `soliloquy models pull {name}` goes on.\nOr bring it:\n{bring_it(id)}", err=True
        )
        raise
    typer.echo(f"{id} is here, {done.files} files, {done.bytes / 1e9:.2f} GB, each as the hub states it (revision {done.revision}).")
    typer.echo(f"Folder: {done.folder}")


def size(preset: "Preset") -> str:
    """Its parameters in words."""
    return f"{preset.parameters_billion:g} B" if preset.parameters_billion >= 1 else f"{preset.parameters_billion * 1000:g} M"


def known(preset: "Preset") -> list[tuple[str, str]]:
    """What is known of a preset as labels and words, each with its source where it has one."""

    from reasoning.small_model import lost_by_reasoning

    def said(field: str, words: str | None) -> str:
        source = preset.sources.get(field)
        return f"{words} ({source})" if words and source else words or "not known here: read its card"

    finding = "" if preset.demonstration else lost_by_reasoning(round(preset.parameters_billion * 1e9))
    reasoning = None if preset.long_reasoning is None else "yes" if preset.long_reasoning else "no"
    sampling = preset.sampling
    return [
        ("hub id", preset.hub or "none"),
        ("tuned from", preset.base or "not a model tuned from another one"),
        ("licence", said("licence", preset.licence) + (", terms to be accepted on the hub" if preset.gated else "")),
        ("parameters", f"{size(preset)}{', quantised as it comes' if preset.quantised else ''}"),
        ("memory in 4 bits", f"{preset.memory_gb:g} GB (an estimate: 0.58 GB a billion parameters, and 2 GB)"),
        ("context", said("context", f"{preset.context:,} tokens" if preset.context else None)),
        ("chat format", f"{preset.chat or 'not noted'}; the tokenizer's own template is used"),
        ("thinking is marked", said("convention", preset.trace_convention.title)),
        ("tuned for long reasoning", said("long_reasoning", reasoning)),
        ("sampling", f"{sampling.words} ({sampling.source}); used where you set none" if sampling else "no recommendation known: greedy"),
        *([("small model", finding)] if finding else []),
    ]
