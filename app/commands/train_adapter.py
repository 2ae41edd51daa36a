"""`soliloquy train adapter`: a LoRA adapter from reasoning traces, on one device or several."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.errors import FAILURE, InputError, told
from app.commands.plain import plain

if TYPE_CHECKING:
    from reasoning.training.adapters.base import Base
    from reasoning.training.adapters.configuration import AdapterConfiguration
    from reasoning.training.adapters.data import Data


@told
def adapter(
    base: Annotated[str, typer.Option("--base", "-b", metavar="PRESET|PATH|HUB_ID", help="The model to tune the adapter for.")],
    data: Annotated[Path, typer.Option("--data", "-d", metavar="FILE.jsonl", help="Records that `journey synthesize` or `curate` wrote.")],
    config: Annotated[
        str,
        typer.Option(
            "--config", "-c", metavar="NAME|FILE.toml", help="paper, s1, qlora-32b-one-gpu, zero3, fsdp, demonstration, or a file of yours."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Where to write; default: in the data folder, where the strategy finds it."),
    ] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", "-s", metavar="NAME", help="cot, longstep or longmonolog; default: that of the records.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would be learnt, how much memory it takes and what is missing.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume/--no-resume", help="Go on with a training that was stopped, or begin anew.")] = True,
    processes: Annotated[
        int | None, typer.Option("--processes", metavar="N", help="Devices to share the work; default: the configuration's.", min=1)
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="How long to train, for configurations with a clock.", min=0.01)
    ] = None,
) -> None:
    """Tune a LoRA adapter on reasoning traces. Stopped, it goes on where it was when it is started again."""
    from app.models import quieten

    quieten()
    from reasoning.own_adapters import adapter_folder
    from reasoning.training.adapters import launch, libraries
    from reasoning.training.adapters.base import find_base
    from reasoning.training.adapters.configuration import load_configuration
    from reasoning.training.adapters.data import read_data
    from storage.settings import read_settings

    if out is not None and out.exists() and not out.is_dir():
        raise InputError("--out is a file: give a folder.")
    configuration = load_configuration(config, **({"minutes": minutes} if minutes else {}))
    model = find_base(base)
    records = read_data(data, model, strategy)
    share = processes or configuration.processes
    arguments = ["train", "adapter", "--base", base, "--data", str(data), "--config", config, "--strategy", records.strategy]
    arguments += ["--out", str(out)] if out else []
    arguments += ["--minutes", str(minutes)] if minutes else []
    arguments += [] if resume else ["--no-resume"]
    if check:
        _check(model, records, configuration, share, arguments)
        return
    libraries.require(configuration.sharding)
    target = out or adapter_folder(read_settings().home, base, records.strategy)
    if launch.is_launched() or (share == 1 and configuration.sharding == "none"):
        _train(model, records, configuration, target, resume, told_where=out is not None)
        return
    configuration.accumulation(share)
    command = launch.launch_command(configuration, share, arguments)
    model.folder(download=True)
    typer.echo(shlex.join(command), err=True)
    code = subprocess.run(command, env=launch.launch_environment(share), check=False).returncode
    if code:
        raise typer.Exit(FAILURE)


def _check(base: "Base", data: "Data", configuration: "AdapterConfiguration", processes: int, arguments: list[str]) -> None:
    from reasoning.training.adapters.check import check
    from reasoning.training.adapters.launch import accelerate_arguments

    checked = check(base, data, configuration, processes)
    sections = list(checked.sections)
    if processes > 1:
        command = shlex.join(["python", *accelerate_arguments(configuration, processes), *arguments])
        sections.append(("Command on a machine with that many CUDA devices", (f"soliloquy starts: {command}",)))
    sections.append(("What is missing", checked.problems or ("Nothing.",)))
    for title, lines in sections:
        typer.secho(title, bold=True)
        for line in lines:
            typer.echo(f"  {plain(line)}")
    if checked.problems:
        raise typer.Exit(FAILURE)


def _train(base: "Base", data: "Data", configuration: "AdapterConfiguration", target: Path, resume: bool, told_where: bool) -> None:
    from reasoning.training.adapters.launch import is_launched, is_lead
    from reasoning.training.adapters.trainer import tune_on_records

    try:
        record = tune_on_records(base, data, configuration, target, _tell, resume)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InputError(f"The folder {target} cannot be written ({reason}): choose another with --out.") from None
    if is_launched():
        _leave_the_group()
    if not is_lead():
        return
    typer.echo(
        f"Learnt {record['data']['used']} records in {record['steps']} steps and {record['seconds'] / 60:.1f} minutes; wrote {target}"
    )
    how = f" --adapter {shlex.quote(str(target))}" if told_where else ""
    typer.echo(f"To use it: soliloquy reason NOTE --model {shlex.quote(base.name)} --strategy {data.strategy}{how}")


def _tell(row: dict[str, float]) -> None:
    end = f"of {row['of']:g} min" if "of" in row else f"of {row['of_steps']:.0f} steps"
    pace = f"{row['tokens_per_second']:,.0f} tokens/s"
    typer.echo(f"{row['minutes']:6.1f} min  step {row['step']:.0f} {end}  loss {row['loss']:.4f}  {pace}")
    sys.stdout.flush()


def _leave_the_group() -> None:
    import torch.distributed

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
