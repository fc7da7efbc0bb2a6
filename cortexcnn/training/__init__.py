"""Networks that learn to see: labelled images, the loop that trains on them, and how well they then do."""

from cortexcnn.training.archives import jpeg_archive
from cortexcnn.training.cifar import cifar10
from cortexcnn.training.evaluate import Standardise, evaluate
from cortexcnn.training.folders import image_folder
from cortexcnn.training.images import LabelledImages, split
from cortexcnn.training.loop import train
from cortexcnn.training.optimise import OPTIMISERS, one_cycle
from cortexcnn.training.sources import digits, open_images
from cortexcnn.training.weights import save_weights

__all__ = [
    "OPTIMISERS",
    "LabelledImages",
    "Standardise",
    "cifar10",
    "digits",
    "evaluate",
    "image_folder",
    "jpeg_archive",
    "one_cycle",
    "open_images",
    "save_weights",
    "split",
    "train",
]
