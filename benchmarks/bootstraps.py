"""Bootstraps beside rsatoolbox: draws of stimuli, of subjects and of both, and the whole evaluation with its ceilings.

    python benchmarks/bootstraps.py [--quick]

10 models × 15 subjects × 92 stimuli × 1,000 draws. rsatoolbox makes a few draws, in turns with ours, and is scaled up:
its time grows with their number alone. A ratio above 1 is in our favour.
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

from cortexcnn.similarity import bootstrap
from cortexcnn.similarity.inference.evaluation import evaluate

METHODS = {"pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho-a": "rho-a", "kendall tau-a": "tau-a"}
BOTH = ("stimuli", "subjects")
PEERS = {
    "subjects": rsatoolbox.inference.eval_bootstrap_rdm,
    "stimuli": rsatoolbox.inference.eval_bootstrap_pattern,
    BOTH: rsatoolbox.inference.eval_bootstrap,
}


def stack(count: int, stimuli: int, dim: str, seed: int) -> xr.DataArray:
    """RDMs of points of which half of the coordinates are shared by all."""
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(0).normal(size=(1, stimuli, 4)).repeat(count, 0)
    points = np.concatenate([shared, rng.normal(size=(count, stimuli, 4))], axis=2)
    values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    return xr.DataArray(
        values, {"stimulus": range(stimuli), "stimulus2": range(stimuli)}, (dim, "stimulus", "stimulus2")
    )


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], runs: int) -> tuple[float, float]:
    """Shortest time of each in ms."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for function, times in zip((ours, theirs), found, strict=True):
            start = time.perf_counter()
            function()
            times.append(1e3 * (time.perf_counter() - start))
    return min(found[0]), min(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    quick = parser.parse_args().quick
    models, subjects, stimuli, draws, few, runs = (3, 5, 40, 100, 10, 1) if quick else (10, 15, 92, 1000, 10, 3)
    first, second = stack(models, stimuli, "model", 1), stack(subjects, stimuli, "subject", 2)
    data = rsatoolbox.rdm.RDMs(second.values)
    fixed = [rsatoolbox.model.ModelFixed(f"m{i}", rsatoolbox.rdm.RDMs(first.values[i : i + 1])) for i in range(models)]
    print(f"{models} models × {subjects} subjects × {stimuli} stimuli × {draws} draws")

    def line(what: str, method: str, over: object, ours: Callable[[int], object], theirs: Callable[[], object]) -> None:
        made = min(draws, 50) if "tau" in method else draws
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            mine, peer = in_turns(lambda: ours(made), theirs, 1 if "tau" in method else runs)
        mine, peer = mine * draws / made if over != "subjects" else mine, peer * draws / few
        where = over if isinstance(over, str) else " × ".join(BOTH)
        print(
            f"{what:10} {where:20} {method:14} {mine:9.1f} ms   rsatoolbox {peer:9.0f} ms  {peer / mine:7.0f}×",
            flush=True,
        )

    for method, name in METHODS.items():
        for over, peer in PEERS.items():
            line(
                "bootstrap", method, over,
                lambda n, o=over, m=method: bootstrap(first, second, over=o, method=m, draws=n, rng=0),
                lambda f=peer, n=name: f(fixed, data, method=n, N=few, boot_noise_ceil=False),
            )  # fmt: skip
            line(
                "evaluate", method, over,
                lambda n, o=over, m=method: evaluate(first, second, over=o, method=m, draws=n, rng=0),
                lambda f=rsatoolbox.inference.eval_dual_bootstrap if over == BOTH else peer, n=name: f(
                    fixed, data, method=n, N=few
                ),
            )  # fmt: skip


if __name__ == "__main__":
    main()
