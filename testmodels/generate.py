#!/usr/bin/env python3
"""Makes the test models of this folder, their inputs and expected outputs.

How to run (Python 3.11, Linux x86-64)::

    python3 -m venv /some/venv
    /some/venv/bin/pip install -r requirements.txt
    /some/venv/bin/python generate.py              # rewrites this folder
    /some/venv/bin/python generate.py --out DIR    # writes to DIR instead
    /some/venv/bin/python generate.py gru mlp      # only the models named

What it writes:

``data/``
    Train and test halves of data sets bundled with scikit-learn, as CSV.
``onnx/NAME/``
    A trained model exported to ONNX, ``case.properties`` and
    ``test_data_set_K/{input,output}_J.pb`` in the layout of the ONNX backend
    conformance suite. The expected outputs are computed by the library that
    trained the model, never by onnxruntime.
``onnx-special/NAME/``
    Small graphs built node by node for guards and data type coverage. The
    expected outputs are computed by numpy.
``README.md``
    The provenance table between the two ``table`` marks.

Each model is checked with ``onnx.checker`` and run once with onnxruntime; the
observed errors are printed, not stored, and a model that misses its declared
tolerance fails the run.
"""

import argparse
import os
import pathlib
import re
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from typing import Any, Callable

import lightgbm
import ml_dtypes
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import pandas as pd
import skl2onnx
import sklearn
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxmltools.convert.common import data_types as ml_types
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import (
    CalibrationDataReader, QuantFormat, QuantType, quantize_static)
from skl2onnx.common import data_types as skl_types
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier, IsolationForest, RandomForestClassifier)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

SEED = 20
TEST_SHARE = 0.3
BATCH = 24
IR_VERSION = 10
OPSET = 18
ML_OPSET = 3
SIZE_LIMIT = 200_000
NOT_IN_NUMPY = ("bfloat16", "float8_e4m3fn", "float8_e5m2")

SKLEARN = f"scikit-learn {sklearn.__version__}"
SKL2ONNX = f"{SKLEARN} + skl2onnx {skl2onnx.__version__}"
LIGHTGBM = (f"LightGBM {lightgbm.__version__}"
            f" + onnxmltools {onnxmltools.__version__}")
TORCH = f"PyTorch {torch.__version__.split('+')[0]}"
HELPER = f"onnx.helper {onnx.__version__}"

CANCER_DATA = "Breast cancer Wisconsin (diagnostic), the 10 mean features"
IRIS_DATA = "Iris"
DIABETES_DATA = "Diabetes (Efron et al. 2004), unscaled"
DIGITS_DATA = "Optical digits 8x8, pixels divided by 16"


@dataclass
class Case:
    """A model with its test data sets, ready to be written.

    Each set is a pair (inputs, outputs) of lists in the order of the model's
    graph inputs and outputs. An array is a tensor, a list is a sequence and
    ``None`` is an empty optional. ``held_out`` is a further pair, used to
    measure errors but not stored. ``files`` are written beside the model. ``well_formed`` is false where
    onnx.checker refuses the model, ``runs`` where onnxruntime must.
    """

    model: onnx.ModelProto
    toolchain: str
    data: str
    task: str
    rtol: float
    atol: float
    sets: list = field(default_factory=list)
    held_out: tuple | None = None
    properties: dict = field(default_factory=dict)
    external_file: str | None = None
    files: dict = field(default_factory=dict)
    well_formed: bool = True
    runs: bool = True


# --------------------------------------------------------------------------
# Data sets
# --------------------------------------------------------------------------

@dataclass
class Split:
    """The two halves of a data set; a frame holds the features only."""

    train: Any
    test: Any
    train_target: np.ndarray
    test_target: np.ndarray


def shortest(value):
    """Returns the shortest text that reads back as the same float32."""
    text = str(np.float32(value))
    # Reading the text as double first and narrowing it gives the same value.
    assert np.float32(text) == np.float32(float(text)) == np.float32(value)
    return text


def write_csv(path, features, target_name, target):
    """Writes the feature columns and, last, the target column."""
    lines = [",".join([*features.columns, target_name])]
    for row, label in zip(features.to_numpy(), target):
        cells = [shortest(cell) for cell in row]
        cells.append(label if isinstance(label, str) else shortest(label))
        lines.append(",".join(cells))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def load(name):
    """Returns features, name of the target and target of a data set."""
    if name == "cancer":
        bunch = datasets.load_breast_cancer(as_frame=True)
        columns = [c for c in bunch.data.columns if c.startswith("mean ")]
        labels = bunch.target_names[bunch.target].astype(object)
        return bunch.data[columns], "diagnosis", labels
    if name == "iris":
        bunch = datasets.load_iris(as_frame=True)
        features = bunch.data.rename(columns=lambda c: c.replace(" (cm)", ""))
        labels = bunch.target_names[bunch.target].astype(object)
        return features, "species", labels
    bunch = datasets.load_diabetes(as_frame=True, scaled=False)
    return bunch.data, "target", bunch.target.to_numpy()


def write_data(folder):
    """Writes the train and test CSV of each tabular data set."""
    for name in ("cancer", "iris", "diabetes"):
        features, target_name, target = load(name)
        stratify = None if name == "diabetes" else target
        train, test, train_target, test_target = train_test_split(
            features, target, test_size=TEST_SHARE, random_state=SEED,
            stratify=stratify)
        write_csv(folder / f"{name}-train.csv", train, target_name,
                  train_target)
        write_csv(folder / f"{name}-test.csv", test, target_name, test_target)


class Data:
    """Reads the written CSVs back, so that models see what is checked in."""

    def __init__(self, folder):
        self.folder = folder

    def table(self, name, dtype=np.float32):
        """Returns a tabular data set with features of the type given."""
        halves = []
        for half in ("train", "test"):
            # As text first: Python's own conversion is the exact one.
            frame = pd.read_csv(self.folder / f"{name}-{half}.csv", dtype=str)
            target = frame.pop(frame.columns[-1]).to_numpy(object)
            if name == "diabetes":
                target = target.astype(np.float64)
            frame = frame.astype(object).astype(np.float64)
            halves.append((frame.astype(dtype), target))
        (train, train_target), (test, test_target) = halves
        return Split(train, test, train_target, test_target)

    @staticmethod
    def digits():
        """Returns the digits as float32 images [n, 8, 8] within 0..1."""
        bunch = datasets.load_digits()
        images = (bunch.images / 16).astype(np.float32)
        return Split(*train_test_split(
            images, bunch.target.astype(np.int64), test_size=TEST_SHARE,
            random_state=SEED, stratify=bunch.target))

    @staticmethod
    def sentences():
        """Returns lines of scikit-learn's data set descriptions.

        The target is the name of the data set a line describes.
        """
        loaders = {
            "cancer": datasets.load_breast_cancer,
            "diabetes": datasets.load_diabetes,
            "digits": datasets.load_digits,
            "wine": datasets.load_wine,
        }
        lines, labels = [], []
        for name, loader in loaders.items():
            for line in loader().DESCR.lower().splitlines():
                # Printable ASCII words only: a plain, stable vocabulary.
                words = re.findall("[a-z]+", line)
                if len(words) >= 4:
                    lines.append(" ".join(words))
                    labels.append(name)
        return Split(*train_test_split(
            np.array(lines, dtype=object), np.array(labels, dtype=object),
            test_size=TEST_SHARE, random_state=SEED, stratify=labels))


