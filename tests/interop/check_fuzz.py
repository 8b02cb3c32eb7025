"""Sends thousands of requests that are made from the OpenAPI document, valid ones and others, to a running system.

    check_fuzz.py API_URL LOADER_URL KEYED_API_URL KEY FOLDER

Every answer must be documented, of the media type and schema that the document says, and no mistake of the server;
what the document forbids must be refused. The same requests every time.
"""

import json
import os
import pathlib
import subprocess
import sys

from report import Reporter

# Streams of events have no end.
ENDLESS = "/events$"
PROTOCOL = "^/v2"
# Whether a valid request is refused depends on the models, exports and jobs there are.
LEFT_OUT = "positive_data_acceptance,not_a_server_error"
LEAST_REQUESTS = 5_000


def start(name, document, folder, *options):
    """One fuzzer with a thread of its own: several threads of one process get into each other's way."""
    file = pathlib.Path(folder) / f"fuzz-{name.replace(' ', '-')}.json"
    command = [
        pathlib.Path(sys.executable).parent / "st", "run", document, "--generation-deterministic", "--no-shrink",
        "--request-timeout", "60", "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color",
        "--exclude-checks", LEFT_OUT, "--report", "json", "--report-json-path", file, *options,
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "fuzz_checks", "PYTHONPATH": str(pathlib.Path(__file__).parent)}
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **hooks}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return name, process, file


def problem_of(process, output, file):
    if process.returncode == 0:
        return None
    if not file.exists():
        return output[-1000:]
    found = json.loads(file.read_text())
    return json.dumps(found["failures"] or found["errors"])[:2000]


def main(api, loader, keyed, key, folder):
    report = Reporter("Fuzzed requests: ").check
    document = f"{api}/api/openapi.json"
    fuzzers = [
        start("API reading", document, folder, "--include-method", "GET", "--include-method", "HEAD", "--exclude-path-regex", f"{ENDLESS}|{PROTOCOL}", "-n", "150"),
        start("API changing", document, folder, "--include-method", "POST", "--include-method", "DELETE", "--exclude-path-regex", PROTOCOL, "-n", "100"),
        start("API uploading", document, folder, "--include-method", "PUT", "-n", "10"),
        start("API protocol", document, folder, "--include-path-regex", PROTOCOL, "-n", "100"),
        start("loader", document, folder, "--url", loader, "--include-path-regex", PROTOCOL, "-n", "100"),
        start("API with keys", f"{keyed}/api/openapi.json", folder, "-H", f"X-API-Key: {key}", "--exclude-path-regex", ENDLESS, "-n", "20"),
    ]  # fmt: skip
    requests = 0
    for name, process, file in fuzzers:
        output, _ = process.communicate()
        report(name, "every answer is as documented", lambda: problem_of(process, output, file))
        requests += json.loads(file.read_text())["test_cases"]["generated"] if file.exists() else 0
    enough = None if requests >= LEAST_REQUESTS else f"only {requests} requests were sent"
    report("all", f"at least {LEAST_REQUESTS} requests", lambda: enough)


main(*sys.argv[1:])
