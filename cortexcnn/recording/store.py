"""Responses in a file, written as they come, so that a recording may be larger than memory and survive being stopped.

A recording grows in ``NAME.part``; when it is complete, that becomes ``NAME`` in one step. What is there already is
only used if the content hashes of weights, eye and stimuli are those of the new recording, and never overwritten
without being asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import h5netcdf
import numpy as np
import torch
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.recording.collect import NotFinite, columns_of, in_order, moving
from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.electrode import Site
from cortexcnn.recording.provenance import HASHES, stimuli_hash

__all__ = ["InFile", "keep_responses", "open_responses"]

_RECORDED = "recorded"
"""While a file grows: how many stimuli have been recorded of each layer."""


class InFile:
    """Responses in a NetCDF-4 file; a thread writes one batch while the network runs the next.

    Parameters
    ----------
    path : Path
        Where the complete file will be.
    table : Dataset without variables
        Coordinates and attributes.
    sites : sequence of Site
        In the order of the units.
    frames : int
        Images of each stimulus.
    dtype : torch.dtype
        Of the responses.
    overwrite : bool
        Replace a complete file, and an interrupted one that doesn't match.
    resume : bool
        Go on with an interrupted one that matches.

    Raises
    ------
    FileExistsError
        If something is there that would have to be overwritten.
    ValueError
        If an interrupted recording is there that is not of the same weights, eye, stimuli and units.
    """

    def __init__(
        self,
        path: Path,
        table: xr.Dataset,
        sites: Sequence[Site],
        *,
        frames: int,
        dtype: torch.dtype,
        overwrite: bool,
        resume: bool,
    ) -> None:
        self._path, self._part = path, path.with_name(f"{path.name}.part")
        self._table, self._sites, self._frames = table, sites, frames
        self._columns, self._index = columns_of(sites), {site.layer: k for k, site in enumerate(sites)}
        self._dtype, self._bad = dtype, NotFinite()
        if not _may_resume(path, self._part, table, overwrite=overwrite, resume=resume):
            self._create()
        self._file = h5netcdf.File(self._part, "a")
        self._recorded = np.array(self._file.attrs[_RECORDED], ndmin=1)  # one entry comes back as a scalar
        self._queue: Queue[Any] = Queue(maxsize=2)
        self._failure: BaseException | None = None
        self._writer = Thread(target=self._write, name="responses to file", daemon=True)
        self._writer.start()

    def done(self, sites: Sequence[Site]) -> int:
        """How many stimuli have been written of all of some sites."""
        return min(int(self._recorded[self._index[site.layer]]) for site in sites)

    def targets(self, sites: Sequence[Site], rows: slice) -> dict[str, torch.Tensor]:
        """New tensors."""
        images = (rows.stop - rows.start) * self._frames
        return {site.layer: torch.empty((images, len(site)), dtype=self._dtype) for site in sites}

    def commit(self, sites: Sequence[Site], rows: slice, targets: Mapping[str, torch.Tensor]) -> None:
        """Hand a batch to the writer; waits if it is two batches behind."""
        for site in sites:
            self._bad.look(site, targets[site.layer])
        self._queue.put((rows, dict(targets)))
        self._complain()

    def finish(self) -> xr.DataArray:
        """Complete the file and open it."""
        self._stop_writing()
        self._complain()
        del self._file.attrs[_RECORDED]
        self._file.close()
        self._part.replace(self._path)
        self._bad.warn(self._sites, self._table["unit"].values)
        return open_responses(self._path)

    def close(self) -> None:
        """Keep what has been written for a later run."""
        self._stop_writing()
        self._file.close()

    def _create(self) -> None:
        self._part.unlink(missing_ok=True)
        bare = self._table.copy()
        bare.attrs = {}
        for name, coord in self._table.coords.items():
            if "unit" in coord.dims and coord.dtype.kind == "U":
                # text of fixed length, encoded in one go: strings one by one take seconds where there are many units
                text = np.strings.encode(coord.values, "utf-8")
                bare[name] = ("unit", text, {"_Encoding": "utf-8"}, {"dtype": "S1"})
        bare.to_netcdf(self._part, engine="h5netcdf")
        with h5netcdf.File(self._part, "a") as file:
            dtype = torch.empty(0, dtype=self._dtype).numpy().dtype
            variable = file.create_variable("responses", moving(self._table), dtype)
            variable.attrs.update(self._table.attrs)
            file.attrs[_RECORDED] = np.zeros(len(self._sites), np.int64)

    def _write(self) -> None:
        """What the writing thread does until it is given None; after a failure it only empties the queue."""
        while (item := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._put(*item)
                except BaseException as failure:  # noqa: BLE001 - told to the recording thread, which raises it
                    self._failure = failure

    def _put(self, rows: slice, targets: Mapping[str, torch.Tensor]) -> None:
        variable = self._file.variables["responses"]
        for layer, values in targets.items():
            block = values.numpy()
            if "time" in self._table.coords:
                block = block.reshape(-1, self._frames, block.shape[-1])
            variable[rows, ..., self._columns[layer]] = block
            self._recorded[self._index[layer]] = rows.stop
        self._file.flush()
        self._file.attrs[_RECORDED] = self._recorded
        self._file.flush()

    def _stop_writing(self) -> None:
        if self._writer.is_alive():
            self._queue.put(None)
            self._writer.join()

    def _complain(self) -> None:
        if self._failure is not None:
            raise OSError(
                f"{self._part} could not be written: {self._failure}; what is in it is kept"
            ) from self._failure


def open_responses(
    path: str | Path, *, network: Recordable | None = None, stimuli: xr.Dataset | None = None
) -> xr.DataArray:
    """Open recorded responses, and refuse those that are not what they are taken for.

    Parameters
    ----------
    path : str or Path
        A file that ``record`` has written.
    network : Network, optional
        Refuse responses of other weights or another eye.
    stimuli : Dataset (stimulus), optional
        Refuse responses to other stimuli.

    Returns
    -------
    DataArray (stimulus, unit[, time])
        Read from the file when values are needed; ``.load()`` reads them all, ``.close()`` lets go of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file; says so where there is an interrupted recording.
    ValueError
        If it holds no responses, or those of other weights, eye or stimuli: names both hashes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cortexcnn import load, record, sweep
    >>> network, bars = load("cortexnet"), sweep("bar", orientation=[0, 45, 90])
    >>> with TemporaryDirectory() as folder:
    ...     responses = record(network, bars, layers=["conv1"], out=f"{folder}/bars.nc", progress=False)
    ...     responses.close()
    ...     with open_responses(f"{folder}/bars.nc", network=network, stimuli=bars) as responses:
    ...         print(responses.dims, responses.attrs["model"])
    ('stimulus', 'unit') cortexnet
    """
    path = Path(path)
    if not path.is_file():
        part = path.with_name(f"{path.name}.part")
        hint = f"; {part} is an interrupted recording: record with resume=True to complete it" if part.is_file() else ""
        raise FileNotFoundError(f"no file {path}{hint}")
    responses = _open(path)
    asked: dict[str, str] = {}
    if network is not None:
        asked |= network.hashes()
    if stimuli is not None:
        asked["stimuli_hash"] = stimuli_hash(stimuli)
    wrong = _differences(responses.attrs, asked)
    if wrong:
        responses.close()
        raise ValueError(f"{path} holds other responses: {wrong}; record them again")
    return check_responses(responses)


def keep_responses(responses: xr.DataArray, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write responses that are in memory, to be read by :func:`open_responses`.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        From ``record_own``, ``spikes``, or of your own.
    path : str or Path
        A NetCDF-4 file. It is written beside, and takes its name when it is complete.
    overwrite : bool
        Replace what is there.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError
        If the file is there and was not to be overwritten.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> table = xr.DataArray([[1.0]], dims=("stimulus", "unit"), coords={"stimulus": [0], "unit": ["a"]})
    >>> with TemporaryDirectory() as folder, open_responses(keep_responses(table, f"{folder}/one.nc")) as read:
    ...     print(read.values.tolist())
    [[1.0]]
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; choose another file, or say overwrite=True")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    check_responses(responses).rename("responses").to_netcdf(part, engine="h5netcdf")
    part.replace(path)
    return path


def _may_resume(path: Path, part: Path, table: xr.Dataset, *, overwrite: bool, resume: bool) -> bool:
    """Whether the interrupted recording that is there is to be continued; refuses what is not to be touched."""
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} is there already and {_compared(path, table)}; "
            "read it with open_responses, choose another file, or say overwrite=True"
        )
    if not part.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return False
    if not resume:
        if overwrite:
            return False
        raise FileExistsError(
            f"{part} is an interrupted recording and {_compared(part, table)}; "
            "say resume=True to complete it, or overwrite=True to start anew"
        )
    wrong = _mismatch(part, table)
    if wrong and not overwrite:
        raise ValueError(
            f"{part} is an interrupted recording of something else: {wrong}; "
            "choose another file, or say overwrite=True to start anew"
        )
    return not wrong


def _compared(path: Path, table: xr.Dataset) -> str:
    wrong = _mismatch(path, table)
    return f"holds something else: {wrong}" if wrong else "holds what is asked for"


def _mismatch(path: Path, table: xr.Dataset) -> str:
    """In what a file differs from the recording that is asked for; empty if in nothing."""
    try:
        with _open(path) as there:
            wrong = _differences(there.attrs, {name: table.attrs[name] for name in HASHES})
            if wrong:
                return wrong
            if list(there["unit"].values) != list(table["unit"].values):
                return f"other units ({there.sizes['unit']} there, {table.sizes['unit']} asked for)"
            return _differences(there.attrs, {name: table.attrs[name] for name in ("electrode", "degrees", "pixels")})
    except (OSError, ValueError) as error:
        return f"it can't be read as responses ({error})"


def _differences(there: Mapping[Any, Any], asked: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {there.get(name, 'unknown')} there, {value} asked for"
        for name, value in asked.items()
        if there.get(name) != value
    )


def _open(path: Path) -> xr.DataArray:
    try:
        table = xr.open_dataset(path, engine="h5netcdf")
    except (OSError, KeyError, RuntimeError) as error:
        raise ValueError(f"{path} can't be read: {error}; is it a NetCDF-4 file that record has completed?") from error
    if "responses" not in table:
        table.close()
        raise ValueError(f"{path} holds no responses but {', '.join(map(str, table.data_vars)) or 'nothing'}")
    responses = in_order(table["responses"])
    responses.set_close(table.close)
    return responses
