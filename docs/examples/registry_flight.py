"""Trains two classifiers of irises and registers both with MLflow; the first is the champion."""

import logging
import os
import time
import urllib.request

import mlflow
import mlflow.onnx
import numpy as np
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def await_server():
    end = time.monotonic() + 120
    while True:
        try:
            return urllib.request.urlopen(os.environ["MLFLOW_TRACKING_URI"] + "/health", timeout=2)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def main():
    iris = load_iris()
    rows = iris.data.astype(np.float32)
    names = iris.target_names[iris.target]
    mlflow.set_experiment("iris")
    for c in [0.02, 1.0]:
        model = LogisticRegression(max_iter=500, C=c).fit(rows, names)
        graph = to_onnx(model, rows[:1], options={"zipmap": False}, target_opset=17)
        example = {"X": rows[:3]}
        answers = {"probabilities": model.predict_proba(rows[:3]).astype(np.float32)}
        with mlflow.start_run():
            info = mlflow.onnx.log_model(
                graph,
                name="iris",
                input_example=example,
                signature=infer_signature(example, answers),
                pip_requirements=["onnxruntime"],
            )
        version = mlflow.register_model(info.model_uri, "iris").version
        print(f"iris v{version}: accuracy {model.score(rows, names):.3f} where it was trained")
    mlflow.MlflowClient().set_registered_model_alias("iris", "champion", "1")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    await_server()
    main()
