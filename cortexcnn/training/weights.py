"""Trained weights as others read them: plain tensors, and in words how they came about."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from cortexcnn.training.files import whole

__all__ = ["save_weights"]


def save_weights(module: nn.Module, path: str | Path, **metadata: object) -> Path:
    """Write the weights of a network as a safetensors file, with what should be known about them.

    The file is written beside its place and then moved there, so that an interruption never leaves half of it.

    Parameters
    ----------
    module : nn.Module
        The network.
    path : str or Path
        The file; one that is there is replaced.
    **metadata
        Written as text: numbers of a sequence separated by spaces, names by commas. ``channels, pixels, mean, std,
        range, degrees`` are read back by ``cortexcnn.models.load`` as the Eye.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If it can't be written; what was there before stays.

    Examples
    --------
    >>> import tempfile
    >>> from safetensors import safe_open
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_weights(nn.Linear(2, 1), Path(folder) / "line.safetensors", name="line", mean=(0.5, 0.25))
    ...     with safe_open(path, framework="pt") as file:
    ...         metadata = file.metadata()
    >>> metadata["mean"]
    '0.5 0.25'
    """
    path = Path(path)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}
    with whole(path) as part:
        save_file(tensors, part, {key: _as_text(value) for key, value in metadata.items()})
        part.chmod(0o644)  # safetensors makes files that only their owner may read
    return path


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return (", " if any(isinstance(item, str) for item in value) else " ").join(str(item) for item in value)
    return str(value)
