"""Public weights in our architectures name real photographs as well as their authors say."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import functional

from cortexcnn.models import load

pytestmark = pytest.mark.slow


def accuracy(network, batches):
    """Share of the images named rightly by the best guess and by the best five, in per cent."""
    hits = []
    network.module.to(memory_format=torch.channels_last)  # the same numbers, sooner
    with torch.inference_mode():
        for images, labels in batches:
            best = network(images).topk(5).indices
            hits.append((best == torch.as_tensor(labels)[:, None]).cpu())
    right = torch.cat(hits).numpy()
    return 100 * right[:, 0].mean(), 100 * right.any(axis=1).mean()


def photographs(path, batch=50):
    with zipfile.ZipFile(path) as file:
        rows = list(csv.DictReader(io.StringIO(file.read("labels.csv").decode())))
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            images = [Image.open(io.BytesIO(file.read(row["file"]))).convert("RGB") for row in part]
            resized = [functional.to_tensor(functional.resize(image, [224, 224], antialias=True)) for image in images]
            yield torch.stack(resized), [int(row["class_index"]) for row in part]


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("squeezenet1_1", "squeezenet1_1_imagenet.pth", (55.9, 80.2)),
        ("cortexcnn.models.mobilenet_tf:mobilenet_v2_tf", "mobilenet_v2_imagenet_tf.pth", (84.6, 98.0)),
    ],
)
def test_imagenet_weights(name, file, expected, shared_data):
    network = load(name, weights=shared_data / "weights" / file)
    images = photographs(shared_data / "images" / "nips2017_imagenet_compatible_1000_299px.zip")
    assert accuracy(network, images) == pytest.approx(expected, abs=0.3)


def test_cifar_weights(shared_data):
    network = load("cortexcnn.models.cifar_resnet:resnet20", weights=shared_data / "weights" / "cifar10_resnet20.pth")
    with np.load(shared_data / "images" / "cifar10_jpeg.npz") as file:
        jpeg, offsets, labels, split = (file[key] for key in ("jpeg", "offsets", "labels", "split"))

    def batches(size=500):
        rows = np.flatnonzero(split == 1)
        for part in np.array_split(rows, len(rows) // size):
            images = [Image.open(io.BytesIO(jpeg[offsets[row] : offsets[row + 1]].tobytes())) for row in part]
            yield torch.stack([functional.to_tensor(image) for image in images]), labels[part].astype(np.int64)

    assert accuracy(network, batches())[0] == pytest.approx(81.0, abs=0.3)


def test_caffenet_has_its_first_two_stages(shared_data):
    file = shared_data / "weights" / "caffenet_imagenet_PARTIAL_conv1_conv2.pth"
    network = load("cortexcnn.models.caffenet:caffenet", weights=file)
    table = network.layers()
    assert table["output_shape"].sel(layer=["conv1", "pool2"]).values.tolist() == ["96×55×55", "256×13×13"]
    assert table["rf_pixels"].sel(layer=["conv1", "norm1", "conv2", "pool2"]).values.tolist() == [11, 19, 51, 67]
    assert not table["whole_image"].any()
    assert not table["random"].any()
