"""Do 95 % intervals hold the truth in 95 of 100 experiments when both stimuli and subjects are random?

    python analyses/interval_coverage.py [--experiments 1000] [--method pearson] [--draws 300]

Each experiment shows stimuli never seen before to subjects never met before. A stimulus is a point in feature space;
every subject weighs the features in a way of its own; each dissimilarity is measured with noise; the model sees half of
the features well and half of them faintly. The truth is the mean similarity over experiments with as many stimuli and
subjects, which many simulated experiments without an interval tell. Printed for each size: the share of intervals that
hold it, the true standard deviation of the similarity, and what the corrected variance says it is.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import xarray as xr

from cortexcnn.similarity import compare
from cortexcnn.similarity.inference.evaluation import evaluate

STIMULI, SUBJECTS = (10, 20, 30, 40), (5, 10, 20)


def experiment(rng: np.random.Generator, stimuli: int, subjects: int, features: int = 8) -> tuple[xr.DataArray, ...]:
    """RDM of a model, and those of subjects."""
    points = rng.normal(size=(stimuli, features))
    seen = points * np.where(np.arange(features) < features // 2, 1.0, 0.3)
    felt = points * (1 + 0.6 * rng.normal(size=(subjects, 1, features)))
    noise = np.triu(0.6 * features * rng.normal(size=(subjects, stimuli, stimuli)), 1)
    labels = {"stimulus": np.arange(stimuli), "stimulus2": np.arange(stimuli)}
    model, brains = (np.square(x[..., :, None, :] - x[..., None, :, :]).sum(axis=-1) for x in (seen, felt))
    return (
        xr.DataArray(model, labels, ("stimulus", "stimulus2")),
        xr.DataArray(brains + noise + noise.swapaxes(1, 2), labels, ("subject", "stimulus", "stimulus2")),
    )


def coverage(
    rng: np.random.Generator,
    stimuli: int,
    subjects: int,
    *,
    experiments: int,
    method: str = "pearson",
    draws: int = 300,
) -> tuple[float, float, float]:
    """Share of intervals that hold the truth, true standard deviation, and root of the mean corrected variance."""
    means = [compare(*experiment(rng, stimuli, subjects), method=method).mean().item() for _ in range(experiments)]
    results = [
        evaluate(*experiment(rng, stimuli, subjects), method=method, draws=draws, rng=rng) for _ in range(experiments)
    ]
    truth = np.mean(means)
    held = [result.lower.item() < truth < result.upper.item() for result in results]
    return float(np.mean(held)), float(np.std(means)), float(np.sqrt(np.mean([r.variance.item() for r in results])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=1000, help="at each size")
    parser.add_argument("--method", default="pearson")
    parser.add_argument("--draws", type=int, default=300)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", message="only|no ceiling")
    rng = np.random.default_rng(0)
    print(f"{given.method}, {given.experiments} experiments at each size, {given.draws} draws of stimuli and subjects")
    print("stimuli  subjects  coverage  deviation: true  estimated")
    for stimuli in STIMULI:
        for subjects in SUBJECTS:
            held, true, estimated = coverage(
                rng, stimuli, subjects, experiments=given.experiments, method=given.method, draws=given.draws
            )
            outside = "" if 0.93 <= held <= 0.97 else "   outside 93-97 %"
            print(f"{stimuli:7} {subjects:9} {held:9.3f} {true:16.4f} {estimated:10.4f}{outside}", flush=True)


if __name__ == "__main__":
    main()