# --------------------------------------------------------------------------
# Helpers of the trained models
# --------------------------------------------------------------------------

def strings(values):
    """Returns the values as an array of str objects."""
    return np.asarray(values).astype(str).astype(object)


def with_sets(case, predict, held_out, extra=()):
    """Fills the sets of a case.

    Set 0 is the first BATCH held-out rows, set 1 the row after them, further
    sets are the inputs in ``extra``. ``predict`` maps a list of inputs to the
    list of the toolchain's outputs, ``held_out`` is the list of inputs for
    the whole held-out half.
    """
    batches = [
        [column[:BATCH] for column in held_out],
        [column[BATCH:BATCH + 1] for column in held_out],
        *extra,
    ]
    case.sets = [(inputs, predict(inputs)) for inputs in batches]
    case.held_out = (held_out, predict(held_out))
    return case


def from_sklearn(estimator, name, initial_types, zipmap=None):
    """Converts a fitted estimator to ONNX."""
    options = None
    if zipmap is not None:
        last = estimator
        if isinstance(estimator, Pipeline):
            last = estimator.steps[-1][1]
        options = {id(last): {"zipmap": zipmap}}
    model = skl2onnx.to_onnx(
        estimator, initial_types=initial_types, options=options, name=name,
        target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET, "com.microsoft": 1})
    return model


def sklearn_classifier(estimator, name, split, *, data, task, rtol, atol,
                       input_name="features", integer_labels=False):
    """Returns the case of a fitted classifier of one float32 matrix."""
    held_out = np.asarray(split.test)
    width = held_out.shape[1]
    model = from_sklearn(
        estimator, name,
        [(input_name, skl_types.FloatTensorType([None, width]))], zipmap=False)

    def predict(inputs):
        labels = estimator.predict(inputs[0])
        labels = labels.astype(np.int64) if integer_labels else strings(labels)
        probabilities = estimator.predict_proba(inputs[0])
        return [labels, probabilities.astype(np.float32)]

    case = Case(model, SKL2ONNX, data, task, rtol, atol)
    case.properties["accuracy"] = accuracy(
        estimator.predict(held_out), split.test_target)
    return with_sets(case, predict, [held_out])


def accuracy(predicted, expected):
    """Returns the share of equal labels, with six decimals."""
    return f"{np.mean(np.asarray(predicted) == np.asarray(expected)):.6f}"


def add_columns(case, features, classes):
    """Records the column and class names in the metadata of the model."""
    helper.set_model_props(case.model, {
        "inflight.columns.features": "\n".join(features),
        "inflight.columns.probabilities": "\n".join(classes),
    })
    return case


# --------------------------------------------------------------------------
# scikit-learn and LightGBM
# --------------------------------------------------------------------------

def logistic_zipmap(data):
    """Logistic regression whose probabilities are a sequence of maps."""
    split = data.table("iris")
    estimator = LogisticRegression(max_iter=1000)
    estimator.fit(split.train.to_numpy(), split.train_target)
    held_out = split.test.to_numpy()
    model = from_sklearn(
        estimator, "logistic-zipmap",
        [("features", skl_types.FloatTensorType([None, 4]))], zipmap=True)

    def predict(inputs):
        rows = estimator.predict_proba(inputs[0]).astype(np.float32)
        maps = [dict(zip(estimator.classes_, row)) for row in rows]
        return [strings(estimator.predict(inputs[0])), maps]

    case = Case(model, SKL2ONNX, IRIS_DATA,
                "classification, string labels, ZipMap", 1e-5, 1e-6)
    case.properties["accuracy"] = accuracy(
        estimator.predict(held_out), split.test_target)
    return with_sets(case, predict, [held_out])


def logistic(data):
    """The same logistic regression with a matrix of probabilities."""
    split = data.table("iris")
    estimator = LogisticRegression(max_iter=1000)
    estimator.fit(split.train.to_numpy(), split.train_target)
    return sklearn_classifier(
        estimator, "logistic", split, data=IRIS_DATA,
        task="classification, string labels", rtol=1e-5, atol=1e-6)


def mixed_pipeline(data):
    """Numeric and string columns, each an input of its own."""
    def prepare(frame):
        # The data set codes the sex as 1 and 2 without saying which is which.
        sex = np.where(frame["sex"] == 1, "sex 1", "sex 2")
        weight = np.select(
            [frame["bmi"] < 18.5, frame["bmi"] < 25, frame["bmi"] < 30],
            ["underweight", "normal", "overweight"], "obese")
        prepared = frame[["age", "bp", "s5"]].copy()
        prepared["sex"] = strings(sex)
        prepared["weight"] = strings(weight)
        return prepared

    split = data.table("diabetes")
    train, test = prepare(split.train), prepare(split.test)
    median = np.median(split.train_target)
    train_target = np.where(split.train_target > median, "high", "low")
    test_target = np.where(split.test_target > median, "high", "low")
    numeric, categorical = ["age", "bp", "s5"], ["sex", "weight"]
    estimator = make_pipeline(
        ColumnTransformer([
            ("numeric", StandardScaler(), numeric),
            ("categorical", OneHotEncoder(handle_unknown="ignore"),
             categorical),
        ]),
        LogisticRegression(max_iter=1000))
    estimator.fit(train, strings(train_target))
    initial_types = [
        (c, skl_types.FloatTensorType([None, 1])) for c in numeric]
    initial_types += [
        (c, skl_types.StringTensorType([None, 1])) for c in categorical]
    model = from_sklearn(estimator, "mixed-pipeline", initial_types,
                         zipmap=False)

    def columns(frame):
        return [frame[[c]].to_numpy().astype(
            np.float32 if c in numeric else object)
            for c in numeric + categorical]

    def predict(inputs):
        frame = pd.DataFrame(
            {c: v[:, 0] for c, v in zip(numeric + categorical, inputs)})
        return [strings(estimator.predict(frame)),
                estimator.predict_proba(frame).astype(np.float32)]

    unseen = test[BATCH + 1:BATCH + 4].copy()
    unseen["weight"] = strings(["", "d\u00e9j\u00e0 vu", "\U0001f600"])
    case = Case(
        model, SKL2ONNX, DIABETES_DATA,
        "classification, numeric and string columns"
        " (set 2 has categories not seen in training)", 1e-5, 1e-6)
    case.properties["accuracy"] = accuracy(
        estimator.predict(test), test_target)
    return with_sets(case, predict, columns(test), [columns(unseen)])


def random_forest(data):
    """A small random forest."""
    split = data.table("cancer")
    estimator = RandomForestClassifier(
        n_estimators=20, max_depth=5, random_state=SEED)
    estimator.fit(split.train.to_numpy(), split.train_target)
    return sklearn_classifier(
        estimator, "random-forest", split, data=CANCER_DATA,
        task="classification, string labels", rtol=1e-5, atol=1e-6)


