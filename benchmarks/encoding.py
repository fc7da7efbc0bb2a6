"""Encoding models beside scikit-learn's, on the same folds in one run.

    python benchmarks/encoding.py [--quick]

Ours and the peer take turns in one process with the same threads; ours includes reading the responses, the kernel,
scores and labels. The limit is the one thing that can't be done without: the kernel, or a decomposition a fold.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import linalg
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import RidgeCV

from cortexcnn.similarity.encoding import encode
from cortexcnn.similarity.folds import stimulus_folds

PENALTIES = np.logspace(-2, 7, 20)

TURNS = {"ridge": 3, "pls": 1}
"""How often each is timed: scikit-learn's PLS takes minutes."""


def main() -> None:
    """Print times, ratios and how far the predictions are apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    quick = parser.parse_args().quick
    stimuli, features, neurons, folds = (200, 500, 20, 5) if quick else (1_000, 5_000, 100, 10)
    layer, cells = tables(stimuli, features, neurons)
    fold = stimulus_folds(layer, folds=folds)
    options = {"folds": fold, "keep_predictions": True, "penalties": PENALTIES}
    print(f"{stimuli:,} stimuli × {features:,} features × {neurons} neurons × {folds} folds")
    peers = {
        "ridge": lambda: RidgeCV(alphas=PENALTIES, alpha_per_target=True),
        "pls": lambda: PLSRegression(n_components=25, scale=False),
    }
    kernel = layer.values @ layer.values.T
    among = kernel[:-100, :-100]
    limits = {
        "ridge": lambda: [linalg.eigh(among, driver="evd") for _ in range(folds)],
        "pls": lambda: layer.values @ layer.values.T,
    }
    for method, peer in peers.items():
        turns = [
            (
                best(2, lambda method=method: encode(layer, cells, method=method, **options).prediction.values),
                best(1, lambda peer=peer: predictions(peer, layer.values, cells.values, fold.values)),
                best(1, limits[method]),
            )
            for _ in range(TURNS[method])
        ]
        ours, theirs, limit = (min(seconds for seconds, _ in one) for one in zip(*turns, strict=True))
        (_, found), (_, wanted), _ = turns[0]
        apart = np.abs(found - wanted).max() / wanted.std()
        print(
            f"{method:6} {ours:7.2f} s   scikit-learn {theirs:7.2f} s  {theirs / ours:6.1f}×   limit {limit:6.2f} s  "
            f"{limit / ours:5.2f} of it   predictions apart by {apart:.1e} of their deviation",
            flush=True,
        )


def tables(stimuli: int, features: int, neurons: int) -> tuple[xr.DataArray, xr.DataArray]:
    """Features with a spectrum that falls, as a layer's does, and neurons that are linear in them with noise."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(stimuli, stimuli)) / np.sqrt(np.arange(1, stimuli + 1))
    layer = hidden @ rng.normal(size=(stimuli, features)) + 0.1 * rng.normal(size=(stimuli, features))
    cells = layer @ rng.normal(size=(features, neurons))
    cells = cells / cells.std(axis=0) + rng.normal(size=cells.shape)
    labels = np.arange(stimuli)
    both = [
        xr.DataArray(values, {"stimulus": labels, "unit": np.arange(values.shape[1])}, ("stimulus", "unit"))
        for values in (layer, cells)
    ]
    return both[0], both[1]


def predictions(make: Callable, features: np.ndarray, responses: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """What the peer predicts of held-out stimuli."""
    result = np.empty_like(responses)
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        result[test] = make().fit(features[train], responses[train]).predict(features[test])
    return result


def best(runs: int, function: Callable[[], object]) -> tuple[float, object]:
    """Shortest time in seconds, and the result."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


if __name__ == "__main__":
    main()
