"""Labels as the levels or columns of a data frame, and out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["columns_of", "index_of", "levels_of", "numbers_of", "refuse_names"]


def index_of(columns: dict[str, np.ndarray]) -> pd.Index:
    """Levels of an index, or its one level."""
    if len(columns) > 1:
        return pd.MultiIndex.from_arrays(list(columns.values()), names=list(columns))
    return next(pd.Index(values, name=name) for name, values in columns.items())


def levels_of(index: pd.Index, label: str, *others: str) -> dict[str, pd.Index]:
    """Values of each level by name; the one level of a plain index bears the labels."""
    names: list[Any] = [label] if index.nlevels == 1 else list(index.names)
    if None in names:
        raise ValueError(f"level {names.index(None)} of {', '.join(map(str, names))} has no name")
    levels = {str(name): index.get_level_values(number) for number, name in enumerate(names)}
    _refuse_absent(levels, (label, *others), "level")
    return levels


def columns_of(frame: pd.DataFrame, wanted: Sequence[str]) -> dict[str, pd.Series]:
    """Columns by name, some of which have to be there."""
    if not frame.columns.is_unique:
        raise ValueError(f"several columns are called {frame.columns[frame.columns.duplicated()][0]}; rename them")
    columns = {str(name): frame[name] for name in frame.columns}
    _refuse_absent(columns, wanted, "column")
    return columns


def _refuse_absent(there: dict[str, Any], wanted: Sequence[str], what: str) -> None:
    absent = [name for name in wanted if name not in there]
    if absent:
        raise ValueError(f"no {what} named {', '.join(absent)}; there are {', '.join(there)}: rename them by .rename")


def refuse_names(columns: dict[str, np.ndarray], taken: set[str]) -> None:
    """Refuse coordinates with the name of another column."""
    both = sorted(columns.keys() & taken)
    if both:
        raise ValueError(f"a coordinate is called {', '.join(both)}, as a column of this form is; call it otherwise")


def numbers_of(some: pd.DataFrame | pd.Series) -> np.ndarray:
    """Values, which are real numbers."""
    values = some.to_numpy()
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"responses and dissimilarities are real numbers; these are {values.dtype}: what is no number goes into "
            "the index or a column of its own"
        )
    return values