def gradient_boosting(data):
    """LightGBM; its converter knows integer labels only (1 malignant)."""
    split = data.table("cancer")
    train_target = (split.train_target == "malignant").astype(np.int64)
    test_target = (split.test_target == "malignant").astype(np.int64)
    estimator = lightgbm.LGBMClassifier(
        n_estimators=40, num_leaves=7, learning_rate=0.1, random_state=SEED,
        deterministic=True, force_row_wise=True, n_jobs=1, verbose=-1)
    estimator.fit(split.train.to_numpy(), train_target)
    held_out = split.test.to_numpy()
    model = onnxmltools.convert_lightgbm(
        estimator, name="gradient-boosting", zipmap=False,
        initial_types=[("features", ml_types.FloatTensorType([None, 10]))],
        target_opset=15)

    def predict(inputs):
        return [estimator.predict(inputs[0]).astype(np.int64),
                estimator.predict_proba(inputs[0]).astype(np.float32)]

    case = Case(model, LIGHTGBM, CANCER_DATA,
                "classification, int64 labels (1 is malignant); the converter"
                " declares the labels as [1], they are [n]", 1e-5, 1e-6)
    case.properties["accuracy"] = accuracy(
        estimator.predict(held_out), test_target)
    return with_sets(case, predict, [held_out])


def mlp(data):
    """A multi-layer perceptron of scikit-learn."""
    split = data.digits()
    split.train = split.train.reshape(-1, 64)
    split.test = split.test.reshape(-1, 64)
    estimator = MLPClassifier(
        hidden_layer_sizes=(48, 24), max_iter=120, random_state=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged: good enough here
        estimator.fit(split.train, split.train_target)
    return sklearn_classifier(
        estimator, "mlp", split, data=DIGITS_DATA, integer_labels=True,
        task="classification, int64 labels", rtol=1e-5, atol=1e-6)


def regression_float64(data):
    """Ridge regression in double precision."""
    split = data.table("diabetes", np.float64)
    estimator = make_pipeline(StandardScaler(), Ridge(alpha=1.0))
    estimator.fit(split.train.to_numpy(), split.train_target)
    model = from_sklearn(
        estimator, "regression-float64",
        [("features", skl_types.DoubleTensorType([None, 10]))])
    case = Case(model, SKL2ONNX, DIABETES_DATA,
                "regression, double precision", 1e-14, 1e-13)
    return with_sets(
        case, lambda inputs: [estimator.predict(inputs[0]).reshape(-1, 1)],
        [split.test.to_numpy()])


def cancer_boosted(data):
    """Gradient boosting with the interface of the cancer demo."""
    split = data.table("cancer")
    estimator = GradientBoostingClassifier(
        n_estimators=60, max_depth=3, learning_rate=0.1, random_state=SEED)
    estimator.fit(split.train.to_numpy(), split.train_target)
    case = sklearn_classifier(
        estimator, "cancer-boosted", split, data=CANCER_DATA,
        task="classification, string labels, column names in the metadata",
        rtol=1e-5, atol=1e-6)
    return add_columns(case, split.train.columns, estimator.classes_)


def cancer_logistic(data):
    """Scaled logistic regression with the interface of the cancer demo."""
    split = data.table("cancer")
    estimator = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000))
    estimator.fit(split.train.to_numpy(), split.train_target)
    case = sklearn_classifier(
        estimator, "cancer-logistic", split, data=CANCER_DATA,
        task="classification, string labels, column names in the metadata",
        rtol=1e-5, atol=1e-6)
    return add_columns(case, split.train.columns, estimator.classes_)


def anomaly(data):
    """An isolation forest: labels 1 (usual) and -1, and the scores."""
    split = data.table("cancer")
    estimator = IsolationForest(
        n_estimators=10, max_samples=32, random_state=SEED)
    estimator.fit(split.train.to_numpy())
    model = from_sklearn(
        estimator, "anomaly",
        [("features", skl_types.FloatTensorType([None, 10]))])

    def predict(inputs):
        scores = estimator.decision_function(inputs[0])
        return [estimator.predict(inputs[0]).astype(np.int64).reshape(-1, 1),
                scores.astype(np.float32).reshape(-1, 1)]

    case = Case(model, SKL2ONNX, CANCER_DATA,
                "anomaly detection, no target", 1e-5, 1e-6)
    return with_sets(case, predict, [split.test.to_numpy()])


def text(data):
    """TF-IDF over words and logistic regression; strings in and out."""
    split = data.sentences()
    # lowercase=False keeps StringNormalizer out of the graph: onnxruntime
    # needs an installed locale for it, and the lines are lower case already.
    estimator = make_pipeline(
        TfidfVectorizer(lowercase=False, token_pattern="[a-z]+",
                        max_features=300),
        LogisticRegression(max_iter=1000, C=10.0))
    estimator.fit(split.train, split.train_target)
    model = from_sklearn(
        estimator, "text", [("text", skl_types.StringTensorType([None, 1]))],
        zipmap=False)

    def predict(inputs):
        lines = inputs[0][:, 0]
        return [strings(estimator.predict(lines)),
                estimator.predict_proba(lines).astype(np.float32)]

    case = Case(model, SKL2ONNX,
                "Lines of the descriptions of scikit-learn's data sets",
                "classification of strings, string labels", 1e-5, 1e-6)
    case.properties["accuracy"] = accuracy(
        estimator.predict(split.test), split.test_target)
    return with_sets(case, predict, [split.test.reshape(-1, 1)])


# --------------------------------------------------------------------------
# PyTorch
# --------------------------------------------------------------------------

class ConvNet(torch.nn.Module):
    """Two convolutions and a linear layer over 1x8x8 images."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding=1),
            torch.nn.BatchNorm2d(8),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(8, 16, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.Linear(16 * 4 * 4, 10))

    def forward(self, image):
        return self.layers(image)


class RowGru(torch.nn.Module):
    """Reads an image row by row; any number of rows."""

    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(8, 24, batch_first=True)
        self.linear = torch.nn.Linear(24, 10)

    def forward(self, rows):
        hidden, last = self.gru(rows)
        return self.linear(last[0]), hidden


class MultiIo(torch.nn.Module):
    """Measurements and categories in, progression and quartile out."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(10, 3)
        self.hidden = torch.nn.Linear(8 + 2 * 3, 16)
        self.progression = torch.nn.Linear(16, 1)
        self.quartile = torch.nn.Linear(16, 4)

    def forward(self, measurements, groups):
        embedded = self.embedding(groups).flatten(1)
        joined = torch.cat([measurements, embedded], dim=1)
        hidden = torch.tanh(self.hidden(joined))
        return self.progression(hidden), self.quartile(hidden)


