"""Uses a running system through KServe's client of the Open Inference Protocol, unmodified.

    check_kserve.py NAME URL FIXTURES_DIR

The system has the models `checkpoint` (active) and `float16` of the fixtures.
"""

import asyncio
import sys

from expectations import INPUT, POLICY, VALUE, Expectations, difference
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from report import Reporter

WAIT_SECONDS = 120


def request(boards, model, binary_in, binary_out):
    given = InferInput(INPUT, list(boards.shape), "FP32")
    given.set_data_from_numpy(boards, binary_data=binary_in)
    wanted = [RequestedOutput(name, {"binary_data": binary_out}) for name in (POLICY, VALUE)]
    return InferRequest(model_name=model, infer_inputs=[given], request_outputs=wanted, request_id="board 7")


def checks_of(client, url, known):
    expected = known.outputs("checkpoint.pt")

    async def ready():
        good = await client.is_server_ready(url) and await client.is_model_ready(url, "checkpoint")
        return None if good else "it is not ready"

    async def unknown_is_not_ready():
        return "it is ready" if await client.is_model_ready(url, "nobody") else None

    async def live():
        return None if await client.is_server_live(url) else "it is not live"

    def infer(model, binary_in, binary_out):
        async def ask():
            answer = await client.infer(url, request(known.boards, model, binary_in, binary_out), model_name=model)
            if answer.id != "board 7" or answer.model_name != "checkpoint":
                return f"the answer is of {answer.model_name}, {answer.id}"
            outputs = {one.name: one.as_numpy() for one in answer.outputs}
            return difference("policy", outputs[POLICY], expected[0]) or difference("value", outputs[VALUE], expected[1])

        return ask

    async def unknown_model():
        try:
            await client.infer(url, request(known.boards, "nobody", True, True), model_name="nobody")
        except Exception as error:
            return None if "nobody" in str(error) else f"the error is {error}"
        return "it was not refused"

    return {
        "live": live,
        "ready": ready,
        "an unknown model is not ready": unknown_is_not_ready,
        "JSON": infer("checkpoint", False, False),
        "binary in": infer("checkpoint", True, False),
        "binary in and out": infer("checkpoint", True, True),
        "the active model": infer("active", True, True),
        "an unknown model": unknown_model,
    }


async def main(name, url, fixtures):
    report = Reporter("KServe's client: ").check
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=WAIT_SECONDS))
    for case, work in checks_of(client, f"http://{url}", Expectations(fixtures)).items():
        try:
            problem = await work()
        except Exception as error:  # a check that cannot finish is a check that failed
            problem = f"{type(error).__name__}: {error}"
        report(name, case, lambda found=problem: found)
    await client.close()


asyncio.run(main(*sys.argv[1:]))
