"""What watches a training: a clock that goes on counting after a stop, progress lines, and an end by time."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

Report = Callable[[dict[str, float]], None]


class Watch(TrainerCallback):
    """Counts seconds over all sittings, reports at every log line, and stops after `minutes` where there is such a limit."""

    def __init__(self, work: Path, minutes: float | None, report: Report) -> None:
        self._file = work / "seconds.json"
        self._before = json.loads(self._file.read_text()) if self._file.exists() else 0.0
        self._began = time.monotonic()
        self._minutes, self._report = minutes, report
        self._last_tokens, self._last_time = 0.0, self._began
        self.share = self._measured()

    @property
    def seconds(self) -> float:
        """Seconds spent so far, earlier sittings included."""
        return self._before + time.monotonic() - self._began

    def rate(self, step: int) -> float:
        """The learning rate's factor at a step: ten steps up, then down with the time that is left."""
        return min(1.0, (step + 1) / 10) * max(0.03, 1 - self.share)

    def _measured(self) -> float:
        return min(1.0, self.seconds / (self._minutes * 60)) if self._minutes else 0.0

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look at the clock once a step. With several processes the first one's clock counts, or they would part ways."""
        self.share = self._measured()
        if self._minutes and args.world_size > 1:
            shared = torch.tensor([self.share], device=args.device)
            torch.distributed.broadcast(shared, 0)
            self.share = float(shared)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Stop, with a checkpoint, when the time is up."""
        if self.share >= 1.0:
            control.should_training_stop = control.should_save = True
        return control

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Remember the time beside the checkpoint."""
        if state.is_world_process_zero:
            self._file.write_text(json.dumps(self.seconds))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Pass on what a reader wants of a log line."""
        if not logs or "loss" not in logs or not state.is_world_process_zero:
            return
        now, tokens = time.monotonic(), float(logs.get("num_tokens", 0.0))
        pace = (tokens - self._last_tokens) / max(now - self._last_time, 1e-9)
        self._last_tokens, self._last_time = tokens, now
        row = {"step": float(state.global_step), "loss": float(logs["loss"]), "tokens_per_second": pace, "minutes": self.seconds / 60}
        self._report({**row, "of": self._minutes} if self._minutes else {**row, "of_steps": float(state.max_steps)})