class TanhMlp(torch.nn.Module):
    """Two linear layers over 64 pixels."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))

    def forward(self, pixels):
        return self.layers(pixels)


def fit(module, loss, arrays, epochs, rate=1e-2):
    """Trains a module; ``loss`` maps a batch of the arrays to a loss."""
    tensors = [torch.from_numpy(np.ascontiguousarray(a)) for a in arrays]
    optimizer = torch.optim.Adam(module.parameters(), lr=rate)
    module.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(tensors[0])).split(64):
            optimizer.zero_grad()
            loss(*(tensor[rows] for tensor in tensors)).backward()
            optimizer.step()
    return module.eval()


def forward(module, inputs):
    """Runs a module over arrays and returns a list of arrays."""
    with torch.no_grad():
        outputs = module(*map(torch.from_numpy, inputs))
    if isinstance(outputs, torch.Tensor):
        outputs = [outputs]
    return [output.numpy() for output in outputs]


def export(module, inputs, input_names, output_names, axes, name):
    """Exports a module; ``axes`` names the dynamic axes of each input."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        torch.onnx.export(
            module, tuple(map(torch.from_numpy, inputs)), path,
            input_names=input_names, output_names=output_names,
            dynamic_shapes=axes, opset_version=OPSET, dynamo=True,
            external_data=False, verbose=False)
        model = onnx.load(path)
    strip(model)
    model.graph.name = name
    return model


