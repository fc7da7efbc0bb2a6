"""An RDM is compared over its pairs of stimuli: the upper triangle as a vector, aligned by label with another's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_rdm, match_stimuli, matrices_of
from cortexcnn.similarity.rdms.labelling import labelled

__all__ = ["Aligned", "Pairs", "align", "leading", "leave_out_pairs", "shared_pairs", "taken", "vectors"]


def leave_out_pairs(rdm: xr.DataArray, *, same: str) -> xr.DataArray:
    """Leave out the pairs of stimuli that share a label: frames of one movie, parts of one photograph.

    Such pairs are near-duplicates, and similarity over them says little about the rest. Comparisons skip them.

    Parameters
    ----------
    rdm : DataArray (…, stimulus, stimulus2)
        With the label as a coordinate along ``stimulus``.
    same : str
        Name of that coordinate.

    Returns
    -------
    DataArray (…, stimulus, stimulus2)
        NaN at the pairs with equal labels; the diagonal stays zero.

    Raises
    ------
    ValueError
        If there is no such coordinate, or no pair remains.

    Examples
    --------
    >>> rdm = xr.DataArray(1.0 - np.eye(3), dims=("stimulus", "stimulus2"),
    ...     coords={"stimulus": [0, 1, 2], "stimulus2": [0, 1, 2], "movie": ("stimulus", ["sea", "sea", "wood"])})
    >>> leave_out_pairs(rdm, same="movie").values
    array([[ 0., nan,  1.], [nan,  0.,  1.], [ 1.,  1.,  0.]])
    """
    check_rdm(rdm)
    if same not in rdm.coords or rdm.coords[same].dims != ("stimulus",):
        there = [str(name) for name, coord in rdm.coords.items() if coord.dims == ("stimulus",) and name != "stimulus"]
        raise ValueError(f"no coordinate {same} along stimulus; there are {', '.join(there) or 'none'}")
    labels = rdm[same].values
    equal = labels[:, None] == labels[None, :]
    if equal.all():
        raise ValueError(f"all stimuli have the same {same} ({labels[0]}): leaving out such pairs leaves none")
    keep = xr.DataArray(~equal | np.eye(len(labels), dtype=bool), dims=("stimulus", "stimulus2"))
    return rdm.where(keep)


@dataclass(frozen=True)
class Pairs:
    """Which pairs of stimuli a vector of dissimilarities holds.

    Parameters
    ----------
    row, column : ndarray of int (pair)
        Numbers of the two stimuli of each pair.
    stimuli : int
        How many stimuli there are, those without a pair among them.
    """

    row: np.ndarray
    column: np.ndarray
    stimuli: int

    @classmethod
    def of(cls, stimuli: int) -> Pairs:
        """All pairs of so many stimuli, in the order of ``numpy.triu_indices``.

        Parameters
        ----------
        stimuli : int
            How many.

        Returns
        -------
        Pairs

        Examples
        --------
        >>> Pairs.of(3).column
        array([1, 2, 2])
        """
        return cls(*_upper(stimuli), stimuli)

    @property
    def complete(self) -> bool:
        """Whether no pair is left out."""
        return len(self.row) == self.stimuli * (self.stimuli - 1) // 2

    def take(self, positions: np.ndarray) -> Pairs:
        """Some of the pairs, of the same stimuli.

        Parameters
        ----------
        positions : ndarray of int
            Which.

        Returns
        -------
        Pairs
        """
        return Pairs(self.row[positions], self.column[positions], self.stimuli)

    def drawn(self, times: np.ndarray) -> tuple[np.ndarray, Pairs]:
        """The pairs that a draw of stimuli has.

        Parameters
        ----------
        times : ndarray of int (stimulus)
            How many times each stimulus was drawn.

        Returns
        -------
        positions : ndarray of int
            Which of these pairs they repeat.
        pairs : Pairs
            Pairs of the copies, each a stimulus of its own; copies of one stimulus make no pair.

        Examples
        --------
        >>> positions, copies = Pairs.of(3).drawn(np.array([2, 1, 0]))
        >>> positions, copies.row, copies.column
        (array([0, 0]), array([0, 1]), array([2, 2]))
        """
        number = np.full((self.stimuli, self.stimuli), -1)
        number[self.row, self.column] = number[self.column, self.row] = np.arange(len(self.row))
        stimulus = np.repeat(np.arange(self.stimuli), times)
        copies = Pairs.of(len(stimulus))
        positions = number[stimulus[copies.row], stimulus[copies.column]]
        there = np.flatnonzero(positions >= 0)
        return positions[there], copies.take(there)


@dataclass(frozen=True)
class Aligned:
    """Two stacks of RDMs over the same pairs of stimuli, and the labels of what their comparison returns.

    Parameters
    ----------
    first : ndarray (k, pair)
        The one stack, its leading dimensions flattened.
    second : ndarray (l, pair)
        The other.
    stimuli : int
        How many stimuli there are.
    dims : tuple of str
        Leading dimensions of both, one after the other.
    shape : tuple of int
        Their sizes.
    coords : mapping
        Coordinates along them.
    """

    first: np.ndarray
    second: np.ndarray
    stimuli: int
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: Mapping[str, tuple[tuple[str, ...], np.ndarray]]

    def label(self, values: np.ndarray, *, method: str) -> xr.DataArray:
        """Similarities with their labels.

        Parameters
        ----------
        values : ndarray ([draw,] k, l)
            Similarities.
        method : str
            How they were compared.

        Returns
        -------
        DataArray ([draw,] leading dims of the first, leading dims of the second)
        """
        drawn = values.ndim == 3
        dims = (("draw",) if drawn else ()) + self.dims
        shape = (values.shape[:1] if drawn else ()) + self.shape
        coords = {name: xr.Variable(*part) for name, part in self.coords.items()}
        if drawn:
            coords["draw"] = xr.Variable("draw", np.arange(len(values)))
        attrs = {"method": method, "stimuli": self.stimuli}
        return labelled(values.reshape(shape), coords, dims, name="similarity", attrs=attrs)


def align(rdms: xr.DataArray, reference: xr.DataArray) -> Aligned:
    """Check two stacks of RDMs, put their stimuli in the same order, and lay them out as vectors of pairs.

    Parameters
    ----------
    rdms, reference : DataArray (…, stimulus, stimulus2)
        Leading dimensions of the reference that the first also has are renamed: subject becomes subject2.

    Returns
    -------
    Aligned
        Their pairs and labels.

    Raises
    ------
    ValueError
        If the stimuli differ, or there are fewer than 4.
    """
    check_rdm(rdms)
    check_rdm(reference)
    first, second = rdms, reference
    ours, theirs = (rdms.coords.variables["stimulus"].values for rdms in (first, second))
    if not np.array_equal(ours, theirs):
        first, second = match_stimuli(rdms, reference, names=("the rdms", "the reference"))
    count = first.sizes["stimulus"]
    if count < 4:
        raise ValueError(
            f"RDMs are compared over pairs of at least 4 stimuli; there are {count}, whose {count * (count - 1) // 2} "
            "pairs say next to nothing: show more"
        )
    first_dims, second_dims = leading(first), leading(second)
    renamed = {dim: dim if dim not in first_dims else f"{dim}2" for dim in second_dims}
    dims = (*first_dims, *renamed.values())
    if len(set(dims)) < len(dims):
        raise ValueError(
            f"the rdms have the dimensions {', '.join(first_dims)} and the reference {', '.join(second_dims)}: those "
            "that both have get a 2 behind the name, which is taken; rename one by .rename(…)"
        )
    if "draw" in dims:
        raise ValueError("draw is the dimension of bootstrap draws; rename yours by .rename(draw=…)")
    coords = _coords(first, first_dims)
    for name, (along, values) in _coords(second, second_dims).items():
        new = f"{name}2" if name in coords or name in first_dims else name
        coords[renamed.get(name, new)] = (tuple(renamed[dim] for dim in along), values)
    shape = tuple(first.sizes[dim] for dim in first_dims) + tuple(second.sizes[dim] for dim in second_dims)
    return Aligned(vectors(first), vectors(second), count, dims, shape, coords)


@lru_cache(maxsize=8)
def _upper(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the upper triangle, made once for each size and never written to."""
    row, column = np.triu_indices(count, 1)
    row.flags.writeable = column.flags.writeable = False
    return row, column


