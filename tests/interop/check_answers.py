"""Checks what a running system answers to requests that no well-behaved client sends, and its evaluations of positions.

    check_answers.py NAME URL FIXTURES_DIR EVALUATE_PATH
"""

import http.client
import json
import sys

import numpy
from expectations import INPUT, POLICY, VALUE, Expectations
from report import Reporter

INFER = "/v2/models/checkpoint/infer"
POSITION_BYTES = 14 * 8 * 8 * 4
PER_REQUEST = 200
TOLERANCE = 1e-4


def post(url, path, body, headers):
    host, port = url.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def binary_request(shape=(1, 14, 8, 8), declared=POSITION_BYTES, sent=POSITION_BYTES, datatype="FP32", header=None):
    parameters = {"binary_data_size": declared}
    text = json.dumps({"inputs": [{"name": INPUT, "shape": shape, "datatype": datatype, "parameters": parameters}]}).encode()
    return text + bytes(sent), {"Inference-Header-Content-Length": str(len(text) if header is None else header)}


def json_request(data, shape=(1, 14, 8, 8), **more):
    one = {"name": INPUT, "shape": shape, "datatype": "FP32", "data": data}
    return json.dumps({"inputs": [one], **more}).encode(), {"Content-Type": "application/json"}


def malformed():
    whole = [0.0] * (14 * 64)
    return {
        "a size that is not that of the shape": (400, binary_request(declared=POSITION_BYTES - 4, sent=POSITION_BYTES - 4)),
        "fewer bytes than declared": (400, binary_request(sent=POSITION_BYTES - 4)),
        "bytes that are left over": (400, binary_request(sent=POSITION_BYTES + 4)),
        "a header that is longer than the body": (400, binary_request(header=10**7)),
        "a header that is no number": (400, binary_request(header="x")),
        "a negative header": (400, binary_request(header=-1)),
        "another datatype": (400, binary_request(datatype="FP16")),
        "another shape": (400, binary_request(shape=(1, 13, 8, 8))),
        "a negative dimension": (400, binary_request(shape=(-1, 14, 8, 8))),
        "a shape that overflows": (400, binary_request(shape=(2**62, 14, 8, 8))),
        "no input": (400, (b'{"inputs":[]}', {})),
        "no JSON": (400, (b"{", {})),
        "an array": (400, (b"[]", {})),
        "too few numbers": (400, json_request(whole[1:])),
        "words for numbers": (400, json_request(["x", *whole[1:]])),
        "an unknown output": (400, json_request(whole, outputs=[{"name": "other"}])),
        "an empty body": (400, (b"", {})),
        "65 MB": (413, (bytes(65 * 2**20), {"Inference-Header-Content-Length": "100"})),
    }


def check_malformed(url, report):
    def refused(status, body, headers):
        got, answer = post(url, INFER, body, headers)
        error = json.loads(answer).get("error")
        return None if got == status and isinstance(error, str) and error else f"the answer is {got} {answer[:200]}"

    for case, (status, (body, headers)) in malformed().items():
        report("malformed requests", case, lambda s=status, b=body, h=headers: refused(s, b, h))
    report("malformed requests", "and answers a good one after them", lambda: good_one(url))


def good_one(url):
    body, headers = binary_request()
    status, answer = post(url, INFER, body, headers)
    return None if status == 200 else f"the answer is {status} {answer[:200]}"


def raw_outputs(url, planes):
    """Policy and value of [n, 14, 8, 8], read by hand from the binary answer."""
    parameters = {"binary_data_size": planes.nbytes}
    one = {"name": INPUT, "shape": planes.shape, "datatype": "FP32", "parameters": parameters}
    request = json.dumps({"inputs": [one], "parameters": {"binary_data_output": True}}).encode()
    status, answer = post(url, INFER, request + planes.tobytes(), {"Inference-Header-Content-Length": str(len(request))})
    if status != 200:
        raise ValueError(f"{status}: {answer[:200]}")
    end = answer.rindex(b"}", 0, len(answer) - len(planes) * 4097 * 4) + 1
    outputs, at = {}, end
    for output in json.loads(answer[:end])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        outputs[output["name"]] = numpy.frombuffer(answer[at : at + size], "<f4").reshape(output["shape"])
        at += size
    return outputs[POLICY], outputs[VALUE]


def expected_moves(position, log_probabilities):
    """Every legal move with its share: each promotion counts with the entry that it shares with three others."""
    shares = {uci: numpy.exp(numpy.float64(log_probabilities[index])) for uci, index in position["moves"]}
    total = sum(shares.values())
    return {uci: share / total for uci, share in shares.items()}


def wrong_evaluation(position, evaluation, policy, value):
    if evaluation["fen"] != position["fen"] or evaluation["model_name"] != "checkpoint" or evaluation["generation"] != 1:
        return f"it is of {evaluation['fen']}, {evaluation['model_name']} {evaluation['generation']}"
    if abs(evaluation["value"] - value) > TOLERANCE:
        return f"the value is {evaluation['value']} and not {value}"
    expected = expected_moves(position, policy)
    got = {move["uci"]: move["probability"] for move in evaluation["moves"]}
    if set(got) != set(expected):
        return f"the moves differ by {set(got) ^ set(expected)}"
    off = [uci for uci in got if abs(got[uci] - expected[uci]) > TOLERANCE]
    if off:
        return f"{off[0]} has {got[off[0]]} and not {expected[off[0]]}"
    shares = [move["probability"] for move in evaluation["moves"]]
    return None if shares == sorted(shares, reverse=True) else "the moves are in another order"


def check_evaluations(url, path, report, known):
    planes = known.planes()
    for first in range(0, len(known.positions), PER_REQUEST):
        positions = known.positions[first : first + PER_REQUEST]

        def evaluate(positions=positions, first=first):
            body = json.dumps({"fens": [one["fen"] for one in positions], "top": 218}).encode()
            status, answer = post(url, path, body, {"Content-Type": "application/json"})
            if status != 200:
                return f"the answer is {status} {answer[:300]}"
            policies, values = raw_outputs(url, planes[first : first + len(positions)])
            for position, found, policy, value in zip(positions, json.loads(answer)["positions"], policies, values):
                problem = wrong_evaluation(position, found, policy, value[0])
                if problem:
                    return f"{position['fen']}: {problem}"
            return None

        report("evaluations", f"positions {first + 1} to {first + len(positions)}", evaluate)

    def bad_fen():
        body = json.dumps({"fens": [known.positions[0]["fen"], "nonsense"]}).encode()
        status, answer = post(url, path, body, {"Content-Type": "application/json"})
        good = status == 400 and "/fens/1" in answer.decode()
        return None if good else f"the answer is {status} {answer[:300]}"

    report("evaluations", "a bad FEN", bad_fen)


def main(name, url, fixtures, evaluate_path):
    report = Reporter(f"{name}: ").check
    known = Expectations(fixtures)
    check_malformed(url, report)
    check_evaluations(url, evaluate_path, report, known)


main(*sys.argv[1:])
