"""Networks behind their Eyes: load them by name, list their layers, know exactly what every unit sees."""

from cortexcnn.models.alexnet_2012 import alexnet_2012
from cortexcnn.models.eye import Eye
from cortexcnn.models.lenet import lenet
from cortexcnn.models.load import load, names
from cortexcnn.models.network import Network, wrap
from cortexcnn.models.plain import plain_cnn
from cortexcnn.models.receptive_fields import ReceptiveField
from cortexcnn.models.resnet_style import resnet_style
from cortexcnn.models.v1_front import v1_front
from cortexcnn.models.vgg_style import vgg_style

__all__ = [
    "Eye",
    "Network",
    "ReceptiveField",
    "alexnet_2012",
    "lenet",
    "load",
    "names",
    "plain_cnn",
    "resnet_style",
    "v1_front",
    "vgg_style",
    "wrap",
]
