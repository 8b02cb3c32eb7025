"""Uses a running system through the standard client of the Open Inference Protocol, synchronous and asyncio, unmodified.

    check_triton.py NAME URL FIXTURES_DIR

The system has the models `checkpoint` (active), `float16` and `views` of the fixtures, and `broken`, which is no checkpoint.
"""

import asyncio
import sys

import numpy
import tritonclient.http as sync
import tritonclient.http.aio as aio
from expectations import INPUT, POLICY, VALUE, Expectations, difference
from report import Reporter
from tritonclient.utils import InferenceServerException

MANY = 200
WAIT_SECONDS = 120


def tensor(module, boards, binary=True):
    given = module.InferInput(INPUT, list(boards.shape), "FP32")
    given.set_data_from_numpy(boards, binary_data=binary)
    return [given]


def wanted(module, binary=True, names=(POLICY, VALUE)):
    return [module.InferRequestedOutput(name, binary_data=binary) for name in names]


def wrong_outputs(result, expected):
    policy, value = expected
    return difference("policy", result.as_numpy(POLICY), policy) or difference("value", result.as_numpy(VALUE), value)


def refused(call, *parts):
    """A sentence unless the call is refused with an error that has these parts."""
    try:
        call()
    except InferenceServerException as error:
        missing = [part for part in parts if part not in str(error)]
        return f"the error is {error}" if missing else None
    return "it was not refused"


def check_descriptions(client, report):
    def metadata():
        found = client.get_server_metadata()
        offered = {"binary_tensor_data", "model_repository", "model_configuration", "statistics"}
        return None if found["name"] and offered <= set(found["extensions"]) else f"it says {found}"

    def model():
        found = client.get_model_metadata("checkpoint")
        shapes = {one["name"]: (one["datatype"], one["shape"]) for one in found["inputs"] + found["outputs"]}
        expected = {INPUT: ("FP32", [-1, 14, 8, 8]), POLICY: ("FP32", [-1, 4096]), VALUE: ("FP32", [-1, 1])}
        return None if shapes == expected and found["platform"] == "onnx_onnxv1" else f"it says {found}"

    def config():
        found = client.get_model_config("checkpoint")
        dims = {one["name"]: one["dims"] for one in found["input"] + found["output"]}
        good = found["max_batch_size"] > 0 and dims == {INPUT: [14, 8, 8], POLICY: [4096], VALUE: [1]}
        return None if good else f"it says {found}"

    report("describes itself", "live", lambda: None if client.is_server_live() else "it is not live")
    report("describes itself", "ready", lambda: None if client.is_server_ready() else "it is not ready")
    report("describes itself", "metadata", metadata)
    report("describes itself", "model", model)
    report("describes itself", "config", config)
    report("describes itself", "active", lambda: None if client.is_model_ready("active") else "no active model is ready")


def check_repository(client, report):
    def index():
        found = {one["name"]: one["state"] for one in client.get_model_repository_index()}
        return None if found.get("checkpoint") == "READY" and found.get("views") == "UNAVAILABLE" else f"it says {found}"

    def load():
        client.load_model("views")
        if not client.is_model_ready("views"):
            return "it is loaded and not ready"
        states = {one["name"]: one["state"] for one in client.get_model_repository_index()}
        return None if states.get("views") == "READY" else f"the index says {states}"

    def unload():
        client.unload_model("views")
        return "it is ready still" if client.is_model_ready("views") else None

    report("keeps models", "index", index)
    report("keeps models", "load", load)
    report("keeps models", "unload", unload)
    report("keeps models", "load again", load)
    report("keeps models", "unknown", lambda: refused(lambda: client.load_model("nobody"), "nobody"))
    report("keeps models", "broken", lambda: refused(lambda: client.load_model("broken"), "broken"))
    report("keeps models", "the active one stays", lambda: refused(lambda: client.unload_model("checkpoint")))


def check_inference(client, report, known):
    boards, expected = known.boards, known.outputs("checkpoint.pt")
    planes = known.planes()[:MANY]

    def infer(model="checkpoint", given=boards, binary_in=True, binary_out=True, **options):
        inputs = tensor(sync, given, binary_in)
        return client.infer(model, inputs, outputs=wanted(sync, binary_out), **options)

    def many():
        together = infer(given=planes)
        for row in (0, 63, 64, MANY - 1):
            alone = infer(given=planes[row : row + 1])
            for name in (POLICY, VALUE):
                problem = difference(f"{name} of row {row}", together.as_numpy(name)[row : row + 1], alone.as_numpy(name))
                if problem:
                    return problem
        return None

    def one_output():
        result = client.infer("checkpoint", tensor(sync, boards), outputs=wanted(sync, names=[VALUE]))
        return "the other one came too" if result.as_numpy(POLICY) is not None else difference(
            "value", result.as_numpy(VALUE), expected[1]
        )

    def identity():
        answer = infer("active", request_id="board 7").get_response()
        version = client.get_model_metadata("checkpoint")["versions"][0]
        good = answer["id"] == "board 7" and answer["model_name"] == "checkpoint" and answer["model_version"] == version
        return None if good else f"the answer is of {answer['model_name']} {answer['model_version']}, {answer.get('id')}"

    def at_once():
        waiting = [client.async_infer("checkpoint", tensor(sync, boards[row : row + 1])) for row in (0, 1, 2) * 10]
        rows = [one.get_result().as_numpy(POLICY) for one in waiting]
        return difference("policy", numpy.concatenate(rows), numpy.concatenate([expected[0]] * 10))

    for binary_in in (True, False):
        for binary_out in (True, False):
            case = f"{'binary' if binary_in else 'JSON'} in, {'binary' if binary_out else 'JSON'} out"
            report("computes", case, lambda i=binary_in, o=binary_out: wrong_outputs(infer(binary_in=i, binary_out=o), expected))
    report("computes", "no outputs named", lambda: wrong_outputs(client.infer("checkpoint", tensor(sync, boards)), expected))
    report("computes", "one output", one_output)
    report("computes", "another model", lambda: wrong_outputs(infer("views"), known.outputs("views.pt")))
    report("computes", f"{MANY} positions", many)
    report("computes", "name, version, id", identity)
    report("computes", "a version", lambda: wrong_outputs(infer(model_version=client.get_model_metadata("checkpoint")["versions"][0]), expected))
    report("computes", "many at once", at_once)
    for coding in ("gzip", "deflate"):
        options = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
        report("computes", coding, lambda o=options: wrong_outputs(infer(**o), expected))


