"""Whose turn it is: owners take turns, and each owner's own jobs stay in order."""

from collections import deque
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Turns(Generic[Job]):
    """Waiting jobs. The owner who was served longest ago comes first; among the never served, who asked first.

    Not thread-safe: the queue that holds it has the lock.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[int, Job]]] = {}
        self._served: dict[str, int] = {}
        self._number = 0

    def __len__(self) -> int:
        return sum(len(jobs) for jobs in self._waiting.values())

    def add(self, owner: str, job: Job) -> None:
        """The job goes behind the owner's others."""
        self._number += 1
        self._waiting.setdefault(owner, deque()).append((self._number, job))

    def take(self) -> Job | None:
        """The next job, or None. Its owner now counts as served until nothing of theirs waits when the next one is taken."""
        if not self._waiting:
            return None
        owner = min(self._waiting, key=lambda each: _urgency(self._served, each, self._waiting[each][0][0]))
        _, job = self._waiting[owner].popleft()
        if not self._waiting[owner]:
            del self._waiting[owner]
        self._number += 1
        # Only those who wait, or run now, need to be remembered.
        self._served = {name: at for name, at in self._served.items() if name in self._waiting} | {owner: self._number}
        return job

    def remove(self, job: Job) -> bool:
        """Take a job out of the queue. False when it does not wait."""
        for owner, jobs in self._waiting.items():
            for entry in jobs:
                if entry[1] is job:
                    jobs.remove(entry)
                    if not jobs:
                        del self._waiting[owner]
                    return True
        return False

    def order(self) -> list[Job]:
        """All jobs in the order in which they would be taken if nobody else came."""
        waiting = {owner: deque(jobs) for owner, jobs in self._waiting.items()}
        served, number, jobs = dict(self._served), self._number, []
        while waiting:
            owner = min(waiting, key=lambda each: _urgency(served, each, waiting[each][0][0]))
            jobs.append(waiting[owner].popleft()[1])
            if not waiting[owner]:
                del waiting[owner]
            number += 1
            served[owner] = number
        return jobs


def _urgency(served: dict[str, int], owner: str, first: int) -> tuple[int, int]:
    return served.get(owner, 0), first
