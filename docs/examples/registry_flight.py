"""usage: registry_flight.py mlflow | dvc BIN DIRECTORY REMOTE

Trains two classifiers of irises and registers both: with MLflow, where the first is the champion, or in a repository of DVC and GTO,
DIRECTORY/git, where the first is assigned to prod, with the objects in DIRECTORY/store, which REMOTE serves.
"""

import logging
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

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


def models():
    """Pairs of a classifier and its graph."""
    iris = load_iris()
    rows = iris.data.astype(np.float32)
    names = iris.target_names[iris.target]
    for c in [0.02, 1.0]:
        model = LogisticRegression(max_iter=500, C=c).fit(rows, names)
        print(f"iris with C={c}: accuracy {model.score(rows, names):.3f} where it was trained")
        yield rows, model, to_onnx(model, rows[:1], options={"zipmap": False}, target_opset=17)


def register_with_mlflow():
    await_server()
    mlflow.set_experiment("iris")
    for rows, model, graph in models():
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
        mlflow.register_model(info.model_uri, "iris")
    mlflow.MlflowClient().set_registered_model_alias("iris", "champion", "1")


def register_with_dvc(programs, directory, remote):
    git = directory / "git"
    git.mkdir()

    def run(*command):
        done = subprocess.run(command, cwd=git, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{command}: {done.stdout}")

    dvc, gto = str(programs / "dvc"), str(programs / "gto")
    run("git", "init", "-q", "-b", "main")
    run("git", "config", "user.name", "colleague")
    run("git", "config", "user.email", "colleague@example.org")
    run(dvc, "init", "-q")
    run(dvc, "remote", "add", "-d", "storage", remote)
    run(dvc, "remote", "add", "upload", str(directory / "store"))
    (git / "dvc.yaml").write_text("artifacts:\n  iris:\n    path: models/model.onnx\n    type: model\n")
    (git / "models").mkdir()
    for number, (_, _, graph) in enumerate(models(), 1):
        (git / "models/model.onnx").write_bytes(graph.SerializeToString())
        run(dvc, "add", "-q", "models/model.onnx")
        run("git", "add", "-A")
        run("git", "commit", "-q", "-m", f"version {number}")
        run(dvc, "push", "-q", "-r", "upload")
        run(gto, "register", "iris", "HEAD", "--version", f"v{number}.0.0")
    run(gto, "assign", "iris", "--version", "v1.0.0", "--stage", "prod")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    if sys.argv[1] == "mlflow":
        register_with_mlflow()
    else:
        register_with_dvc(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