def strip(model):
    """Removes stack traces and the like, which hold paths of the machine."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    for part in (model.graph.node, model.graph.initializer, model.graph.input,
                 model.graph.output, model.graph.value_info, model.functions):
        for element in part:
            element.doc_string = ""
            del element.metadata_props[:]


def train_convnet(split):
    """Returns a trained ConvNet; the same one each time."""
    torch.manual_seed(SEED)
    module = ConvNet()
    return fit(
        module,
        lambda x, y: torch.nn.functional.cross_entropy(module(x), y),
        [split.train[:, None], split.train_target], epochs=8)


def export_convnet(module, images, name):
    """Exports a ConvNet with a dynamic batch axis."""
    return export(module, [images[:2]], ["image"], ["logits"],
                  {"image": {0: "batch"}}, name)


def digits_convnet(data):
    """A small convolutional network."""
    split = data.digits()
    module = train_convnet(split)
    images = split.test[:, None]
    case = Case(export_convnet(module, images, "digits-convnet"), TORCH,
                DIGITS_DATA, "classification, logits", 1e-5, 1e-5)
    case.properties["accuracy"] = accuracy(
        forward(module, [images])[0].argmax(1), split.test_target)
    return with_sets(case, lambda x: forward(module, x), [images])


def gru(data):
    """A recurrent network with dynamic batch and sequence length."""
    torch.manual_seed(SEED)
    split = data.digits()
    module = RowGru()

    def loss(rows, target):
        length = int(torch.randint(5, 9, ()))
        logits, _ = module(rows[:, :length])
        return torch.nn.functional.cross_entropy(logits, target)

    fit(module, loss, [split.train, split.train_target], epochs=15)
    model = export(
        module, [split.test[:2]], ["rows"], ["logits", "hidden"],
        {"rows": {0: "batch", 1: "length"}}, "gru")
    case = Case(model, TORCH, DIGITS_DATA + ", a row is a time step",
                "classification of sequences, logits (set 2 has length 5)",
                1e-5, 1e-5)
    case.properties["accuracy"] = accuracy(
        forward(module, [split.test])[0].argmax(1), split.test_target)
    return with_sets(case, lambda x: forward(module, x), [split.test],
                     [[np.ascontiguousarray(split.test[30:36, :5])]])


def multi_io(data):
    """Two inputs of different type and two outputs."""
    torch.manual_seed(SEED)
    split = data.table("diabetes")
    numeric = ["bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    scaler = StandardScaler().fit(split.train[numeric].to_numpy())

    def prepare(frame):
        measurements = scaler.transform(frame[numeric].to_numpy())
        groups = np.stack([frame["sex"] - 1, frame["age"] // 10], axis=1)
        return [measurements.astype(np.float32), groups.astype(np.int64)]

    edges = np.quantile(split.train_target, [0.25, 0.5, 0.75])
    quartiles = np.digitize(split.train_target, edges)
    module = MultiIo()

    def loss(measurements, groups, target, quartile):
        progression, logits = module(measurements, groups)
        return (torch.nn.functional.mse_loss(progression[:, 0], target)
                + torch.nn.functional.cross_entropy(logits, quartile))

    fit(module, loss,
        [*prepare(split.train), split.train_target.astype(np.float32) / 100,
         quartiles], epochs=40)
    held_out = prepare(split.test)
    model = export(
        module, [column[:2] for column in held_out],
        ["measurements", "groups"], ["progression", "quartile"],
        {"measurements": {0: "batch"}, "groups": {0: "batch"}}, "multi-io")
    case = Case(model, TORCH, DIABETES_DATA,
                "regression (target / 100) and classification (logits of the"
                " quartile)", 1e-5, 1e-5)
    case.properties["accuracy"] = accuracy(
        forward(module, held_out)[1].argmax(1),
        np.digitize(split.test_target, edges))
    return with_sets(case, lambda x: forward(module, x), held_out)


def float16(data):
    """The convolutional network in half precision."""
    split = data.digits()
    module = train_convnet(split).half()
    images = split.test[:, None].astype(np.float16)
    case = Case(export_convnet(module, images, "float16"), TORCH,
                DIGITS_DATA, "classification, float16 in and out, logits",
                4e-3, 4e-2)
    case.properties["accuracy"] = accuracy(
        forward(module, [images])[0].argmax(1), split.test_target)
    return with_sets(case, lambda x: forward(module, x), [images])


class Calibration(CalibrationDataReader):
    """Feeds training images to the quantiser."""

    def __init__(self, images):
        self.batches = iter(np.array_split(images, 8))

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"image": batch}


def int8_quantised(data):
    """The convolutional network with 8-bit weights and activations."""
    split = data.digits()
    module = train_convnet(split)
    images = split.test[:, None]
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "float.onnx"
        target = pathlib.Path(folder) / "int8.onnx"
        onnx.save(export_convnet(module, images, "int8-quantised"), source)
        quantize_static(
            source, target, Calibration(split.train[:, None]),
            quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True,
            activation_type=QuantType.QInt8, weight_type=QuantType.QInt8)
        model = onnx.load(target)
    strip(model)
    # The evaluator has DequantizeLinear from version 19 on; that one differs
    # from the one in the model by types and attributes not used here.
    newer = onnx.ModelProto()
    newer.CopyFrom(model)
    newer.opset_import[0].version = 19
    evaluator = ReferenceEvaluator(newer)

    def predict(inputs):
        return evaluator.run(None, {"image": inputs[0]})

    # A logit is a multiple of the output's scale, 0.1986. The tolerance is
    # one such step: another processor may round a tie the other way.
    case = Case(
        model,
        f"{TORCH} + onnxruntime.quantization {onnxruntime.__version__}",
        DIGITS_DATA, "classification, static QDQ quantisation, logits",
        1e-5, 0.2)
    case.properties["accuracy"] = accuracy(
        predict([images])[0].argmax(1), split.test_target)
    case.properties["expected"] = (
        f"the quantised model in onnx.reference {onnx.__version__} (numpy)")
    return with_sets(case, predict, [images])


def external_data(data):
    """A perceptron with its weights in a file of their own."""
    torch.manual_seed(SEED)
    split = data.digits()
    train = split.train.reshape(-1, 64)
    test = split.test.reshape(-1, 64)
    module = TanhMlp()
    fit(module,
        lambda x, y: torch.nn.functional.cross_entropy(module(x), y),
        [train, split.train_target], epochs=10)
    model = export(module, [test[:2]], ["pixels"], ["logits"],
                   {"pixels": {0: "batch"}}, "external-data")
    case = Case(model, TORCH, DIGITS_DATA,
                "classification, weights in weights.bin, logits", 1e-5, 1e-5)
    case.external_file = "weights.bin"
    case.properties["accuracy"] = accuracy(
        forward(module, [test])[0].argmax(1), split.test_target)
    return with_sets(case, lambda x: forward(module, x), [test])


TRAINED: dict[str, Callable[[Data], Case]] = {
    "logistic-zipmap": logistic_zipmap,
    "logistic": logistic,
    "mixed-pipeline": mixed_pipeline,
    "random-forest": random_forest,
    "gradient-boosting": gradient_boosting,
    "mlp": mlp,
    "digits-convnet": digits_convnet,
    "gru": gru,
    "multi-io": multi_io,
    "regression-float64": regression_float64,
    "int8-quantised": int8_quantised,
    "float16": float16,
    "external-data": external_data,
    "cancer-boosted": cancer_boosted,
    "cancer-logistic": cancer_logistic,
    "anomaly": anomaly,
    "text": text,
}


# --------------------------------------------------------------------------
# Graphs built by hand
# --------------------------------------------------------------------------

IDENTITY_VALUES = {
    "float": np.array([0.0, -0.0, 1.5, -3.4028235e38, 1e-45, np.inf, np.nan],
                      np.float32),
    "double": np.array([0.0, -0.0, 1.5, -1.7976931348623157e308, 5e-324,
                        -np.inf, np.nan], np.float64),
    "float16": np.array([0.0, -0.0, 1.5, -65504, 6e-8, np.inf, np.nan],
                        np.float16),
    "bfloat16": np.array([0.0, -0.0, 1.5, -3.39e38, 1e-40, np.inf, np.nan],
                         ml_dtypes.bfloat16),
    "float8e4m3fn": np.array([0.0, -0.0, 1.5, -448, 0.001953125, np.nan],
                             ml_dtypes.float8_e4m3fn),
    "float8e5m2": np.array([0.0, -0.0, 1.5, -57344, np.inf, np.nan],
                           ml_dtypes.float8_e5m2),
    "int8": np.array([-128, -1, 0, 1, 127], np.int8),
    "int16": np.array([-2**15, -1, 0, 1, 2**15 - 1], np.int16),
    "int32": np.array([-2**31, -1, 0, 1, 2**31 - 1], np.int32),
    "int64": np.array([-2**63, -1, 0, 1, 2**63 - 1], np.int64),
    "uint8": np.array([0, 1, 127, 128, 255], np.uint8),
    "uint16": np.array([0, 1, 2**15, 2**16 - 1], np.uint16),
    "uint32": np.array([0, 1, 2**31, 2**32 - 1], np.uint32),
    "uint64": np.array([0, 1, 2**63, 2**64 - 1], np.uint64),
    "bool": np.array([True, False, True], np.bool_),
    "string": np.array(["", "plain", "gr\u00fc\u00df", "\u65e5\u672c",
                        "\U0001f600"], object),
}


def value(name, dtype, shape):
    """Describes a graph input or output of a tensor type."""
    return helper.make_tensor_value_info(name, dtype, shape)


def constant(name, array):
    """Returns an initializer."""
    return numpy_helper.from_array(np.asarray(array), name)


def special(name, nodes, inputs, outputs, task, sets=(), constants=(),
            rtol=0.0, atol=0.0, domains=(), **properties):
    """Returns the case of a graph built by hand."""
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(
        graph, ir_version=IR_VERSION, producer_name="onnx.helper",
        opset_imports=[helper.make_opsetid("", 19), *domains])
    return Case(model, HELPER, "written by hand", task, rtol, atol,
                sets=list(sets), properties=properties)


def identity(dtype):
    """Identity over a vector that holds the extreme values of its type."""
    array = IDENTITY_VALUES[dtype]
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    if dtype == "string":
        kind = TensorProto.STRING
    return special(
        f"identity-{dtype}",
        [helper.make_node("Identity", ["x"], ["y"])],
        [value("x", kind, ["n"])], [value("y", kind, ["n"])],
        f"Identity of {dtype}", [([array], [array])])


def sequence_out():
    """A sequence of tensors as output."""
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    parts = helper.make_tensor_sequence_value_info(
        "parts", TensorProto.FLOAT, [1, 2])
    return special(
        "sequence-out",
        [helper.make_node("SplitToSequence", ["x"], ["parts"], axis=0)],
        [value("x", TensorProto.FLOAT, ["n", 2])], [parts],
        "a sequence of tensors as output",
        [([x], [np.split(x, 3)]), ([x[:1]], [[x[:1]]])])


def sequence_map_out():
    """A sequence of maps with integer keys, as ZipMap makes them."""
    x = np.array([[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]], np.float32)
    keys = [-7, 2**40]
    maps = helper.make_value_info("maps", helper.make_sequence_type_proto(
        helper.make_map_type_proto(
            TensorProto.INT64,
            helper.make_tensor_type_proto(TensorProto.FLOAT, []))))
    return special(
        "sequence-map-out",
        [helper.make_node("ZipMap", ["x"], ["maps"], domain="ai.onnx.ml",
                          classlabels_int64s=keys)],
        [value("x", TensorProto.FLOAT, ["n", 2])], [maps],
        "a sequence of maps from int64 to float as output",
        [([part], [[dict(zip(keys, row)) for row in part]])
         for part in (x, x[:1])],
        domains=[helper.make_opsetid("ai.onnx.ml", ML_OPSET)])


def no_inputs():
    """A graph that needs nothing."""
    y = np.array([1.0, 2.0, 3.0], np.float32)
    return special(
        "no-inputs",
        [helper.make_node("Constant", [], ["y"], value=constant("", y))],
        [], [value("y", TensorProto.FLOAT, [3])], "no inputs", [([], [y])])


def optional_input_default():
    """An initializer that is a graph input too."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    default = np.array([10.0, 20.0], np.float32)
    other = np.array([-1.0, 0.5], np.float32)
    return special(
        "optional-input-default",
        [helper.make_node("Add", ["x", "bias"], ["y"])],
        [value("x", TensorProto.FLOAT, ["n", 2]),
         value("bias", TensorProto.FLOAT, [2])],
        [value("y", TensorProto.FLOAT, ["n", 2])],
        "an input with a default (set 0 leaves it out, set 1 gives it)",
        [([x], [x + default]), ([x, other], [x + other])],
        [constant("bias", default)])


