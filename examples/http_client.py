"""Ask a running service with nothing but the standard library.

Start `promptpress serve` first, then: python examples/http_client.py [URL]
"""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
body = {
    "text": (Path(__file__).parent / "report.txt").read_text(encoding="utf-8"),
    "query": "What caused the outage?",
    "target_tokens": 80,
}
headers = {"Content-Type": "application/json"}  # with keys: "Authorization": "Bearer pp_..."
request = urllib.request.Request(f"{url}/v1/compress", json.dumps(body).encode(), headers)
try:
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
except urllib.error.HTTPError as failure:
    error = json.load(failure)["error"]
    sys.exit(f"{failure.code} {error['code']}: {error['message']}")

print(answer["text"])
print(f"({answer['usage']['tokens_before']} tokens before, {answer['usage']['tokens_after']} after)")
