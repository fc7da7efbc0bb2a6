"""RDMs, comparisons and bootstraps beside rsatoolbox and beside the bare product that bounds them.

    python benchmarks/similarity.py [--quick]

Peer, limit and our own run take turns in one process with the same threads. A ratio above 1 is in our favour.
"""

from __future__ import annotations

import argparse
import io
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr

import numpy as np
import rsatoolbox
import xarray as xr

from cortexcnn.similarity import bootstrap, compare, noise_ceiling, rdm

THEIRS = {"pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho-a": "rho-a", "kendall tau-a": "tau-a"}


def best(runs: int, *functions: Callable[[], object]) -> list[float]:
    """Shortest time of each function in ms; they take turns, so that each sees the same machine."""
    times = [[] for _ in functions]
    for _ in range(runs):
        for function, found in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            found.append(1e3 * (time.perf_counter() - start))
    return [min(found) for found in times]


def line(name: str, ours: float, peer: float | None, limit: float | None = None) -> None:
    beside = f"rsatoolbox {peer:10.1f} ms  {peer / ours:8.1f}×" if peer is not None else " " * 35
    bound = f"   product {limit:8.1f} ms  {limit / ours:5.2f} of it" if limit is not None else ""
    print(f"{name:46} {ours:9.2f} ms   {beside}{bound}", flush=True)


def responses(stimuli: int, units: int, folds: int = 0) -> xr.DataArray:
    shape = (stimuli, units, folds) if folds else (stimuli, units)
    values = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    dims = ("stimulus", "unit", "repeat")[: len(shape)]
    return xr.DataArray(values, {"stimulus": np.arange(stimuli), "unit": np.arange(units)}, dims)


def stack(count: int, stimuli: int, dim: str, seed: int) -> xr.DataArray:
    values = np.triu(np.random.default_rng(seed).random((count, stimuli, stimuli)), 1)
    labels = np.arange(stimuli)
    coords = {"stimulus": labels, "stimulus2": labels}
    return xr.DataArray(values + values.swapaxes(1, 2), coords, (dim, "stimulus", "stimulus2"))


def rdms(quick: bool) -> None:
    print("\nRDMs of float32 responses; the limit is one symmetric product in float32")
    sizes = [(200, 5_000)] if quick else [(500, 10_000), (2_000, 10_000), (1_000, 100_000)]
    for stimuli, units in sizes:
        table = responses(stimuli, units)
        data = rsatoolbox.data.Dataset(table.values)
        runs = 5 if stimuli * stimuli * units < 1e10 else 1
        for method, theirs in (("correlation", "correlation"), ("squared euclidean", "euclidean"), ("cosine", None)):
            peers = [lambda theirs=theirs, data=data: rsatoolbox.rdm.calc_rdm(data, method=theirs)] if theirs else []
            ours, limit, *peer = best(
                runs,
                lambda table=table, method=method: rdm(table, method=method),
                lambda table=table: table.values @ table.values.T,
                *peers,
            )
            line(f"{method} {stimuli:,} × {units:,}", ours, peer[0] if peer else None, limit)
    stimuli, units = (60, 1_000) if quick else (500, 10_000)
    table = responses(stimuli, units, 4)
    flat = table.transpose("stimulus", "repeat", "unit").values.reshape(-1, units)
    names = {"stimulus": np.repeat(np.arange(stimuli) * 1.0, 4), "fold": np.tile(np.arange(4.0), stimuli)}
    data = rsatoolbox.data.Dataset(flat, obs_descriptors=names)
    ours, limit, peer = best(
        2,
        lambda: rdm(table, method="crossnobis"),
        lambda: [flat[k::4] @ flat[k::4].T for k in (0, 1, 2, 3, 0)],
        lambda: rsatoolbox.rdm.calc_rdm(data, method="crossnobis", descriptor="stimulus", cv_descriptor="fold"),
    )
    line(f"crossnobis {stimuli:,} × {units:,}, 4 folds", ours, peer, limit)


def comparisons(quick: bool) -> None:
    print("\nComparisons")
    for models, subjects, stimuli in [(1, 10, 92)] if quick else [(1, 10, 92), (10, 15, 92), (1, 10, 440)]:
        first, second = stack(models, stimuli, "model", 0), stack(subjects, stimuli, "subject", 1)
        theirs = rsatoolbox.rdm.RDMs(first.values), rsatoolbox.rdm.RDMs(second.values)
        for method, name in THEIRS.items():
            ours, peer = best(
                5,
                lambda method=method, pair=(first, second): compare(*pair, method=method),
                lambda name=name, theirs=theirs: rsatoolbox.rdm.compare(*theirs, method=name),
            )
            line(f"{method}, {models} × {subjects} RDMs of {stimuli}", ours, peer)
    second = stack(15, 92, "subject", 1)
    theirs = rsatoolbox.rdm.RDMs(second.values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # random RDMs have no ceiling to speak of, and both tools warn
        for method, name in THEIRS.items():
            ours, peer = best(
                3,
                lambda method=method: noise_ceiling(second, method=method),
                lambda name=name: rsatoolbox.inference.boot_noise_ceiling(theirs, method=name),
            )
            line(f"noise ceiling, {method}, 15 RDMs of 92", ours, peer)


def bootstraps(quick: bool) -> None:
    models, subjects, stimuli, draws = (3, 5, 40, 50) if quick else (10, 15, 92, 1000)
    print(f"\nBootstraps, {models} models × {subjects} subjects × {stimuli} stimuli × {draws} draws")
    first, second = stack(models, stimuli, "model", 0), stack(subjects, stimuli, "subject", 1)
    data = rsatoolbox.rdm.RDMs(second.values)
    fixed = [rsatoolbox.model.ModelFixed(f"m{i}", rsatoolbox.rdm.RDMs(first.values[i : i + 1])) for i in range(models)]
    peers = {
        "subjects": rsatoolbox.inference.eval_bootstrap_rdm,
        "stimuli": rsatoolbox.inference.eval_bootstrap_pattern,
        ("stimuli", "subjects"): rsatoolbox.inference.eval_bootstrap,
    }
    few = draws if quick else 20  # of theirs, scaled up: 1,000 draws of rank measures take minutes
    for over, theirs in peers.items():
        for method, name in THEIRS.items():
            [ours] = best(
                1 if "tau" in method else 2,
                lambda over=over, method=method: bootstrap(first, second, over=over, method=method, draws=draws, rng=0),
            )
            with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
                warnings.simplefilter("ignore")
                [peer] = best(1, lambda f=theirs, n=name: f(fixed, data, method=n, N=few, boot_noise_ceil=False))
            line(f"{over if isinstance(over, str) else ' × '.join(over)}, {method}", ours, peer * draws / few)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    quick = parser.parse_args().quick
    rdms(quick)
    comparisons(quick)
    bootstraps(quick)


if __name__ == "__main__":
    main()
