"""Run a file of behaviour cases against a server of this checkout.

    python -m tests.cases RUNNER CASES [options of the runner]

The runner is a program that takes the file and `--url`; neither is part of the project, and without them there is nothing to do.
"""

import subprocess
import sys
from pathlib import Path

from tests.conftest import run_server


def main(arguments: list[str]) -> int:
    """The exit status: the runner's, or 0 where it or the cases are not there."""
    runner, cases, *options = arguments
    missing = [path for path in (runner, cases) if not Path(path).is_file()]
    if missing:
        print(f"No cases to run: {', '.join(missing)} not found.")
        return 0
    with run_server(PROMPTPRESS_GRPC_PORT="-1", PROMPTPRESS_METRICS_PORT="-1") as url:
        return subprocess.run([sys.executable, runner, cases, "--url", url, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
