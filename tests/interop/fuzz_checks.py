"""What schemathesis checks besides its own: loaded by it, as SCHEMATHESIS_HOOKS says."""

import schemathesis

# The type that tus has for the bytes of a file.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

# Not offered, no loader ready, disk full: what the document says of them is checked by schemathesis.
EXPLAINED = (501, 503, 507)


@schemathesis.check
def no_mistake_of_the_server(ctx, response, case):
    if response.status_code >= 500 and response.status_code not in EXPLAINED:
        raise AssertionError(f"{case.method} {case.formatted_path} was answered {response.status_code}")
