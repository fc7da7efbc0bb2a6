"""Comparisons of RDMs, and noise ceilings, beside rsatoolbox.

    python benchmarks/comparisons.py [--quick]

Peer and our own run take turns in one process with the same threads. A ratio above 1 is in our favour. Ours takes
labelled matrices, and checks on the way that they are symmetric, zero on the diagonal and of the same stimuli. Theirs
takes vectors of pairs, made beforehand; the second line of each has it make them from the matrices too.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import rsatoolbox
import xarray as xr
from beside import best, line
from rsatoolbox.rdm import RDMs

from cortexcnn.similarity import compare, noise_ceiling

THEIRS = {"pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho-a": "rho-a", "kendall tau-a": "tau-a"}


def stack(count: int, stimuli: int, dim: str, seed: int) -> xr.DataArray:
    values = np.triu(np.random.default_rng(seed).random((count, stimuli, stimuli)), 1)
    labels = {"stimulus": np.arange(stimuli), "stimulus2": np.arange(stimuli)}
    return xr.DataArray(values + values.swapaxes(1, 2), labels, (dim, "stimulus", "stimulus2"))


def comparisons(models: int, subjects: int, stimuli: int) -> None:
    both = stack(models, stimuli, "model", 0), stack(subjects, stimuli, "subject", 1)
    vectors = [RDMs(each.values) for each in both]
    runs = 50 if models * subjects * stimuli**2 < 1e5 else 5
    for method, name in THEIRS.items():
        ours, peer, whole = best(
            runs,
            lambda m=method: compare(*both, method=m),
            lambda n=name: rsatoolbox.rdm.compare(*vectors, method=n),
            lambda n=name: rsatoolbox.rdm.compare(*(RDMs(each.values) for each in both), method=n),
        )
        line(f"{method}, {models} × {subjects} RDMs of {stimuli}", ours, peer)
        line("    with vectors made of the matrices", ours, whole)


def ceilings(subjects: int, stimuli: int) -> None:
    rdms = stack(subjects, stimuli, "subject", 1)
    vectors = RDMs(rdms.values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # random RDMs have no ceiling to speak of, and both tools warn
        for method, name in THEIRS.items():
            ours, peer = best(
                3,
                lambda m=method: noise_ceiling(rdms, method=m),
                lambda n=name: rsatoolbox.inference.boot_noise_ceiling(vectors, method=n),
            )
            line(f"noise ceiling, {method}, {subjects} RDMs of {stimuli}", ours, peer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    quick = parser.parse_args().quick
    for sizes in [(1, 10, 92)] if quick else [(1, 10, 92), (10, 15, 92), (1, 10, 440)]:
        comparisons(*sizes)
    ceilings(15, 92)


if __name__ == "__main__":
    main()
