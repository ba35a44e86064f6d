"""usage: make.py DVC2 DVC3 DIRECTORY [S3-ENDPOINT]

Makes, with the dvc and gto of two virtual environments, DIRECTORY/{v3,legacy}: a working tree of Git with two artifacts, a file and a
directory, in two versions, whose objects were pushed to DIRECTORY/{v3,legacy}-store, those of v3 also to the bucket 'models' if there is
an endpoint. Beside them bundles of Git, and recorded.zip with bundles and stores. Prints one JSON object a repository.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

DVC_YAML = """\
artifacts:
  fraud:
    path: models/fraud.onnx
    type: model
  tree:
    path: models/tree
"""


def run(directory, *command, **more):
    environment = dict(os.environ)
    environment.update(
        {
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(directory.parent),
            "GIT_AUTHOR_NAME": "p",
            "GIT_AUTHOR_EMAIL": "p@example.org",
            "GIT_COMMITTER_NAME": "p",
            "GIT_COMMITTER_EMAIL": "p@example.org",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    )
    environment.update(more)
    done = subprocess.run(
        [str(c) for c in command], cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.exit(f"{command}: {done.stdout}")
    return done.stdout.strip()


def write(directory, number):
    """A file that is binary, and text with line ends of Windows: DVC 2 hashes them in two ways."""
    models = directory / "models"
    (models / "tree/sub").mkdir(parents=True, exist_ok=True)
    (models / "fraud.onnx").write_bytes(bytes(range(256)) * 4 + bytes([number]))
    (models / "tree/model.onnx").write_bytes(bytes(range(255, -1, -1)) + bytes([number]))
    (models / "tree/sub/labels \u00e9.txt").write_bytes(b"yes\r\nno\r\n")
    (models / "tree/empty").write_bytes(b"")


def make(name, dvc, gto, root, endpoint):
    directory = root / name
    directory.mkdir(parents=True)
    store = root / f"{name}-store"
    run(directory, "git", "init", "-q", "-b", "main")
    run(directory, dvc, "init", "-q")
    run(directory, dvc, "remote", "add", "-d", "storage", store)
    run(directory, dvc, "remote", "add", "bucket", f"s3://models/{name}")
    if endpoint:
        run(directory, dvc, "remote", "modify", "bucket", "endpointurl", endpoint)
    (directory / "dvc.yaml").write_text(DVC_YAML)
    commits = {}
    for number in 1, 2:
        write(directory, number)
        run(directory, dvc, "add", "-q", "models/fraud.onnx", "models/tree")
        run(directory, "git", "add", "-A")
        date = f"@{1750000000 + 100 * number} +0000"
        run(directory, "git", "commit", "-q", "-m", f"version {number}", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        run(directory, dvc, "push", "-q")
        if endpoint and name == "v3":
            run(directory, dvc, "push", "-q", "-r", "bucket")
        commits[f"1.{number}.0"] = run(directory, "git", "rev-parse", "HEAD")
        for artifact in "fraud", "tree":
            run(directory, gto, "register", artifact, "HEAD", "--version", f"v1.{number}.0")
    for artifact in "fraud", "tree":
        run(directory, gto, "assign", artifact, "--version", "v1.2.0", "--stage", "dev")
        run(directory, gto, "assign", artifact, "--version", "v1.1.0", "--stage", "prod")
        run(directory, gto, "assign", artifact, "--version", "v1.2.0", "--stage", "staging")
        run(directory, gto, "deprecate", artifact, "v1.2.0", "staging")
    shutil.rmtree(directory / ".dvc/cache")
    run(directory, "git", "bundle", "create", root / f"{name}.bundle", "--all")
    versions = {"dvc": run(directory, dvc, "--version"), "gto": run(directory, gto, "--version")}
    print(json.dumps({"name": name, "commits": commits, "versions": versions}))


def main():
    dvc2, dvc3, root = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]).absolute()
    endpoint = sys.argv[4] if len(sys.argv) > 4 else ""
    gto = dvc3 / "bin/gto"
    make("v3", dvc3 / "bin/dvc", gto, root, endpoint)
    make("legacy", dvc2 / "bin/dvc", gto, root, endpoint)
    with zipfile.ZipFile(root / "recorded.zip", "w", zipfile.ZIP_DEFLATED) as recorded:
        for path in sorted(root.glob("*.bundle")) + sorted(root.glob("*-store/**/*")):
            if path.is_file():
                recorded.write(path, path.relative_to(root))


main()
