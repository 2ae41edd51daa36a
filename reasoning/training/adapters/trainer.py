"""The one trainer of adapters: LoRA or QLoRA with TRL and PEFT, on one device or several, stopped and gone on with at any time."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from reasoning.engines.loading import hash_weights
from reasoning.own_adapters import revision_of
from reasoning.training.adapters import libraries, work
from reasoning.training.adapters.base import Base, load_tokenizer, load_weights
from reasoning.training.adapters.configuration import AdapterConfiguration
from reasoning.training.adapters.data import Data
from reasoning.training.adapters.errors import TrainingError
from reasoning.training.adapters.examples import Example, described, read_examples
from reasoning.training.adapters.launch import is_launched
from reasoning.training.adapters.order import steps_of, training_order
from reasoning.training.adapters.watch import Report, Watch


def tune(
    base: Base,
    tokenizer: Any,
    examples: list[Example],
    configuration: AdapterConfiguration,
    out: Path,
    strategy: str,
    data: Mapping[str, Any],
    report: Report,
    resume: bool = True,
) -> dict[str, Any]:
    """Tune the adapter of a strategy and write it with its record into `out`; the record is returned.

    `data` says where the examples come from. Goes on from the newest checkpoint in `out/work`. In a process group, every
    process calls this with the same arguments, and the first one writes. Raises TrainingError.
    """
    libraries.require(configuration.sharding)
    import datasets

    datasets.disable_progress_bars()
    if not examples:
        raise TrainingError("No example is left to learn: raise `longest`, or give other records.")
    folder = base.folder(download=False)
    # First of all: it joins the process group, and tells transformers whether the weights are to be sharded while they are read.
    arguments = _arguments(configuration, out / work.FOLDER, len(examples))
    state, lead = arguments.distributed_state, arguments.process_index == 0
    weights = hash_weights(folder) if lead else ""
    if lead:
        work.begin(out, identity_of(base.id, weights, strategy, configuration, data), resume)
    state.wait_for_everyone()
    watch = Watch(out / work.FOLDER, configuration.minutes, report)
    lengths = [len(example.ids) for example in examples]
    order = training_order(lengths, configuration.batch, configuration.epochs, configuration.seed)
    rows = datasets.Dataset.from_list([{"input_ids": example.ids, "labels": example.labels} for example in examples])
    trainer = _trainer(folder, tokenizer, rows.select(order), configuration, arguments, watch)
    checkpoint = work.last_checkpoint(out / work.FOLDER)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    final = out / work.FOLDER / "final"
    trainer.save_model(str(final))  # all processes: sharded weights are gathered
    record = {
        "strategy": strategy,
        "base": {"id": base.id, "revision": revision_of(folder), "weights_sha256": weights},
        "data": {**data, **described(lengths)},
        "configuration": configuration.model_dump(mode="json"),
        "world_size": arguments.world_size,
        "device": str(arguments.device.type),
        "rank": configuration.rank,
        "learning_rate": configuration.learning_rate,
        "minutes": configuration.minutes,
        "seed": configuration.seed,
        "seconds": round(watch.seconds, 1),
        "steps": trainer.state.global_step,
        "tokens_seen": sum(lengths[index] for index in order[: trainer.state.global_step * configuration.batch]),
        **_losses(trainer.state.log_history),
        "libraries": libraries.versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if lead:
        work.publish(final, out, base.id, record)
    state.wait_for_everyone()
    return record


def tune_on_records(
    base: Base, data: Data, configuration: AdapterConfiguration, out: Path, report: Report, resume: bool = True
) -> dict[str, Any]:
    """`tune` on the records of a journey file; those that are too long are left out and counted. Raises TrainingError."""
    tokenizer = load_tokenizer(base.folder(download=not is_launched()))
    examples = read_examples(tokenizer, data.pairs(), configuration.longest)
    source = {"file": data.file, "sha256": data.sha256, "in_file": data.in_file, "records": len(data.records)}
    source |= {"used": len(examples.used), "left_out": dict(examples.left_out)}
    return tune(base, tokenizer, examples.used, configuration, out, data.strategy, source, report, resume)


def identity_of(base_id: str, weights: str, strategy: str, configuration: AdapterConfiguration, data: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same for a stopped training to be the one that goes on. More time may be given to it."""
    settings = configuration.model_dump(mode="json", exclude={"minutes", "summary", "name", "processes", "log_every", "save_every"})
    shards = _processes() if configuration.sharding != "none" else 1  # a sharded checkpoint is one file a device
    return {
        "base": base_id, "weights": weights, "strategy": strategy, "data": data["sha256"], "configuration": settings, "shards": shards
    }  # fmt: skip


