"""The command that starts a training in several processes, and what a process knows of the others."""

import os
import sys
from collections.abc import Sequence

import torch

from reasoning.training.adapters.configuration import AdapterConfiguration, configuration_file
from reasoning.training.adapters.errors import ConfigurationError


def is_launched() -> bool:
    """Whether this process is one of a group that a launcher started."""
    return "LOCAL_RANK" in os.environ and "WORLD_SIZE" in os.environ


def is_lead() -> bool:
    """Whether this process is the one that speaks and writes."""
    return int(os.environ.get("RANK", "0")) == 0


def launch_command(configuration: AdapterConfiguration, processes: int, arguments: Sequence[str]) -> list[str]:
    """The command line for `soliloquy` with `arguments` in several processes: Accelerate's launcher, or torch's on a processor.

    Accelerate starts processes on a CPU only through MPI; torch's own launcher needs nothing. Raises ConfigurationError when
    the devices are too few.
    """
    devices = torch.cuda.device_count()
    if devices == 0:
        if configuration.sharding != "none":
            raise ConfigurationError(
                f"{configuration.name} shards over CUDA devices, and there is none here: choose another configuration."
            )
        return [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "app", *arguments]
    if processes > devices:
        raise ConfigurationError(f"{processes} processes need as many CUDA devices, and there are {devices}: give --processes {devices}.")
    return [sys.executable, *accelerate_arguments(configuration, processes), *arguments]


def accelerate_arguments(configuration: AdapterConfiguration, processes: int) -> list[str]:
    """`-m accelerate.commands.launch` and its options, up to the module to run."""
    count = ["--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "bf16", "--dynamo_backend", "no"]
    how = {
        "zero3": ["--use_deepspeed", "--deepspeed_config_file", str(configuration_file("zero3.json")), "--zero3_init_flag", "true"],
        "fsdp": ["--config_file", str(configuration_file("fsdp.yaml"))],
        "none": ["--multi_gpu"] if processes > 1 else [],
    }[configuration.sharding]
    return ["-m", "accelerate.commands.launch", *how, *count, "--module", "app"]


def launch_environment(processes: int) -> dict[str, str]:
    """The environment of the processes: they share the cores instead of each taking all, and import what is installed."""
    threads = max(1, (os.cpu_count() or 1) // processes)
    on_cpu = {} if torch.cuda.is_available() else {"ACCELERATE_USE_CPU": "true"}
    return {"OMP_NUM_THREADS": str(threads), "PYTHONSAFEPATH": "1", **on_cpu, **os.environ}
