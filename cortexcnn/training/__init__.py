"""Networks that learn to see: labelled images, the loop that trains on them, and how well they then do."""

from cortexcnn.training.archives import jpeg_archive
from cortexcnn.training.cifar import cifar10, cifar100
from cortexcnn.training.engine import PRECISIONS, fabric
from cortexcnn.training.evaluate import Standardise, class_scores, confusion_matrix, evaluate
from cortexcnn.training.folders import image_folder
from cortexcnn.training.hdf5 import hdf5_images, save_hdf5
from cortexcnn.training.idx import fashion_mnist, mnist
from cortexcnn.training.images import LabelledImages, split
from cortexcnn.training.leaves import LEAVES, dead_leaves
from cortexcnn.training.loop import train
from cortexcnn.training.optimise import OPTIMISERS, SCHEDULES, rate_at
from cortexcnn.training.runs import snapshots
from cortexcnn.training.search import Range, search
from cortexcnn.training.sources import digits, open_images
from cortexcnn.training.stl import stl10
from cortexcnn.training.weights import save_weights

__all__ = [
    "LEAVES",
    "OPTIMISERS",
    "PRECISIONS",
    "SCHEDULES",
    "LabelledImages",
    "Range",
    "Standardise",
    "cifar10",
    "cifar100",
    "class_scores",
    "confusion_matrix",
    "dead_leaves",
    "digits",
    "evaluate",
    "fabric",
    "fashion_mnist",
    "hdf5_images",
    "image_folder",
    "jpeg_archive",
    "mnist",
    "open_images",
    "rate_at",
    "save_hdf5",
    "save_weights",
    "search",
    "snapshots",
    "split",
    "stl10",
    "train",
]
