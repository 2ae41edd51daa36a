"""What produced a result, in one line: enough to find and repeat the run."""

from app.ui.html import draw, escaped
from app.ui.words import duration, moment, strategy_title
from storage.values import StoredRun


def draw_quiet_line(run: StoredRun) -> None:
    """Model, strategy, quantisation, adapter, seed, tokens, time and run id."""
    adapter = f"adapter {run.adapter}" if run.adapter else "no adapter"
    parts = [
        run.card.id,
        strategy_title(run.strategy),
        _samples(run),
        run.card.quantization.replace("nf4", "NF4") if run.card.quantization != "none" else "not quantised",
    ]
    parts += [adapter, run.card.device, f"seed {run.seed}"]
    if run.usage:
        parts.append(
            f"{run.usage.thinking_tokens:,} thinking and {run.usage.answer_tokens:,} answer tokens in {duration(run.usage.seconds)}"
        )
    parts += [moment(run.created_at), f"run {run.id}"]
    draw(" · ".join(escaped(part) for part in parts if part), "sol-quiet")


def _samples(run: StoredRun) -> str:
    inner, samples, temperature = (run.parameters.get(name) for name in ("inner", "samples", "temperature"))
    if not inner:
        return ""
    chain = strategy_title(str(inner))
    return f"{samples} samples of {chain}{f' at temperature {temperature}' if temperature else ''}" if samples else f"of {chain}"