def optional_type():
    """An input of type optional(tensor(float))."""
    tensor_type = helper.make_tensor_type_proto(TensorProto.FLOAT, ["n"])
    x = helper.make_value_info(
        "x", helper.make_optional_type_proto(tensor_type))
    branch_out = value("branch", TensorProto.FLOAT, None)
    get = helper.make_graph(
        [helper.make_node("OptionalGetElement", ["x"], ["branch"])],
        "present", [], [branch_out])
    replacement = np.array([-1.0], np.float32)
    replace = helper.make_graph(
        [helper.make_node("Constant", [], ["branch"],
                          value=constant("", replacement))],
        "absent", [], [branch_out])
    given = np.array([1.0, 2.0], np.float32)
    return special(
        "optional-type",
        [helper.make_node("OptionalHasElement", ["x"], ["present"]),
         helper.make_node("If", ["present"], ["y"], then_branch=get,
                          else_branch=replace)],
        [x], [value("present", TensorProto.BOOL, []),
              value("y", TensorProto.FLOAT, ["m"])],
        "an input of an optional type (set 1 is the empty optional)",
        [([given], [np.array(True), given]),
         ([None], [np.array(False), replacement])])


def sigmoid(x):
    """Returns the logistic function of x."""
    return 1 / (1 + np.exp(-x))


def lstm_reference(x, w, r):
    """Returns all hidden states of an LSTM without bias (ONNX: i, o, f, c)."""
    size = r.shape[-1]
    hidden = cell = np.zeros((x.shape[1], size))
    states = []
    for step in x.astype(np.float64):
        gates = step @ w[0].T + hidden @ r[0].T
        i, o, f, c = np.split(gates, 4, axis=1)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        states.append(hidden)
    return np.stack(states)[:, None].astype(np.float32)


def gru_reference(x, w, r):
    """Returns all hidden states of a GRU without bias (ONNX: z, r, h)."""
    size = r.shape[-1]
    hidden = np.zeros((x.shape[1], size))
    states = []
    for step in x.astype(np.float64):
        wz, wr, wh = np.split(step @ w[0].T, 3, axis=1)
        rz, rr, rh = np.split(r[0], 3)
        update = sigmoid(wz + hidden @ rz.T)
        reset = sigmoid(wr + hidden @ rr.T)
        candidate = np.tanh(wh + (reset * hidden) @ rh.T)
        hidden = (1 - update) * candidate + update * hidden
        states.append(hidden)
    return np.stack(states)[:, None].astype(np.float32)


def recurrent(name, operator, gates, reference, shape, task):
    """Returns a case with one LSTM or GRU of hidden size 2."""
    generator = np.random.default_rng(SEED)
    w = generator.normal(size=(1, gates * 2, 3)).astype(np.float32)
    r = generator.normal(size=(1, gates * 2, 2)).astype(np.float32)
    x = generator.normal(size=(4, 2, 3)).astype(np.float32)
    out_shape = None if shape is None else [*shape[:1], 1, shape[1], 2]
    return special(
        name,
        [helper.make_node(operator, ["x", "w", "r"], ["y"], hidden_size=2)],
        [value("x", TensorProto.FLOAT, shape)],
        [value("y", TensorProto.FLOAT, out_shape)], task,
        [([x], [reference(x, w, r)])],
        [constant("w", w), constant("r", r)], rtol=1e-5, atol=1e-6)


def undeclared_rank():
    """An input without any shape that feeds an LSTM."""
    case = recurrent("undeclared-rank", "LSTM", 4, lstm_reference, None,
                     "an input of undeclared rank that must be 3")
    # onnx.checker insists on a shape of graph inputs, exporters do not.
    case.well_formed = False
    return case


def zero_dim_lstm():
    """An LSTM whose length and batch may be zero at run time."""
    return recurrent("zero-dim-lstm", "LSTM", 4, lstm_reference,
                     ["length", "batch", 3], "LSTM with dynamic dimensions")


def zero_dim_gru():
    """A GRU whose length and batch may be zero at run time."""
    return recurrent("zero-dim-gru", "GRU", 3, gru_reference,
                     ["length", "batch", 3], "GRU with dynamic dimensions")


def zero_dim_topk():
    """TopK over a matrix that may have no rows or no columns."""
    x = np.array([[3.0, 1.0, 2.0], [0.5, 0.25, 4.0]], np.float32)
    indices = np.array([[0, 2], [2, 0]], np.int64)
    return special(
        "zero-dim-topk",
        [helper.make_node("TopK", ["x", "k"], ["values", "indices"])],
        [value("x", TensorProto.FLOAT, ["n", "m"])],
        [value("values", TensorProto.FLOAT, ["n", 2]),
         value("indices", TensorProto.INT64, ["n", 2])],
        "TopK with dynamic dimensions",
        [([x], [np.take_along_axis(x, indices, 1), indices])],
        [constant("k", np.array([2], np.int64))])


def zero_dim_einsum():
    """A product of batches of matrices whose dimensions may be zero."""
    a = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    b = np.arange(24, dtype=np.float32).reshape(1, 2, 4, 3)
    return special(
        "zero-dim-einsum",
        [helper.make_node("Einsum", ["a", "b"], ["y"],
                          equation="bhid,bhjd->bhij")],
        [value("a", TensorProto.FLOAT, ["batch", "h", "i", "d"]),
         value("b", TensorProto.FLOAT, ["batch", "h", "j", "d"])],
        [value("y", TensorProto.FLOAT, ["batch", "h", "i", "j"])],
        "Einsum with dynamic dimensions",
        [([a, b], [np.einsum("bhid,bhjd->bhij", a, b)])])


def scalar_input():
    """A tensor of rank 0 in and out."""
    x = np.array(1.5, np.float32)
    return special(
        "scalar-input", [helper.make_node("Add", ["x", "x"], ["y"])],
        [value("x", TensorProto.FLOAT, [])],
        [value("y", TensorProto.FLOAT, [])],
        "a tensor of rank 0", [([x], [np.array(3.0, np.float32)])])


def dynamic_output():
    """An output whose size depends on the values of the input."""
    x = np.array([[1, 0, 2], [0, 0, 3]], np.float32)
    zeros = np.zeros((2, 3), np.float32)
    return special(
        "dynamic-output", [helper.make_node("NonZero", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT, ["n", "m"])],
        [value("y", TensorProto.INT64, [2, "count"])],
        "an output whose size depends on the values (set 1: empty)",
        [([array], [np.array(np.nonzero(array), np.int64)])
         for array in (x, zeros)])


def fixed_batch_1():
    """A model that takes one row at a time."""
    x = np.array([[-1.0, 0.0, 1.0, 2.0]], np.float32)
    return special(
        "fixed-batch-1", [helper.make_node("Relu", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT, [1, 4])],
        [value("y", TensorProto.FLOAT, [1, 4])],
        "a batch axis fixed to 1", [([x], [np.maximum(x, 0)])])


