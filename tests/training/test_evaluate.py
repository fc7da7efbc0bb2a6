"""Accuracy and loss against scikit-learn, and a network left as it was found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn

from cortexcnn.training import LabelledImages, Standardise, class_scores, confusion_matrix, digits, evaluate

EYE = Standardise((0.4,), (0.3,))


def guesser() -> nn.Module:
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10))


def test_loss_and_accuracies_are_scikit_learns():
    _, test = digits()
    network = guesser()
    found = evaluate(network, test, eye=EYE, batch=50)
    network.eval()
    with torch.no_grad():
        chances = network((test.pixels / 255 - 0.4) / 0.3).double().softmax(1).numpy()
    labels = test.labels.numpy()
    assert found["loss"] == pytest.approx(metrics.log_loss(labels, chances), rel=1e-5)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, chances.argmax(1)))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(labels, chances.argmax(1)))
    assert found["top5_accuracy"] == pytest.approx(metrics.top_k_accuracy_score(labels, chances, k=5))


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_the_batch_changes_nothing(batch: int):
    _, test = digits()
    few = test[:20]
    found, other = evaluate(guesser(), few, eye=EYE, batch=batch), evaluate(guesser(), few, eye=EYE)
    assert found == pytest.approx(other, rel=1e-5)


def test_every_part_keeps_its_mode_even_after_an_error():
    _, test = digits()
    network = guesser()
    network[1].eval()
    evaluate(network, test[:5], eye=EYE)
    assert (network.training, network[1].training, network[2].training) == (True, False, True)
    network[2] = nn.Linear(3, 10)
    with pytest.raises(RuntimeError):
        evaluate(network, test[:5], eye=EYE)
    assert (network.training, network[1].training) == (True, False)


def test_a_model_behind_its_own_eye():
    class Model:
        module = guesser()
        eye = EYE

    _, test = digits()
    assert evaluate(Model(), test[:50]) == evaluate(Model.module, test[:50], eye=EYE)


def test_a_bare_module_needs_an_eye():
    _, test = digits()
    with pytest.raises(ValueError, match="give eye=Standardise"):
        evaluate(guesser(), test)


def test_too_few_outputs_are_refused():
    _, test = digits()
    with pytest.raises(ValueError, match="needs 10 outputs"):
        evaluate(nn.Sequential(nn.Flatten(), nn.Linear(64, 9)), test, eye=EYE)


def test_five_best_of_fewer_classes_are_all():
    images = LabelledImages(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 0, 1]), ("a", "b"))
    found = evaluate(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), images, eye=EYE)
    assert found["top5_accuracy"] == 1
    assert np.isclose(found["accuracy"], 0.5)


def test_the_confusion_matrix_and_what_follows_from_it_are_scikit_learns():
    _, test = digits()
    few = test[torch.cat([torch.arange(120), torch.where(test.labels == 3)[0]])]
    found = confusion_matrix(guesser(), few, eye=EYE, batch=50)
    with torch.no_grad():
        named = guesser().eval()((few.pixels / 255 - 0.4) / 0.3).argmax(1)
    np.testing.assert_array_equal(found, metrics.confusion_matrix(few.labels, named, labels=range(10)))
    assert found.dims == ("actual", "predicted")
    assert list(found.actual.values) == list(few.classes)
    scores = class_scores(found.transpose())
    expected = metrics.precision_recall_fscore_support(few.labels, named, labels=range(10), zero_division=np.nan)
    for name, values in zip(("precision", "recall", "f1", "images"), expected, strict=True):
        np.testing.assert_allclose(scores[name], values)


def test_a_confusion_matrix_of_other_classes_is_refused():
    _, test = digits()
    with pytest.raises(ValueError, match="12 outputs for 10 classes"):
        confusion_matrix(nn.Sequential(nn.Flatten(), nn.Linear(64, 12)), test, eye=EYE)
    found = confusion_matrix(guesser(), test, eye=EYE)
    with pytest.raises(ValueError, match="in the same order"):
        class_scores(found.isel(actual=slice(None, None, -1)))


def test_a_class_that_never_appears_has_no_recall():
    images = LabelledImages(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), torch.tensor([0, 0]), ("a", "b"))
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    assert np.isnan(class_scores(confusion_matrix(network, images, eye=EYE)).recall[1])
    assert evaluate(network, images, eye=EYE)["balanced_accuracy"] in (0, 1)