def check_refusals(client, report, known):
    boards = known.boards

    def infer(inputs, outputs=None, model="checkpoint", **options):
        return lambda: client.infer(model, inputs, outputs=outputs, **options)

    wide = sync.InferInput(INPUT, [1, 14, 8, 8], "FP64")
    wide.set_data_from_numpy(boards[:1].astype(numpy.float64))
    other = sync.InferInput("other", [1, 14, 8, 8], "FP32")
    other.set_data_from_numpy(boards[:1])
    report("refuses", "shape", lambda: refused(infer(tensor(sync, boards[:, :13].copy()))))
    report("refuses", "datatype", lambda: refused(infer([wide]), "FP64"))
    report("refuses", "input", lambda: refused(infer([other]), "other"))
    report("refuses", "output", lambda: refused(infer(tensor(sync, boards), wanted(sync, names=["other"])), "other"))
    report("refuses", "model", lambda: refused(infer(tensor(sync, boards), model="nobody"), "nobody"))
    report("refuses", "version", lambda: refused(infer(tensor(sync, boards), model_version="999"), "999"))
    report("refuses", "shared memory", lambda: refused(client.get_system_shared_memory_status))
    report("refuses", "trace settings", lambda: refused(client.get_trace_settings))


def check_statistics(client, report, known):
    """Counts are those of one loader, so this wants to talk to one alone."""

    def read():
        (found,) = client.get_inference_statistics("checkpoint")["model_stats"]
        return found

    def counts():
        before = read()
        for count in (1, 3):
            client.infer("checkpoint", tensor(sync, known.boards[:count]))
        after = read()
        positions = after["inference_count"] - before["inference_count"]
        requests = after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"]
        good = (positions, requests) == (4, 2) and after["last_inference"] > 0
        return None if good else f"{positions} positions in {requests} requests were counted"

    def all_models():
        names = {one["name"] for one in client.get_inference_statistics()["model_stats"]}
        return None if "checkpoint" in names else f"there are {names}"

    report("counts", "one model", counts)
    report("counts", "all models", all_models)


async def check_aio(url, report, known):
    expected = known.outputs("checkpoint.pt")
    async with aio.InferenceServerClient(url, conn_timeout=WAIT_SECONDS) as client:

        async def ready():
            good = await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("checkpoint")
            return None if good else "it is not ready"

        async def index():
            found = {one["name"]: one["state"] for one in await client.get_model_repository_index()}
            return None if found.get("checkpoint") == "READY" else f"it says {found}"

        async def load():
            await client.load_model("float16")
            result = await client.infer("float16", tensor(aio, known.boards))
            return wrong_outputs(result, known.outputs("float16.pt"))

        async def infer(binary):
            result = await client.infer("active", tensor(aio, known.boards, binary), outputs=wanted(aio, binary))
            return wrong_outputs(result, expected)

        async def at_once():
            rows = (0, 1, 2) * 20
            asked = [client.infer("checkpoint", tensor(aio, known.boards[row : row + 1])) for row in rows]
            values = [result.as_numpy(VALUE) for result in await asyncio.gather(*asked)]
            return difference("value", numpy.concatenate(values), expected[1][list(rows)])

        async def stats():
            found = await client.get_inference_statistics("checkpoint")
            return None if found["model_stats"][0]["name"] == "checkpoint" else f"it says {found}"

        async def describe():
            found = await client.get_model_metadata("checkpoint")
            config = await client.get_model_config("checkpoint")
            return None if found["name"] == "checkpoint" and config["max_batch_size"] > 0 else f"it says {found}"

        checks = {
            "ready": ready(), "describe": describe(), "index": index(), "load": load(), "binary": infer(True),
            "JSON": infer(False), "many at once": at_once(), "stats": stats(),
        }
        for case, work in checks.items():
            try:
                problem = await work
            except Exception as error:  # a check that cannot finish is a check that failed
                problem = f"{type(error).__name__}: {error}"
            report("asyncio", case, lambda found=problem: found)


def main(name, url, fixtures):
    reporter = Reporter(f"tritonclient, {name}: ")
    report = reporter.check
    known = Expectations(fixtures)
    with sync.InferenceServerClient(url, concurrency=16, network_timeout=WAIT_SECONDS) as client:
        check_descriptions(client, report)
        check_repository(client, report)
        check_inference(client, report, known)
        check_refusals(client, report, known)
        if name == "loader":
            check_statistics(client, report, known)
        client.unload_model("views")  # whoever comes next finds the models as they were
    asyncio.run(check_aio(url, report, known))


main(*sys.argv[1:])
