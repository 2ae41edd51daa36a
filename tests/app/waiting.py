import time
from collections.abc import Callable


def wait_until(happened: Callable[[], object], seconds: float = 60.0) -> None:
    """Look again and again; a slow machine gets its time, a quick one does not wait."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
