"""Logs the models of the interoperability tests to an MLflow server, of 2.x and of 3.x.

usage: models.py TRIBUO_DIRECTORY   (MLFLOW_TRACKING_URI and credentials from the environment)

Prints one JSON object: what was made, by the names that the tests use.
"""

import hashlib
import json
import os
import pathlib
import sys
import tempfile

import mlflow
import mlflow.onnx
import mlflow.sklearn
import numpy as np
import onnx
from mlflow import MlflowClient
from mlflow.models import infer_signature
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

major = int(mlflow.__version__.split(".")[0])
client = MlflowClient()
iris = load_iris()
rows = iris.data.astype(np.float32)


def classifier(c):
    model = LogisticRegression(max_iter=200, C=c).fit(rows, iris.target)
    graph = to_onnx(model, rows[:1], options={"zipmap": False}, target_opset=17)
    return model, graph


def wide():
    """y = x W, with a W of 8 KiB that MLflow keeps in a file of its own."""
    weights = np.arange(4 * 512, dtype=np.float32).reshape(4, 512) / 1024
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "wide",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 512])],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def answers(graph, example):
    """What ONNX's reference implementation answers, by output."""
    from onnx.reference import ReferenceEvaluator

    session = ReferenceEvaluator(graph)
    name = graph.graph.input[0].name
    outputs = session.run(None, {name: example})
    names = [o.name for o in graph.graph.output]
    return {n: np.asarray(o).tolist() for n, o in zip(names, outputs)}


def log_onnx(name, graph, example, external):
    kwargs = {"name": name} if major >= 3 else {"artifact_path": name}
    input_name = graph.graph.input[0].name
    expected = answers(graph, example)  # before the weights are moved to another file
    output = {k: np.asarray(v, dtype=np.float32) for k, v in expected.items()}
    with mlflow.start_run() as run:
        info = mlflow.onnx.log_model(
            graph,
            input_example={input_name: example},
            signature=infer_signature({input_name: example}, output),
            save_as_external_data=external,
            onnx_session_options={"intra_op_num_threads": 1, "graph_optimization_level": 99},
            pip_requirements=["onnxruntime"],
            **kwargs,
        )
        recorded = json.dumps(expected)
        if major >= 3:
            path = pathlib.Path(tempfile.mkdtemp()) / "output_example.json"
            path.write_text(recorded)
            client.log_model_artifact(info.model_id, str(path)) if hasattr(
                client, "log_model_artifact"
            ) else client._log_model_artifact(info.model_id, str(path), "")
        else:
            mlflow.log_text(recorded, f"{name}/output_example.json")
    return info, run.info.run_id, expected


def logged_directory(name, directory):
    """A logged model of MLflow 3 with the files of a directory, which is no flavor that MLflow knows."""
    experiment = mlflow.get_experiment_by_name("interop").experiment_id
    model = client.create_logged_model(experiment, name=name)
    client.log_model_artifacts(model.model_id, directory)
    client.finalize_logged_model(model.model_id, "READY")
    return model.model_id


def register(name, uri, run_id=None):
    return mlflow.register_model(uri, name).version


def root_digest(uri):
    """The root digest of OpenSSF Model Signing."""
    where = pathlib.Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
    files = sorted(p for p in where.rglob("*") if p.is_file() and p.name != "registered_model_meta")
    digest = hashlib.sha256()
    for name in sorted(p.relative_to(where).as_posix() for p in files):
        digest.update(hashlib.sha256((where / name).read_bytes()).digest())
    return digest.hexdigest()


def main(tribuo):
    mlflow.set_experiment("interop")
    made = {"mlflow": mlflow.__version__}
    example = rows[[0, 75, 140]]
    for i, c in enumerate([1.0, 0.1], start=1):
        _, graph = classifier(c)
        info, run, expected = log_onnx("iris", graph, example, False)
        version = register("iris model", info.model_uri)
        client.set_model_version_tag("iris model", version, "oms.root.sha256", root_digest(info.model_uri))
        made[f"iris{i}"] = {
            "version": str(version),
            "run": run,
            "model": getattr(info, "model_id", None),
            "answers": expected,
        }
    info, run, expected = log_onnx("wide", wide(), np.ones((2, 4), dtype=np.float32), True)
    made["wide"] = {
        "version": str(register("wide", info.model_uri)),
        "run": run,
        "model": getattr(info, "model_id", None),
    }
    model, _ = classifier(1.0)
    kwargs = {"name": "pickled"} if major >= 3 else {"artifact_path": "pickled"}
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(model, pip_requirements=["scikit-learn"], **kwargs)
    made["pickled"] = {"version": str(register("pickled", info.model_uri))}
    with mlflow.start_run() as run:
        mlflow.log_artifacts(tribuo, "model")
    client.create_registered_model("tribuo")
    source = f"{run.info.artifact_uri}/model"
    made["tribuo"] = {
        "version": str(client.create_model_version("tribuo", source, run.info.run_id).version),
        "run": run.info.run_id,
        "model": logged_directory("tribuo", tribuo) if major >= 3 else None,
    }
    for name, key in [("iris model", "iris1"), ("wide", "wide"), ("tribuo", "tribuo")]:
        client.set_registered_model_alias(name, "champion", made[key]["version"])
    print(json.dumps(made))


if __name__ == "__main__":
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    main(sys.argv[1])
