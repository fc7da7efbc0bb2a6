"""RDMs beside rsatoolbox, and beside the one symmetric product that bounds them.

    python benchmarks/rdms.py [--quick] [--large]

Ours, the peer and the product take turns in one process with the same threads. Responses are float32 but for counts.
The first figure behind rsatoolbox's time is how many times as long it takes; that behind the product's, how many times
as long we take. --large adds sizes that rsatoolbox can't do, and their peak of memory.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rsatoolbox
import xarray as xr
from beside import best, line, responses
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

from cortexcnn.similarity import noise_covariance, rdm


def plain(sizes: list[tuple[int, int]]) -> None:
    for stimuli, units in sizes:
        table = responses(stimuli, units)
        data = Dataset(table.values)
        runs = 20 if stimuli * units < 1e6 else 5 if stimuli * stimuli * units < 1e10 else 2
        for ours, theirs in (("correlation", "correlation"), ("squared euclidean", "euclidean"), ("cosine", None)):
            peer = [lambda d=data, m=theirs: calc_rdm(d, method=m)] if theirs else []
            times = best(runs, lambda t=table, m=ours: rdm(t, method=m), lambda t=table: t.values @ t.values.T, *peer)
            line(f"{ours} {stimuli:,} × {units:,}", times[0], times[2] if peer else None, times[1])
        counts = responses(min(stimuli, 500), min(units, 10_000), counts=True)
        data = Dataset(counts.values)
        times = best(
            min(runs, 5), lambda t=counts: rdm(t, method="poisson"), lambda d=data: calc_rdm(d, method="poisson")
        )
        line(f"poisson {counts.shape[0]:,} × {counts.shape[1]:,}", *times)


def repeated(stimuli: int, units: int, runs: int) -> None:
    table = responses(stimuli, units, 4)
    flat = table.transpose("stimulus", "repeat", "unit").values.reshape(-1, units)
    names = {"stimulus": np.repeat([f"{i:05d}" for i in range(stimuli)], 4), "fold": np.tile(np.arange(4.0), stimuli)}
    data = Dataset(flat, obs_descriptors=names)
    ours, limit, peer = best(
        runs,
        lambda: rdm(table, method="crossnobis"),
        lambda: [flat[k::4] @ flat[k::4].T for k in (0, 1, 2, 3, 0)],
        lambda: calc_rdm(data, method="crossnobis", descriptor="stimulus", cv_descriptor="fold"),
    )
    line(f"crossnobis {stimuli:,} × {units:,}, 4 folds", ours, peer, limit)
    few = table.isel(unit=slice(0, min(units, 1000)))
    flat = few.transpose("stimulus", "repeat", "unit").values.reshape(-1, few.sizes["unit"]).astype(float)
    data = Dataset(flat, obs_descriptors=names)
    residuals = flat - flat.reshape(stimuli, 4, -1).mean(axis=1).repeat(4, axis=0)
    covariance = rsatoolbox.data.noise.cov_from_residuals
    for ours_name, theirs_name in (("ledoit-wolf", "shrinkage_eye"), ("diagonal shrinkage", "shrinkage_diag")):
        ours, peer = best(
            1,
            lambda m=ours_name: noise_covariance(few, method=m),
            lambda r=residuals, m=theirs_name: covariance(r, dof=stimuli * 3, method=m),
        )
        line(f"noise, {ours_name}, {few.sizes['unit']:,} units", ours, peer)
    given, few = noise_covariance(few), few.mean("repeat")
    precision = np.linalg.inv(given.values)
    means = Dataset(few.values.astype(float))
    ours, peer, inverted = best(
        runs,
        lambda: rdm(few, method="mahalanobis", noise=given),
        lambda: calc_rdm(means, method="mahalanobis", noise=np.linalg.inv(given.values)),
        lambda: calc_rdm(means, method="mahalanobis", noise=precision),
    )
    line(f"mahalanobis {stimuli:,} × {few.sizes['unit']:,}, covariance given", ours, peer)
    line("    theirs from a ready inverse", ours, inverted)


def measured(function: Callable[[], object]) -> tuple[float, float]:
    """Time in ms, and how much the peak of memory rises above what is in use, in GiB (on Linux)."""
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets the peak back to what is in use
    [ours] = best(1, function)
    return ours, (_memory("VmHWM") - before) / 2**20


def _memory(name: str) -> int:
    """A figure of this process in KiB."""
    [found] = [row for row in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if name in row]
    return int(found.split()[1])


def large() -> None:
    for stimuli, units, repeats, options in (
        (1_000, 100_000, 4, {"method": "crossnobis"}),
        (1_000, 100_000, 4, {"method": "crossnobis", "noise": "ledoit-wolf"}),
    ):
        table = responses(stimuli, units, repeats)
        ours, more = measured(lambda t=table, o=options: rdm(t, **o))
        line(f"{' '.join(options.values())} {stimuli:,} × {units:,}, {repeats} folds", ours, None)
        print(f"{'':46} {more:.2f} GiB beside the responses' {table.nbytes / 2**30:.2f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "responses.nc"
        responses(2_000, 100_000).rename("responses").to_netcdf(path, engine="h5netcdf")
        with xr.open_dataarray(path, engine="h5netcdf") as table:
            ours, more = measured(lambda: rdm(table))
        line("correlation 2,000 × 100,000, read from a file", ours, None)
        print(f"{'':46} {more:.2f} GiB in all, of responses of {table.nbytes / 2**30:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    parser.add_argument("--large", action="store_true", help="sizes that rsatoolbox can't do as well; minutes, 6 GiB")
    arguments = parser.parse_args()
    plain(
        [(8, 50), (92, 100), (200, 5_000)] if arguments.quick else [(8, 50), (92, 100), (500, 10_000), (2_000, 10_000)]
    )
    repeated(*((60, 1_000, 1) if arguments.quick else (500, 10_000, 2)))
    if arguments.large:
        large()


if __name__ == "__main__":
    main()
