"""What does each layer of a convolutional network do to a picture?

One photograph goes through the layers of an introduction to convolutional networks, one at a time; what comes out is
drawn, and its shape printed: the image from 0 to 1, filters with stride and padding, rectifier and sigmoids, three ways
of pooling, a fully connected layer, and the class probabilities of the shipped network. A second figure slides one
filter that knows a curve over a drawing: the feature identifier.

    python analyses/textbook_layers.py --out textbook
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps
from torch.nn import functional

from cortexcnn import load, plot
from cortexcnn.cli.arguments import new_folder
from cortexcnn.models.stages import pooling
from cortexcnn.models.textbook import curve_filter
from cortexcnn.shipped import shipped

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def main(argv: list[str] | None = None) -> Path:
    """Walk through the layers, print shapes, draw both figures."""
    arguments = _arguments(argv)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    image = photograph(arguments.image)
    _say("image, 0 to 1", image)
    files = plot.save(_walk(image), folder / "layers.png")
    drawing = curve_drawing()
    answer = identified(drawing)
    _say("drawing", drawing)
    _say("activation map of the curve filter", answer)
    row, column = np.unravel_index(int(answer.argmax()), answer.shape[-2:])
    print(f"the curve is found at row {row}, column {column}: {float(answer.max()):.2f}, "
          f"median elsewhere {float(answer.abs().median()):.3f}")  # fmt: skip
    plot.save(_identifier(drawing, answer), folder / "feature_identifier.png")
    print(f"figures: {files[0]} and feature_identifier.png beside it")
    return files[0]


def photograph(path: Path | None) -> torch.Tensor:
    """A picture from 0 to 1, (1, 3, 32, 32): the middle square of a file, or scikit-learn's flower."""
    if path is None:
        from sklearn.datasets import load_sample_image  # noqa: PLC0415 (only where no file is given)

        picture = Image.fromarray(load_sample_image("flower.jpg"))
    else:
        picture = Image.open(path).convert("RGB")
    small = np.array(ImageOps.fit(picture, (32, 32), Image.Resampling.BOX))
    return torch.from_numpy(small).permute(2, 0, 1)[None] / 255


def curve_drawing(side: int = 48) -> torch.Tensor:
    """A drawing of straight lines and two curves, grey on black, (1, 1, side, side)."""
    y, x = np.mgrid[:side, :side].astype(float)

    def arc(cx: float, cy: float, radius: float, *, first: float = 0, last: float = 360) -> np.ndarray:
        angle = np.rad2deg(np.arctan2(cy - y, x - cx)) % 360
        return np.exp(-0.5 * ((np.hypot(x - cx, y - cy) - radius) / 0.7) ** 2) * ((angle >= first) & (angle <= last))

    def line(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
        return np.exp(-0.5 * (np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)) / 0.7) ** 2)

    parts = [
        line(6, 38, 42, 38),
        line(14, 12, 14, 38),
        line(14, 12, 27, 12),
        arc(27, 15.5, 3.5, first=0, last=90),
        line(30.5, 15.5, 30.5, 38),
        arc(22, 25, 3.5, first=180, last=270),  # a curve the other way round
    ]
    return torch.from_numpy(np.max(parts, axis=0)).float()[None, None]


