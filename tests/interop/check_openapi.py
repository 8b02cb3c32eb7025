"""Checks the OpenAPI document of a running system, and exports a model through a client that is generated from it.

    check_openapi.py URL FOLDER

The system has the model `checkpoint`. The client is generated into the folder.
"""

import hashlib
import importlib
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator
from report import Reporter

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1


def validate(document):
    problems = [f"{list(one.absolute_path)}: {one.message[:200]}" for one in OpenAPIV31SpecValidator(document).iter_errors()]
    return "; ".join(problems[:5]) or None


def generate(document_file, package):
    """Whatever the generator does not understand it drops with a warning, which counts as a failure."""
    binaries = pathlib.Path(sys.executable).parent
    config = pathlib.Path(package).parent / "generator.json"
    # tus has a type of its own for the bytes of a file.
    config.write_text(json.dumps({"content_type_overrides": {"application/offset+octet-stream": "application/octet-stream"}}))
    command = [binaries / "openapi-python-client", "generate", "--meta", "none", "--fail-on-warning", "--config", config]
    result = subprocess.run(
        [*command, "--path", document_file, "--output-path", package],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    return None if result.returncode == 0 else (result.stdout + result.stderr)[-2000:]


def export(package_name, url):
    """List, export, poll, download: each answer is of the type that the document says."""
    operation = lambda path: importlib.import_module(f"{package_name}.api.{path}")
    models = importlib.import_module(f"{package_name}.models")
    client = importlib.import_module(f"{package_name}.client").Client(base_url=url, raise_on_unexpected_status=True)
    listed = operation("models.get_model_list").sync(client=client)
    if "checkpoint" not in [one.name for one in listed.models]:
        return f"the list is {listed}"
    body = models.ExportRequest(metadata=models.CallerMetadata.from_dict({"purpose": "interop"}))
    accepted = operation("exports.post_model_export_format_model_name").sync(
        client=client, format_=models.ExportFormat.ONNX, model_name="checkpoint", body=body
    )
    if not isinstance(accepted, models.JobAccepted):
        return f"the export was answered by {accepted}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (job := operation("jobs.get_jobs_job_id").sync(client=client, job_id=accepted.job_id)).status in ("queued", "active"):
        if time.monotonic() > deadline:
            return f"the job is {job.status}"
        time.sleep(POLL_SECONDS)
    result = job.result
    if not isinstance(result, models.ExportResult) or result.metadata.to_dict()["purpose"] != "interop":
        return f"the result is {result}"
    file = operation("exports.get_model_download_filename").sync(client=client, filename=result.filename)
    digest = hashlib.sha256(file.payload.read()).hexdigest()
    if digest != result.sha256:
        return f"the digest is {digest} and not {result.sha256}"
    exports = operation("exports.get_model_exports").sync(client=client)
    if result.filename not in [one.filename for one in exports.exports]:
        return "the export is not in the list"
    refused = operation("models.get_model_info_model_name").sync(client=client, model_name="nobody")
    return None if isinstance(refused, models.Problem) and refused.status == 404 else f"an unknown model is {refused}"


def main(url, folder):
    report = Reporter("OpenAPI: ").check
    package = pathlib.Path(folder) / "generated"
    document_file = pathlib.Path(folder) / "openapi.json"
    with urllib.request.urlopen(f"{url}/api/openapi.json") as answer:
        document_file.write_bytes(answer.read())
    report("document", "is valid", lambda: validate(json.loads(document_file.read_text())))
    if report("openapi-python-client", "generates without a warning", lambda: generate(document_file, package)):
        sys.path.insert(0, folder)
        report("openapi-python-client", "exports a model", lambda: export(package.name, url))


main(*sys.argv[1:])