def _processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def _arguments(configuration: AdapterConfiguration, folder: Path, examples: int) -> Any:
    import trl

    on_cpu = not torch.cuda.is_available()
    settings: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": configuration.per_device,
        "gradient_accumulation_steps": configuration.accumulation(_processes()),
        # The order of all epochs is laid out beforehand, so a stopped training goes on with the very next example.
        "train_sampling_strategy": "sequential",
        "max_steps": steps_of(examples, configuration.batch, configuration.epochs),
        "learning_rate": configuration.learning_rate,
        "lr_scheduler_type": {"clock": "constant", "constant": "constant_with_warmup"}.get(configuration.schedule, configuration.schedule),
        "warmup_steps": configuration.warmup,
        "optim": "adamw_torch",
        "weight_decay": configuration.weight_decay,
        "adam_beta1": configuration.betas[0],
        "adam_beta2": configuration.betas[1],
        "max_grad_norm": configuration.gradient_norm,
        "bf16": True,
        "use_cpu": on_cpu,
        "gradient_checkpointing": configuration.gradient_checkpointing,
        "ddp_find_unused_parameters": False,
        "max_length": None,  # examples that are too long were left out whole
        "padding_free": flash_attention(configuration),
        "logging_steps": configuration.log_every,
        "save_steps": configuration.save_every,
        "save_total_limit": 2,  # one whole checkpoint while the other one is being written
        "report_to": [],
        "disable_tqdm": True,
        "seed": configuration.seed,
    }
    arguments = trl.SFTConfig(**settings)
    # One process, one device. Seeing several, transformers would copy the model to all of them, which TRL refuses.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def flash_attention(configuration: AdapterConfiguration) -> bool:
    """Whether the examples of a pass are laid behind one another in one row instead of being padded.

    TRL's padding-free batches keep the recipe's batch of so many records; its packing into rows of fixed length would not. Flash
    attention is told where each example begins. Without it transformers keeps the examples apart as well (a test holds it to
    that), but with a mask over the whole row, whose cost grows with the square of all examples together: then batches of similar
    lengths are the better way to waste little, and they are padded.
    """
    from transformers.utils import is_flash_attn_2_available

    return configuration.packing == "auto" and torch.cuda.is_available() and bool(is_flash_attn_2_available())


def _trainer(folder: Path, tokenizer: Any, rows: Any, configuration: AdapterConfiguration, arguments: Any, watch: Watch) -> Any:
    import trl
    from transformers import PrinterCallback

    model = _adapted(load_weights(folder, configuration, arguments.device, arguments.padding_free), configuration)
    trainer = trl.SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
        optimizers=_by_the_clock(model, configuration, watch) if configuration.schedule == "clock" else (None, None),
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)
    if configuration.sharding == "none":
        # TRL narrows the adapter of a 4-bit base to bfloat16, whose steps are too coarse for small learning rates.
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    return trainer


def _adapted(model: Any, configuration: AdapterConfiguration) -> Any:
    import peft
    from transformers import set_seed

    set_seed(configuration.seed)
    targets = configuration.targets if isinstance(configuration.targets, str) else list(configuration.targets)
    settings = peft.LoraConfig(
        r=configuration.rank,
        lora_alpha=configuration.alpha,
        lora_dropout=configuration.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    try:
        # Shards of one layer must have one type; the optimisers of ZeRO-3 and FSDP keep a wide copy of their own.
        return peft.get_peft_model(model, settings, autocast_adapter_dtype=configuration.sharding == "none")
    except ValueError as error:
        raise TrainingError(
            f"The adapter does not fit this base: check `targets` in the configuration ({type(error).__name__})."
        ) from error


def _by_the_clock(model: Any, configuration: AdapterConfiguration, watch: Watch) -> tuple[Any, Any]:
    optimiser = torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=configuration.learning_rate,
        betas=configuration.betas,
        weight_decay=configuration.weight_decay,
    )
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, watch.rate)


def _losses(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    losses = [{"step": row["step"], "loss": row["loss"]} for row in history if "loss" in row]
    ends = (losses[0]["loss"], losses[-1]["loss"]) if losses else (None, None)
    return {"first_loss": ends[0], "last_loss": ends[1], "losses": losses}
