"""What a recording will take, before it takes it: time, memory, disk. Refused at the door where there is not enough."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Forecast", "available_memory"]

_SHARE = 0.9  # of what is free


@dataclass(frozen=True)
class Forecast:
    """What a recording takes.

    Parameters
    ----------
    stimuli, frames, units : int
        Stimuli, images of each, units.
    memory : int
        Bytes of responses that are in memory at once.
    disk : int
        Bytes of the file; 0 where there is none.
    seconds : float
        Measured on the first batch; NaN before.

    Examples
    --------
    >>> print(Forecast(stimuli=10_000, frames=1, units=193_600, memory=2**26, disk=7_744_000_000, seconds=400))
    10000 stimuli × 193600 units: about 7 minutes, 67 MB of memory for responses, 7.7 GB of disk
    """

    stimuli: int
    frames: int
    units: int
    memory: int
    disk: int = 0
    seconds: float = float("nan")

    def __str__(self) -> str:
        moving = f" × {self.frames} frames" if self.frames > 1 else ""
        parts = [] if self.seconds != self.seconds else [f"about {_time(self.seconds)}"]
        parts.append(f"{_size(self.memory)} of memory for responses")
        if self.disk:
            parts.append(f"{_size(self.disk)} of disk")
        return f"{self.stimuli} stimuli{moving} × {self.units} units: {', '.join(parts)}"

    def check(self, out: Path | None) -> None:
        """Refuse what memory or disk can't hold.

        Parameters
        ----------
        out : Path or None
            Where the file goes.

        Raises
        ------
        MemoryError
            If the responses don't fit in memory.
        OSError
            If the file doesn't fit on its disk.
        """
        free = available_memory()
        if free is not None and self.memory > _SHARE * free:
            remedy = (
                "record fewer units or a smaller batch"
                if out
                else "give out='FILE.nc' to write them to a file as they come, or record fewer units"
            )
            raise MemoryError(f"{self} needed, {_size(free)} of memory free: record fewer units, or give {remedy}")
        if out is not None:
            folder = next(parent for parent in out.absolute().parents if parent.is_dir())
            room = shutil.disk_usage(folder).free
            if self.disk > _SHARE * room:
                raise OSError(
                    errno.ENOSPC,
                    f"{self} needed, {_size(room)} free where {out} goes: choose another disk, or record fewer units",
                )


def available_memory() -> int | None:
    """Bytes of memory that this process could still take.

    Returns
    -------
    int or None
        None where the system doesn't say. The limit of a container counts.
    """
    found = []
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        if "MemAvailable" in lines:
            found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    group = Path("/sys/fs/cgroup")
    limit = group / "memory.max"
    if limit.is_file() and (most := limit.read_text().strip()) != "max":
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        held = int((group / "memory.current").read_text()) - int(stat.get("inactive_file", 0))  # cached files give way
        found.append(max(0, int(most) - held))
    return min(found, default=None)


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.2g} {unit}" if count < 10 else f"{count:.0f} {unit}"
        count /= 1000
    raise AssertionError


def _time(seconds: float) -> str:
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