@lru_cache(maxsize=8)
def _flat(count: int) -> np.ndarray:
    """Positions of the upper triangle in the matrix laid out row by row."""
    row, column = _upper(count)
    return row * count + column


def leading(rdms: xr.DataArray) -> tuple[str, ...]:
    """Dimensions of a stack of RDMs other than the stimuli.

    Parameters
    ----------
    rdms : DataArray (…, stimulus, stimulus2)
        RDMs.

    Returns
    -------
    tuple of str
        Their names, in order.
    """
    return tuple(str(dim) for dim in rdms.dims if dim not in {"stimulus", "stimulus2"})


def vectors(rdms: xr.DataArray) -> np.ndarray:
    """Upper triangles of RDMs.

    Parameters
    ----------
    rdms : DataArray (…, stimulus, stimulus2)
        RDMs.

    Returns
    -------
    ndarray (rdm, pair)
        Leading dimensions flattened, pairs in the order of ``numpy.triu_indices``, in float64.
    """
    matrices = matrices_of(rdms)
    count = matrices.shape[-1]
    return np.take(matrices.reshape(-1, count * count), _flat(count), axis=1).astype(np.float64, copy=False)


def taken(values: np.ndarray, rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Some RDMs over some pairs, copied only if these are not all.

    Parameters
    ----------
    values : ndarray (rdm, pair)
        RDMs.
    rows, pairs : ndarray of int
        From :func:`shared_pairs`.

    Returns
    -------
    ndarray (row, pair)
    """
    return values if (len(rows), len(pairs)) == values.shape else values[np.ix_(rows, pairs)]


def shared_pairs(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Which RDMs can be compared over which pairs: those that neither leaves out.

    Parameters
    ----------
    first, second : ndarray (rdm, pair)
        NaN marks a pair that is left out.

    Yields
    ------
    rows, columns, pairs : ndarray of int
        RDMs of the first and of the second that leave out the same pairs, and the pairs that both have.

    Raises
    ------
    ValueError
        If fewer than 3 pairs remain.
    """
    for rows, here in _alike(first):
        for columns, there in _alike(second):
            pairs = np.flatnonzero(here & there)
            if len(pairs) < 3:
                raise ValueError(
                    f"{len(pairs)} pairs of stimuli are in both RDMs and not left out; a comparison needs at least 3"
                )
            yield rows, columns, pairs


def _alike(values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """RDMs that leave out the same pairs, and which pairs they have."""
    present = ~np.isnan(values)
    patterns, inverse = (present[:1], np.zeros(len(values), int)) if present.all() else np.unique(
        present, axis=0, return_inverse=True
    )  # fmt: skip
    for number, pattern in enumerate(patterns):
        yield np.flatnonzero(inverse.ravel() == number), pattern


def _coords(table: xr.DataArray, dims: tuple[str, ...]) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Coordinates that run along leading dimensions alone."""
    return {
        str(name): (tuple(str(dim) for dim in coord.dims), coord.values)
        for name, coord in table.coords.variables.items()
        if coord.dims and set(coord.dims) <= set(dims)
    }
