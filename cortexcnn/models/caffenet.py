"""The first two stages of the AlexNet of 2012, in the order of layers of CaffeNet: where the famous first filters are.

The whole network in the order of its paper is :func:`cortexcnn.models.alexnet_2012`. ``torchvision``'s alexnet is a
later one: 64 filters in place of 96, no groups, no response normalisation.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cortexcnn.models.eye import imagenet_eye

__all__ = ["caffenet"]


def caffenet() -> nn.Sequential:
    """Two stages of CaffeNet [1]_ for 227 × 227 colour images, with random weights.

    Returns
    -------
    Sequential
        ``conv1, relu1, pool1, norm1, conv2, relu2, pool2``, with an attribute ``eye``; images (n, 3, 227, 227) to maps
        (n, 256, 13, 13).

    References
    ----------
    .. [1] Jia et al. (2014), Proc. ACM Multimedia, 675-678; after Krizhevsky, Sutskever & Hinton (2012), NIPS.

    Examples
    --------
    >>> [name for name, _ in caffenet().named_children()]
    ['conv1', 'relu1', 'pool1', 'norm1', 'conv2', 'relu2', 'pool2']
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(3, 96, 11, stride=4)
    layers["relu1"] = nn.ReLU()
    layers["pool1"] = nn.MaxPool2d(3, stride=2)
    layers["norm1"] = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)
    layers["conv2"] = nn.Conv2d(96, 256, 5, padding=2, groups=2)
    layers["relu2"] = nn.ReLU()
    layers["pool2"] = nn.MaxPool2d(3, stride=2)
    network = nn.Sequential(layers)
    network.eye = imagenet_eye(227)  # type: ignore[assignment]
    return network