def identified(drawing: torch.Tensor) -> torch.Tensor:
    """The rectified answer of the curve filter at every position of a drawing, of the drawing's size."""
    size = curve_filter().shape[-1]
    return functional.conv2d(drawing, curve_filter(), padding=size // 2).relu()


@plot.style()
def _walk(image: torch.Tensor) -> Figure:
    """Every step a panel; each says what it does and what shape comes out."""
    bank = load("cortexnet").module.conv1.weight.detach()
    strongest = int((functional.conv2d(image - 0.5, bank).amax((0, 2, 3))).argmax())
    kernel = bank[strongest : strongest + 1]
    map_ = functional.conv2d(image - 0.5, kernel)
    rectified = map_.relu()
    steps: list[tuple[str, torch.Tensor]] = [
        ("the image, 0 to 1", image),
        ("a filter, 7 × 7 × 3", (kernel - kernel.amin()) / (kernel.amax() - kernel.amin())),
        ("its map: stride 1, no padding", map_),
        ("stride 2, padding 3", functional.conv2d(image - 0.5, kernel, stride=2, padding=3)),
        ("rectifier (ReLU)", rectified),
        ("sigmoid", (4 * map_).sigmoid()),
        ("hyperbolic tangent", (4 * map_).tanh()),
        *((f"{name} pooling, 2 × 2", pooling(name.lower())(rectified)) for name in ("Max", "Average", "L2")),
    ]
    figure, axes = plot.figure(3, 4, width=2.0, height=2.1)
    for ax, (title, shown) in zip(axes.flat, steps, strict=False):
        _say(title, shown)
        _picture(ax, shown, title)
    scores, chances = _classes(image)
    _bars(axes.flat[10], scores, "fully connected: a score a class", "score", signed=True)
    _bars(axes.flat[11], chances, "softmax: class probabilities", "probability", signed=False)
    _say("fully connected: a score a class", scores)
    _say("softmax: class probabilities", chances)
    return figure


def _classes(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores and probabilities that the shipped network gives to its classes."""
    network = load("cortexnet", weights=shipped("cortexnet.safetensors"))
    with torch.no_grad():
        scores = network(image)
    return scores, scores.softmax(1)


def _picture(ax: Axes, shown: torch.Tensor, title: str) -> None:
    """A map in grey around its zero, or a picture in colour."""
    one = shown[0].detach()
    if len(one) == 3:
        ax.imshow(one.permute(1, 2, 0).numpy(), interpolation="nearest")
    else:
        low = min(float(one.min()), 0.0)
        limit = max(float(one.abs().max()), 1e-9)
        ax.imshow(
            one[0].numpy(),
            cmap="RdBu_r" if low < 0 else "gray",
            vmin=-limit if low < 0 else 0,
            vmax=limit,
            interpolation="nearest",
        )
    ax.set_title(f"{title}\n{_shape(shown)}", fontsize=7)
    ax.set_xticks([])
    ax.set_yticks([])


def _bars(ax: Axes, values: torch.Tensor, title: str, label: str, *, signed: bool) -> None:
    """One bar for each class, in axes that leave room for their names."""
    ax.set_title(f"{title}\n{_shape(values)}", fontsize=7)
    ax.axis("off")
    ax = ax.inset_axes((0.32, 0.16, 0.68, 0.84))
    place = np.arange(len(CLASSES))[::-1]
    ax.barh(place, values[0].numpy(), color=plot.COLOURS[0])
    ax.set_yticks(place, CLASSES, fontsize=6)
    ax.set_xlabel(label)
    if signed:
        ax.axvline(0, color="black", linewidth=0.6)
    else:
        ax.set_xlim(0, 1)


@plot.style()
def _identifier(drawing: torch.Tensor, answer: torch.Tensor) -> Figure:
    """The filter, the drawing with the places where it fits best and worst, and the map of its activation."""
    figure, axes = plot.figure(1, 3, width=2.3, height=2.5)
    kernel = curve_filter()[0, 0].numpy()
    limit = float(np.abs(kernel).max())
    axes[0].imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes[0].set_title("a filter that knows a curve\n7 × 7")
    axes[1].imshow(drawing[0, 0].numpy(), cmap="gray", interpolation="nearest")
    axes[1].set_title(f"the drawing\n{_shape(drawing)}")
    row, column = np.unravel_index(int(answer.argmax()), answer.shape[-2:])
    places = (((row, column), -4.5, plot.COLOURS[1], "fits"), ((38, 22), 7.0, plot.COLOURS[5], "does not"))
    for (y, x), below, colour, said in places:
        axes[1].add_patch(Rectangle((x - 3.5, y - 3.5), 7, 7, fill=False, edgecolor=colour, linewidth=1.2))
        axes[1].annotate(f"{said}: {float(answer[0, 0, y, x]):.2f}", (x + 4.5, y + below), color=colour, fontsize=7)
    drawn = axes[2].imshow(answer[0, 0].numpy(), cmap="gray", vmin=0, interpolation="nearest")
    axes[2].set_title(f"its activation map\n{_shape(answer)}")
    figure.colorbar(drawn, ax=axes[2], shrink=0.8, pad=0.02).set_label("activation, rectified")
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])
    return figure


def _shape(values: torch.Tensor) -> str:
    """Rows × columns × channels, as introductions write it."""
    channels, *space = values.shape[1:]
    return " × ".join(str(number) for number in (*space, channels))


def _say(name: str, values: torch.Tensor) -> None:
    print(f"{name}: {_shape(values)}, from {float(values.min()):.2f} to {float(values.max()):.2f}")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, help="a photograph (default: scikit-learn's flower)")
    parser.add_argument("--out", type=Path, default=Path("textbook"), metavar="FOLDER", help="of the figures")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
