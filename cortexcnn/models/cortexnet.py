"""The network that comes with the project: small enough to read in one sitting, and trained on natural images.

Six convolutional stages for 32 × 32 colour images. The first has 7 × 7 filters and keeps every position, so that its
filters can be looked at as a V1 simple cell's receptive field can. Every stage is a convolution, a normalisation and
a rectification, each a module with a name of its own: an electrode goes into any of them.

==========================  ==================  ===================  ================================
stage                       map                 receptive field      multiply-adds (million)
==========================  ==================  ===================  ================================
conv1 norm1 relu1 pool1     32 @ 32 × 32        7 × 7                4.8
conv2 norm2 relu2           64 @ 16 × 16        12 × 12              4.7
conv3 norm3 relu3 pool3     64 @ 16 × 16        16 × 16              9.4
conv4 norm4 relu4           128 @ 8 × 8         26 × 26              4.7
conv5 norm5 relu5 pool5     128 @ 8 × 8         34 × 34              9.4
conv6 norm6 relu6           256 @ 4 × 4         54 × 54              4.7
average, flatten, classify  10                  the whole image      0.0
==========================  ==================  ===================  ================================

Its trained weights lie in ``data/cortexnet.safetensors``, the log of their training in ``data/cortexnet.csv``. The
file's metadata, all text, says how its images are prepared and how it came about:

==========================  ======================================================================================
key                         value
==========================  ======================================================================================
name                        ``cortexnet``
channels, pixels            of the input: 3 and 32
range                       what luminance 0 and 1 become before they are normalised: ``0.0 1.0``
mean, std                   of each channel of the training images, numbers separated by spaces
degrees                     the visual angle that the input is taken to span, 2.0: with 16 pixels/degree the first
                            filters prefer about the frequencies that macaque V1 prefers
classes                     their names, separated by commas
data, tested_on             the training images and the test images, in words
test_accuracy               share of the test images that it names rightly
command                     what was typed to train it
epochs, batch, rate, …      every setting of the run, as :func:`cortexcnn.training.train` names them
trained_by                  versions of cortexcnn and torch
==========================  ======================================================================================
"""

from __future__ import annotations

from torch import nn

from cortexcnn.models.plain import plain_cnn

__all__ = ["cortexnet"]


def cortexnet(classes: int = 10, channels: int = 3) -> nn.Sequential:
    """A small convolutional network for 32 × 32 images, with random weights.

    Parameters
    ----------
    classes : int
        Outputs of the last layer.
    channels : int
        Channels of the image: 3 for colour, 1 for grey.

    Returns
    -------
    Sequential
        ``conv1, norm1, relu1, pool1, …, conv6, norm6, relu6, average, flatten, classify``; images
        ``(n, channels, 32, 32)`` to class scores ``(n, classes)``. Larger images pass too.

    Examples
    --------
    >>> import torch
    >>> network = cortexnet().eval()
    >>> network(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    >>> sum(weight.numel() for weight in network.parameters())
    580010
    """
    network = plain_cnn(
        (32, 64, 64, 128, 128, 256),
        filter_sizes=(7, 3, 3, 3, 3, 3),
        pooled=(True, False, True, False, True, False),
        classes=classes,
        channels=channels,
    )
    del network.eye  # that of its weights stands in their file
    return network