def uint_arith():
    """Operations on unsigned integers above the signed range."""
    a32 = np.array([2**32 - 1, 2**31, 7], np.uint32)
    b32 = np.array([10, 3, 2**31 + 1], np.uint32)
    a64 = np.array([2**64 - 1, 2**63, 7], np.uint64)
    b64 = np.array([10, 3, 2**63 + 1], np.uint64)
    inputs, outputs, nodes, given, expected = [], [], [], [], []
    for bits, kind, a, b in ((32, TensorProto.UINT32, a32, b32),
                             (64, TensorProto.UINT64, a64, b64)):
        given += [a, b]
        expected += [a % b, np.maximum(a, b)]
        inputs += [value(f"a{bits}", kind, ["n"]),
                   value(f"b{bits}", kind, ["n"])]
        for operator in ("Mod", "Max"):
            out = f"{operator.lower()}{bits}"
            outputs.append(value(out, kind, ["n"]))
            nodes.append(helper.make_node(
                operator, [f"a{bits}", f"b{bits}"], [out]))
    return special("uint-arith", nodes, inputs, outputs,
                   "uint32 and uint64 above the signed range",
                   [(given, expected)])


def external(name, location, **entries):
    """Returns a float32 initializer of four elements in another file."""
    tensor = TensorProto(
        name=name, data_type=TensorProto.FLOAT, dims=[4],
        data_location=TensorProto.EXTERNAL)
    for key, entry in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(entry))
    return tensor


def external_shared():
    """Two tensors share a file; a third one has a file and no length."""
    x = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32)
    scale, shift, bias = np.array(
        [[1, -1, 2, 0.5], [10, 20, 30, 40], [0.25, 0.5, 0.75, 1]], "<f4")
    case = special(
        "external-shared",
        [helper.make_node("Mul", ["x", "scale"], ["scaled"]),
         helper.make_node("Add", ["scaled", "shift"], ["shifted"]),
         helper.make_node("Add", ["shifted", "bias"], ["y"])],
        [value("x", TensorProto.FLOAT, ["n", 4])],
        [value("y", TensorProto.FLOAT, ["n", 4])],
        "external data: scale and shift in shared.bin, shift with an offset;"
        " bias in whole.bin, without offset and length",
        [([x], [x * scale + shift + bias])],
        [external("scale", "shared.bin", length=16),
         external("shift", "shared.bin", offset=16, length=16),
         external("bias", "whole.bin")])
    case.files = {"shared.bin": scale.tobytes() + shift.tobytes(),
                  "whole.bin": bias.tobytes()}
    return case


def external_escape():
    """Weights that claim to be in a file outside the model's folder."""
    case = special(
        "external-escape",
        [helper.make_node("Add", ["x", "secret"], ["y"])],
        [value("x", TensorProto.FLOAT, ["n", 4])],
        [value("y", TensorProto.FLOAT, ["n", 4])],
        "external data outside the folder: must be refused",
        constants=[external("secret", "../secret.bin", offset=0, length=16)],
        expect="refused")
    case.well_formed = case.runs = False
    return case


SPECIAL: dict[str, Callable[[], Case]] = {
    **{f"identity-{dtype}": lambda dtype=dtype: identity(dtype)
       for dtype in IDENTITY_VALUES},
    "sequence-out": sequence_out,
    "sequence-map-out": sequence_map_out,
    "no-inputs": no_inputs,
    "optional-input-default": optional_input_default,
    "optional-type": optional_type,
    "undeclared-rank": undeclared_rank,
    "zero-dim-lstm": zero_dim_lstm,
    "zero-dim-gru": zero_dim_gru,
    "zero-dim-topk": zero_dim_topk,
    "zero-dim-einsum": zero_dim_einsum,
    "scalar-input": scalar_input,
    "dynamic-output": dynamic_output,
    "fixed-batch-1": fixed_batch_1,
    "uint-arith": uint_arith,
    "external-shared": external_shared,
    "external-escape": external_escape,
}


# --------------------------------------------------------------------------
# Writing
# --------------------------------------------------------------------------

def map_proto(entries):
    """Returns a MapProto from strings or int64 to float32.

    numpy_helper.from_dict cannot do this: it takes a string key for the name
    of a numpy type.
    """
    if all(isinstance(key, str) for key in entries):
        proto = onnx.MapProto(key_type=TensorProto.STRING)
        proto.string_keys.extend(key.encode() for key in entries)
    else:
        proto = onnx.MapProto(key_type=TensorProto.INT64)
        proto.keys.extend(entries)
    proto.values.CopyFrom(numpy_helper.from_list(list(entries.values())))
    return proto


def to_proto(info, content):
    """Returns the value of a graph input or output as the proto to store."""
    kind = info.type.WhichOneof("value")
    if kind == "tensor_type":
        return numpy_helper.from_array(content, info.name)
    if kind == "optional_type":
        # An OptionalProto's name is that of the input, as for the others.
        proto = onnx.OptionalProto(name=info.name)
        if content is not None:
            proto.elem_type = onnx.OptionalProto.TENSOR
            proto.tensor_value.CopyFrom(numpy_helper.from_array(content))
        return proto
    if isinstance(content[0], dict):
        proto = onnx.SequenceProto(
            name=info.name, elem_type=onnx.SequenceProto.MAP)
        proto.map_values.extend(map(map_proto, content))
        return proto
    return numpy_helper.from_list(content, info.name)


def write_properties(path, case):
    """Writes case.properties (ASCII, no escapes needed)."""
    entries = {
        "toolchain": case.toolchain, "data": case.data, "task": case.task,
        "rtol": f"{case.rtol:g}", "atol": f"{case.atol:g}", **case.properties}
    text_lines = [f"{key}={entry}\n" for key, entry in entries.items()]
    path.write_text("".join(text_lines), encoding="ascii")


def write_case(folder, case):
    """Writes model, data sets and properties; replaces the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    case.model.ir_version = min(case.model.ir_version, IR_VERSION)
    if case.external_file:
        onnx.external_data_helper.convert_model_to_external_data(
            case.model, location=case.external_file, size_threshold=0)
    for file_name, content in case.files.items():
        (folder / file_name).write_bytes(content)
    onnx.save(case.model, folder / "model.onnx")
    graph = case.model.graph
    for k, (inputs, outputs) in enumerate(case.sets):
        data_set = folder / f"test_data_set_{k}"
        data_set.mkdir()
        for kind, infos, contents in (("input", graph.input, inputs),
                                      ("output", graph.output, outputs)):
            for j, (info, content) in enumerate(zip(infos, contents)):
                path = data_set / f"{kind}_{j}.pb"
                path.write_bytes(
                    to_proto(info, content).SerializeToString(
                        deterministic=True))
    write_properties(folder / "case.properties", case)


def size(folder):
    """Returns the size of all files below a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


# --------------------------------------------------------------------------
# Checking
# --------------------------------------------------------------------------

def run(session, case, inputs):
    """Runs a model with onnxruntime and returns a list of outputs."""
    graph = case.model.graph
    if inputs and isinstance(inputs[0], np.ndarray) \
            and inputs[0].dtype.name in NOT_IN_NUMPY:
        return [run_bits(session, graph, inputs[0])]
    feeds = {info.name: content for info, content in zip(graph.input, inputs)}
    return session.run(None, feeds)


