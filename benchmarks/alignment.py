"""Alignment beside the direct dense formula, or the peer that computes it, in one run.

    python benchmarks/alignment.py [--quick]

Ours includes labels, checks and the products of the responses; peers get bare arrays. The limit is the product that
can't be done without: of the responses of one side with themselves, or of all units with all units.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import xarray as xr
from beside import best
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import linprog
from scipy.sparse import coo_array
from sklearn.cross_decomposition import CCA

from cortexcnn.similarity.alignments.alignment import alignment

_PEERS = {
    "linear cka": "features × features",
    "procrustes": "scipy's rotation",
    "cca": "scikit-learn's CCA",
    "soft matching": "the whole linear program",
}


def main() -> None:
    """Print times, ratios and how far the results are apart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    parser.add_argument("--runs", type=int, default=5, help="turns; the best counts (default: 5)")
    arguments = parser.parse_args()
    small = 4 if arguments.quick else 1
    many, few, cells = (500 // small, 5000 // small), (500, 50 // small), (440 // small, 313 // small)
    for method, (stimuli, units), others, peer in [
        ("linear cka", many, many[1], _cka),
        ("unbiased cka", many, many[1], None),
        ("crossvalidated cka", many, many[1], None),
        ("procrustes", (many[0], 1000 // small), 1000 // small, _procrustes),
        ("cca", few, few[1], _cca),
        ("one-to-one", cells, 150 // small, None),
        ("soft matching", cells, 150 // small, _soft),
    ]:
        ours, theirs = _tables(stimuli, (units, others), repeats=8 if method == "crossvalidated cka" else 0)
        _line(method, ours, theirs, peer, arguments.runs)


def _line(method: str, ours: xr.DataArray, theirs: xr.DataArray, peer: Callable | None, runs: int) -> None:
    x, y = ((side if "repeat" not in side.dims else side[0]).values for side in (ours, theirs))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    product = (lambda: x.T @ y) if method in ("one-to-one", "soft matching", "cca") else (lambda: x @ x.T)
    functions = [lambda: alignment(ours, theirs, method=method), product]
    found, limit, *other = best(runs, *functions, *([lambda: peer(x, y)] if peer else []))
    told = f"{method:20} {'{} × {} and {}'.format(*x.shape, y.shape[1]):22} {found:9.1f} ms   "
    told += f"product {limit:7.2f} ms {found / limit:7.1f}×"
    if peer:
        apart = abs(alignment(ours, theirs, method=method).item() - peer(x, y))
        told += f"   {_PEERS[method]} {other[0]:9.1f} ms {other[0] / found:6.1f}×   apart {apart:.0e}"
    print(told, flush=True)


def _tables(stimuli: int, units: tuple[int, int], *, repeats: int) -> list[xr.DataArray]:
    """Two sides that share something, in float64."""
    rng = np.random.default_rng(0)
    shared, result = rng.normal(size=(stimuli, 20)), []
    for count in units:
        values = shared @ rng.normal(size=(20, count)) + 3 * rng.normal(size=(stimuli, count))
        labels = {"stimulus": np.arange(stimuli), "unit": np.arange(count)}
        table = xr.DataArray(values, labels, ("stimulus", "unit"))
        result.append(table + xr.DataArray(rng.normal(size=repeats), dims="repeat") if repeats else table)
    return [table.transpose("repeat", ...) if repeats else table for table in result]


def _cka(x: np.ndarray, y: np.ndarray) -> float:
    """From products of features with features."""
    cross, own, other = (np.linalg.norm(a.T @ b) for a, b in ((x, y), (x, x), (y, y)))
    return cross**2 / (own * other)


def _procrustes(x: np.ndarray, y: np.ndarray) -> float:
    """From the rotation itself."""
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return float(np.linalg.norm(x @ orthogonal_procrustes(x, y)[0] - y))


def _cca(x: np.ndarray, y: np.ndarray) -> float:
    """Mean correlation of all pairs of variates."""
    count = min(x.shape[1], y.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it did not converge
        first, second = CCA(count, scale=False, max_iter=2000).fit_transform(x, y)
    return float(np.mean([np.corrcoef(first[:, k], second[:, k])[0, 1] for k in range(count)]))


def _soft(x: np.ndarray, y: np.ndarray) -> float:
    """From all pairs of units at once."""
    correlation = (x / np.linalg.norm(x, axis=0)).T @ (y / np.linalg.norm(y, axis=0))
    (p, q), each = correlation.shape, np.arange(correlation.size)
    rows, columns = np.divmod(each, correlation.shape[1])
    sums = coo_array((np.ones(2 * len(each)), (np.r_[rows, p + columns], np.r_[each, each]))).tocsr()
    totals = np.repeat([1 / p, 1 / q], [p, q])
    return -linprog(-correlation.ravel(), A_eq=sums, b_eq=totals, method="highs-ds").fun


if __name__ == "__main__":
    main()
