"""How often does each test find what is not there, and how often what is? In simulated experiments of known truth.

    python analyses/false_positives.py [--experiments 1000] [--stimuli 20] [--subjects 10]

Stimuli are points in feature space; subjects share a way of seeing them, to which each adds features of its own, and
each dissimilarity its noise. In experiments without an effect the model sees other features, or both models see equally
well, or both groups see alike. Printed for each test: of how many of 100 experiments it said so, without an effect
(it promises 5) and with one. A test that takes stimuli as fixed is tried twice: on stimuli that are fixed, to which
unrelated models have no relation in the mean, and on new stimuli in each experiment, for which it is the wrong choice.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from cortexcnn.similarity import across_subjects, evaluate, permutation_null, significance
from cortexcnn.similarity.comparing.comparison import compare

FEATURES = 6
METHOD = "pearson"


def apart(points: np.ndarray) -> np.ndarray:
    """Squared distances of points (…, stimulus, feature)."""
    return ((points[..., :, None, :] - points[..., None, :, :]) ** 2).sum(axis=-1)


def table(values: np.ndarray, dim: str) -> xr.DataArray:
    """RDMs with labels."""
    labels = {"stimulus": np.arange(values.shape[-1]), "stimulus2": np.arange(values.shape[-1])}
    return xr.DataArray(values, labels | {dim: np.arange(len(values))}, (dim, "stimulus", "stimulus2"))


def seen_by(rng: np.random.Generator, shared: np.ndarray, subjects: int, own: float = 1.0) -> xr.DataArray:
    """RDMs of subjects who see shared points, each with something of its own."""
    values = apart(shared + own * rng.normal(size=(subjects, *shared.shape)))
    noise = np.triu(FEATURES * rng.normal(size=values.shape), 1)
    return table(values + noise + noise.swapaxes(1, 2), "subject")


class Experiments:
    """Experiments of one size, with an effect or without.

    Parameters
    ----------
    rng : Generator
        Of stimuli, subjects and draws.
    stimuli, subjects : int
        How many there are in each.
    """

    def __init__(self, rng: np.random.Generator, stimuli: int, subjects: int) -> None:
        self.rng, self.stimuli, self.subjects = rng, stimuli, subjects

    def points(self) -> np.ndarray:
        """New stimuli, or what nobody else sees of them."""
        return self.rng.normal(size=(self.stimuli, FEATURES))

    def zero(self, effect: bool) -> tuple[xr.DataArray, xr.DataArray]:
        """New stimuli: a model that sees a part of what subjects share, or nothing of it."""
        shared = self.points()
        model = apart(self.points() + 0.6 * effect * shared)
        return table(model[None], "model"), seen_by(self.rng, shared, self.subjects)

    def fixed(self, effect: bool) -> tuple[xr.DataArray, xr.DataArray]:
        """These stimuli: subjects share what the model sees, or nothing at all."""
        model = self.points()
        return table(apart(model)[None], "model"), seen_by(self.rng, 0.45 * effect * model, self.subjects)

    def pair(self, effect: bool) -> tuple[xr.DataArray, xr.DataArray]:
        """New stimuli: two models that see equally well, or not."""
        shared = self.points()
        models = np.stack([apart(shared + noise * self.points()) for noise in (1.0, 1.0 + 1.2 * effect)])
        return table(models, "model"), seen_by(self.rng, shared, self.subjects)

    def ceiling(self, effect: bool) -> tuple[xr.DataArray, xr.DataArray]:
        """New stimuli: the model is what subjects share, or sees it worse."""
        shared = self.points()
        model = apart(shared + effect * self.points())
        return table(model[None], "model"), seen_by(self.rng, shared, self.subjects)

    def groups(self, effect: bool) -> tuple[xr.DataArray, xr.DataArray]:
        """These stimuli: two groups that see alike, or of which the second sees less of what the model sees."""
        shared, half = self.points(), self.subjects
        one, other = seen_by(self.rng, shared, half), seen_by(self.rng, shared, half, own=1.0 + 0.8 * effect)
        both = xr.concat([one, other.assign_coords(subject=other.subject + half)], "subject")
        return table(apart(shared)[None], "model"), both.assign_coords(group=("subject", list("a" * half + "b" * half)))


def tests(rng: np.random.Generator, draws: int) -> dict[str, tuple[str, str, Callable[..., float]]]:
    """Tests by name: the experiment that they are tried on, what the experiment is, and the p that they give."""

    def drawn(over: tuple[str, ...], against: str = "zero", test: str = "t") -> Callable[..., float]:
        def p(model: xr.DataArray, subjects: xr.DataArray) -> float:
            evaluation = evaluate(model, subjects, over=over, method=METHOD, draws=draws, rng=rng)
            return float(
                significance(evaluation, against=against, test=test, correction="none").p.values.flat[
                    1 * (against == "each other")
                ]
            )

        return p

    def ranked(test: str, against: str = "zero", groups: str | None = None) -> Callable[..., float]:
        def p(model: xr.DataArray, subjects: xr.DataArray) -> float:
            found = across_subjects(
                model, subjects, test=test, against=against, groups=groups, method=METHOD, permutations=999, rng=rng
            )
            return float(found.p.values.flat[1 * (against == "each other")])

        return p

    def ordered(model: xr.DataArray, subjects: xr.DataArray) -> float:
        found = compare(model, subjects, method=METHOD).mean().item()
        null = permutation_null(model, subjects, method=METHOD, permutations=199, rng=rng).mean("subject")
        return (1 + int((null >= found).sum())) / 200

    both, subjects, stimuli = ("stimuli", "subjects"), ("subjects",), ("stimuli",)
    return {
        "zero: t, stimuli and subjects drawn": ("zero", "new stimuli", drawn(both)),
        "zero: bootstrap, stimuli and subjects drawn": ("zero", "new stimuli", drawn(both, test="bootstrap")),
        "zero: t, stimuli drawn": ("zero", "new stimuli", drawn(stimuli)),
        "zero: orders of the stimuli": ("zero", "new stimuli", ordered),
        "zero: t, subjects drawn": ("fixed", "fixed stimuli", drawn(subjects)),
        "zero: ranks over subjects": ("fixed", "fixed stimuli", ranked("rank")),
        "zero: t over subjects": ("fixed", "fixed stimuli", ranked("t")),
        "zero: signs of subjects": ("fixed", "fixed stimuli", ranked("permutation")),
        "WRONG zero: ranks over subjects": ("zero", "new stimuli", ranked("rank")),
        "each other: t, stimuli and subjects drawn": ("pair", "new stimuli", drawn(both, "each other")),
        "each other: bootstrap, stimuli and subjects drawn": (
            "pair",
            "new stimuli",
            drawn(both, "each other", "bootstrap"),
        ),
        "WRONG each other: t, subjects drawn": ("pair", "new stimuli", drawn(subjects, "each other")),
        "WRONG each other: ranks over subjects": ("pair", "new stimuli", ranked("rank", "each other")),
        "ceiling: t, stimuli and subjects drawn": ("ceiling", "new stimuli", drawn(both, "ceiling")),
        "ceiling: ranks over subjects": ("ceiling", "new stimuli", ranked("rank", "ceiling")),
        "groups: Mann-Whitney": ("groups", "fixed stimuli", ranked("rank", groups="group")),
        "groups: Welch's t": ("groups", "fixed stimuli", ranked("t", groups="group")),
        "groups: exchange of labels": ("groups", "fixed stimuli", ranked("permutation", groups="group")),
    }


def main() -> None:
    """Simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--stimuli", type=int, default=20)
    parser.add_argument("--subjects", type=int, default=10, help="in each group, where there are two")
    parser.add_argument("--draws", type=int, default=300)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", message="only|no ceiling")
    rng = np.random.default_rng(0)
    experiments = Experiments(rng, given.stimuli, given.subjects)
    low, high = (100 * stats.binom.ppf(q, given.experiments, 0.05) / given.experiments for q in (0.025, 0.975))
    print(f"{given.experiments} experiments, {given.stimuli} stimuli, {given.subjects} subjects, {METHOD}")
    print(f"5 of 100 is {low:.1f} to {high:.1f} in 95 of 100 such runs")
    for name, (kind, what, p) in tests(rng, given.draws).items():
        found = [
            100 * np.mean([p(*getattr(experiments, kind)(effect)) <= 0.05 for _ in range(given.experiments)])
            for effect in (False, True)
        ]
        print(f"{name:52} {what:14} {found[0]:6.1f} {found[1]:6.1f}", flush=True)


if __name__ == "__main__":
    main()
