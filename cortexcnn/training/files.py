"""Files that are whole or not there: written beside their place, then moved there in one stroke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

__all__ = ["whole"]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what will be at ``path`` once it is complete.

    Raises
    ------
    OSError
        If it can't be written, as on a disk that is full; what was at ``path`` before stays.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "log.csv"
    ...     with whole(file) as part:
    ...         _ = part.write_text("epoch")
    ...         there = file.exists()
    ...     there, file.read_text()
    (False, 'epoch')
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except (OSError, RuntimeError, SafetensorError) as error:  # the three that a full disk is reported by
        reason = str(error).splitlines()[0]
        raise OSError(
            f"{path} can't be written ({reason}); what was saved before stays: make room on the disk, then resume"
        ) from error
    finally:
        part.unlink(missing_ok=True)
