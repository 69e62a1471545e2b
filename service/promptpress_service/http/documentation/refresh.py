"""Brings Swagger UI's files from npm: `python -m promptpress_service.http.documentation.refresh`. Needs `npm`.

Only what the page loads is kept, compressed, beside the licences. The archive must have the hash below, which
`npm view swagger-ui-dist@VERSION dist.integrity` prints; a new version is a new version and hash here.
"""

import base64
import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "5.35.0"
INTEGRITY = "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
FOLDER = Path(__file__).parent / "swagger_ui"
COMPRESSED = ("swagger-ui-bundle.js", "swagger-ui.css")
PLAIN = ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt")


def main() -> None:
    """Download, check and write the files. Raises RuntimeError if the archive is another than expected."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", f"swagger-ui-dist@{VERSION}"], cwd=folder, check=True, stdout=sys.stderr)
        archive = next(Path(folder).glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != INTEGRITY:
            raise RuntimeError(f"the archive's hash is sha512-{digest}")
        with tarfile.open(archive) as files:
            for name in (*COMPRESSED, *PLAIN):
                member = files.extractfile(f"package/{name}")
                if member is None:
                    raise RuntimeError(f"the archive has no file {name}")
                content = member.read()
                if name in COMPRESSED:
                    (FOLDER / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
                else:
                    (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
