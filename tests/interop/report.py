"""How a check script tells run.mjs what it found: one JSON object a line."""

import json
import sys


class Reporter:
    """Counts nothing itself; prints what passed, failed or could not be tried."""

    def __init__(self, group_prefix):
        self._prefix = group_prefix

    def result(self, group, case, status, detail=""):
        line = {"group": self._prefix + group, "case": case, "status": status, "detail": detail}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def check(self, group, case, function):
        """Runs `function`. It passes unless it raises or returns a sentence on what is wrong."""
        try:
            problem = function()
        except Exception as error:  # a check that cannot finish is a check that failed
            problem = f"{type(error).__name__}: {error}"
        self.result(group, case, "failed" if problem else "passed", problem or "")
        return not problem
