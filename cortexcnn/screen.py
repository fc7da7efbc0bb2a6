"""The screen in front of the eye: the only place where degrees of visual angle become pixels.

Everything else speaks degrees (x to the right, y upward, the origin at the centre of the screen) and asks
a :class:`Screen` where its pixels lie. A :class:`Window` is a rectangle of those pixels: it lets a stimulus be
drawn only where a unit looks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Screen", "Window"]


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels, rows ``top`` to ``bottom`` and columns ``left`` to ``right``, ends left out.

    Parameters
    ----------
    top, bottom, left, right : int
        Pixel rows (from the top of the screen) and columns (from its left edge).

    Raises
    ------
    ValueError
        If the window is empty or starts before the first pixel.

    Examples
    --------
    >>> Window(10, 14, 0, 20).shape
    (4, 20)
    """

    top: int
    bottom: int
    left: int
    right: int

    def __post_init__(self) -> None:
        if not (0 <= self.top < self.bottom and 0 <= self.left < self.right):
            raise ValueError(
                f"window rows {self.top} to {self.bottom}, columns {self.left} to {self.right}: "
                "a window starts at 0 or later and ends after its start"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.bottom - self.top, self.right - self.left

    def __contains__(self, other: Window) -> bool:
        return (
            self.top <= other.top
            and other.bottom <= self.bottom
            and self.left <= other.left
            and other.right <= self.right
        )


@dataclass(frozen=True)
class Screen:
    """A square screen that spans ``degrees`` of visual angle with ``pixels`` pixels a side.

    Parameters
    ----------
    degrees : float
        Visual angle from edge to edge.
    pixels : int
        Pixels from edge to edge.

    Raises
    ------
    ValueError
        If either is not positive.

    Notes
    -----
    The centre of pixel (row i, column j) lies at ``x = (j + 1/2 - pixels/2) / pixels_per_degree`` and
    ``y = -(i + 1/2 - pixels/2) / pixels_per_degree``: y points up, rows count down.

    Examples
    --------
    >>> screen = Screen(degrees=8, pixels=224)
    >>> screen.pixels_per_degree, screen.nyquist
    (28.0, 14.0)
    >>> x, y = Screen(degrees=2, pixels=4).centres()
    >>> x
    array([-0.75, -0.25,  0.25,  0.75])
    >>> y
    array([ 0.75,  0.25, -0.25, -0.75])
    """

    degrees: float = 8.0
    pixels: int = 224

    def __post_init__(self) -> None:
        if not (np.isfinite(self.degrees) and self.degrees > 0):
            raise ValueError(f"a screen of {self.degrees} degrees: degrees must be a positive number")
        if int(self.pixels) != self.pixels or self.pixels < 1:
            raise ValueError(f"a screen of {self.pixels} pixels: pixels must be a positive whole number")

    @property
    def pixels_per_degree(self) -> float:
        """Pixels in one degree of visual angle."""
        return self.pixels / self.degrees

    @property
    def nyquist(self) -> float:
        """Highest spatial frequency that the pixels can carry, in cycles/degree."""
        return self.pixels_per_degree / 2

    @property
    def whole(self) -> Window:
        """The window that is the whole screen."""
        return Window(0, self.pixels, 0, self.pixels)

    def centres(self, window: Window | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the pixel centres of a window, in degrees.

        Parameters
        ----------
        window : Window, optional
            Part of the screen; the whole screen by default.

        Returns
        -------
        x : ndarray (columns)
            Degrees to the right of the centre of the screen.
        y : ndarray (rows)
            Degrees above the centre of the screen, the top row first.

        Raises
        ------
        ValueError
            If the window reaches beyond the screen.
        """
        window = window or self.whole
        if window not in self.whole:
            raise ValueError(f"{window} reaches beyond a screen of {self.pixels} × {self.pixels} pixels")
        return self.x(np.arange(window.left, window.right)), self.y(np.arange(window.top, window.bottom))

    def x(self, column: float | np.ndarray) -> np.ndarray:
        """Degrees to the right of the screen's centre of the centre of a pixel column (may be fractional)."""
        return (np.asarray(column) + 0.5 - self.pixels / 2) / self.pixels_per_degree

    def y(self, row: float | np.ndarray) -> np.ndarray:
        """Degrees above the screen's centre of the centre of a pixel row (may be fractional)."""
        return (self.pixels / 2 - 0.5 - np.asarray(row)) / self.pixels_per_degree
