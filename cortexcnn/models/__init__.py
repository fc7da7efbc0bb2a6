"""Networks behind their Eyes: load them by name, list their layers, know exactly what every unit sees."""

from cortexcnn.models.alexnet_2012 import alexnet_2012
from cortexcnn.models.canvas import on_canvas
from cortexcnn.models.eye import Eye
from cortexcnn.models.film import FilmNetwork, film_names, load_film
from cortexcnn.models.lenet import lenet
from cortexcnn.models.load import load, names
from cortexcnn.models.locally_connected import LocallyConnected2d, unshared
from cortexcnn.models.network import Network, wrap
from cortexcnn.models.plain import plain_cnn
from cortexcnn.models.receptive_fields import ReceptiveField
from cortexcnn.models.resnet_style import resnet_style
from cortexcnn.models.rules_of_thumb import rules_of_thumb
from cortexcnn.models.tapered import tapered_cnn
from cortexcnn.models.textbook import curve_filter, output_size
from cortexcnn.models.unlearned import random_weights, shuffled_weights
from cortexcnn.models.v1_front import v1_front
from cortexcnn.models.vgg_style import vgg_style

__all__ = [
    "Eye",
    "FilmNetwork",
    "LocallyConnected2d",
    "Network",
    "ReceptiveField",
    "alexnet_2012",
    "curve_filter",
    "film_names",
    "lenet",
    "load",
    "load_film",
    "names",
    "on_canvas",
    "output_size",
    "plain_cnn",
    "random_weights",
    "resnet_style",
    "rules_of_thumb",
    "shuffled_weights",
    "tapered_cnn",
    "unshared",
    "v1_front",
    "vgg_style",
    "wrap",
]