def run_bits(session, graph, array):
    """Runs an identity over a type that numpy itself does not have."""
    bits = array.view(f"u{array.itemsize}")
    result = np.zeros_like(bits)
    binding = session.io_binding()
    for bind, info, buffer in (
            (binding.bind_input, graph.input[0], bits),
            (binding.bind_output, graph.output[0], result)):
        bind(info.name, "cpu", 0, info.type.tensor_type.elem_type,
             list(buffer.shape), buffer.ctypes.data)
    session.run_with_iobinding(binding)
    return result.view(array.dtype)


def flatten(outputs):
    """Returns tensors only: sequences and maps are taken apart."""
    for output in outputs:
        if isinstance(output, list):
            if output and isinstance(output[0], dict):
                yield strings([list(m) for m in output])
                yield np.array([list(m.values()) for m in output], np.float32)
            else:
                yield from output
        else:
            yield np.asarray(output)


def compare(case, expected, actual):
    """Returns largest absolute, relative error and share of tolerance."""
    worst = [0.0, 0.0, 0.0]
    for want, got in zip(flatten(expected), flatten(actual), strict=True):
        assert want.shape == got.shape, (want.shape, got.shape)
        if want.dtype == object:
            assert (want == strings(got)).all()
            continue
        assert want.dtype == got.dtype, (want.dtype, got.dtype)
        if want.dtype.kind in "iub":
            assert (want == got).all()
            continue
        if case.atol == 0:
            assert want.tobytes() == got.tobytes()
            continue
        want, got = want.astype(np.float64), got.astype(np.float64)
        if want.size == 0:
            continue
        error = np.abs(want - got)
        share = error / (case.atol + case.rtol * np.abs(want))
        # Relative to a value near zero the error says nothing.
        relative = (error / np.maximum(np.abs(want), 1e-300))[
            np.abs(want) > 1e-3]
        worst = np.maximum(worst, [
            error.max(), relative.max(initial=0), share.max()])
    return worst


def check(folder, name, case):
    """Checks a written model and prints what onnxruntime makes of it."""
    path = folder / "model.onnx"
    assert size(folder) <= SIZE_LIMIT, name
    signature = "; ".join(
        " ".join(f"{v.name}:{describe(v)}" for v in values)
        for values in (case.model.graph.input, case.model.graph.output))
    print(f"{name:24} {size(folder):6} B  {signature}")
    if case.well_formed:
        onnx.checker.check_model(path, full_check=True)
    if not case.runs:
        try:
            open_session(path)
        except Exception as error:
            print(f"    refused by onnxruntime: {str(error)[:200]}")
        else:
            print("    NOT refused by onnxruntime")
        return
    session = open_session(path)
    parts = [("sets", case.sets)]
    if case.held_out:
        parts.append(("held-out half", [case.held_out]))
    for part, pairs in parts:
        worst = np.max([
            compare(case, outputs, run(session, case, inputs))
            for inputs, outputs in pairs], axis=0)
        print(f"    {part}: abs {worst[0]:.1e}, rel {worst[1]:.1e},"
              f" {worst[2]:.0%} of the tolerance")
        if worst[2] > 1:
            sys.exit(f"{name}: outside the declared tolerance")


def open_session(path):
    """Loads a model with onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"])


# --------------------------------------------------------------------------
# Provenance table and command line
# --------------------------------------------------------------------------

def describe(info):
    """Returns a short text for the type of a graph input or output."""
    def tensor(tensor_type):
        dtype = TensorProto.DataType.Name(tensor_type.elem_type).lower()
        if not tensor_type.HasField("shape"):
            return dtype
        dims = [d.dim_param or (str(d.dim_value) if d.HasField("dim_value")
                                else "?") for d in tensor_type.shape.dim]
        return f"{dtype}[{','.join(dims)}]"

    def any_type(proto):
        kind = proto.WhichOneof("value")
        if kind == "tensor_type":
            return tensor(proto.tensor_type)
        if kind == "map_type":
            key = TensorProto.DataType.Name(proto.map_type.key_type).lower()
            return f"map({key},{any_type(proto.map_type.value_type)})"
        inner = getattr(proto, kind).elem_type
        return f"{kind.split('_')[0]}({any_type(inner)})"

    return any_type(info.type)


def read_properties(path):
    """Reads what write_properties wrote."""
    lines = path.read_text(encoding="ascii").splitlines()
    return dict(line.split("=", 1) for line in lines)


def table_rows(root):
    """Yields the lines of the provenance table."""
    yield ("| model | toolchain | data set | task | inputs | outputs"
           " | rtol / atol | model, all (bytes) |")
    yield "|---|---|---|---|---|---|---|---|"
    for group, names in (("onnx", TRAINED), ("onnx-special", SPECIAL)):
        for name in names:
            folder = root / group / name
            if not (folder / "model.onnx").exists():
                continue
            entries = read_properties(folder / "case.properties")
            graph = onnx.load(folder / "model.onnx",
                              load_external_data=False).graph
            columns = [
                "<br>".join(f"`{v.name}` {describe(v)}" for v in values)
                for values in (graph.input, graph.output)]
            model_size = (folder / "model.onnx").stat().st_size
            yield (f"| {group}/{name} | {entries['toolchain']}"
                   f" | {entries['data']} | {entries['task']}"
                   f" | {columns[0]} | {columns[1]}"
                   f" | {entries['rtol']} / {entries['atol']}"
                   f" | {model_size}, {size(folder)} |")


def update_readme(root):
    """Rewrites the provenance table of the README, where there is one."""
    path = root / "README.md"
    if not path.exists():
        return
    table = "\n".join(table_rows(root))
    content = re.sub(
        r"(<!-- table -->\n).*?(<!-- /table -->)",
        lambda match: f"{match[1]}{table}\n{match[2]}",
        path.read_text(encoding="utf-8"), flags=re.DOTALL)
    path.write_text(content, encoding="utf-8")


def main():
    """Runs the command line."""
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="models; default: all")
    parser.add_argument("--out", type=pathlib.Path, default=here)
    arguments = parser.parse_args()
    names = arguments.names or [*TRAINED, *SPECIAL]
    unknown = set(names) - set(TRAINED) - set(SPECIAL)
    if unknown:
        parser.error(f"no such model: {', '.join(sorted(unknown))}")

    threadpool_limits(1)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    root = arguments.out
    write_data(root / "data")
    data = Data(root / "data")
    for name in names:
        if name in TRAINED:
            folder, case = root / "onnx" / name, TRAINED[name](data)
        else:
            folder, case = root / "onnx-special" / name, SPECIAL[name]()
        write_case(folder, case)
        if name == "external-escape":
            # There, so that a refusal is not just a missing file.
            (folder.parent / "secret.bin").write_bytes(
                np.array([1, 2, 3, 4], "<f4").tobytes())
        check(folder, name, case)
    update_readme(root)


if __name__ == "__main__":
    # skl2onnx names and orders some things by iterating over sets of strings.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, sys.orig_argv)
    main()
