"""Shorten the old turns of a chat; the system message and what the user wrote stay as they are.

Run it in the folder of the repository: python examples/chat_history.py
"""

import json
from pathlib import Path

from promptpress import compress

messages = json.loads((Path(__file__).parent / "chat.json").read_text(encoding="utf-8"))

result = compress(messages=messages, target_ratio=0.4, model="gpt-4o")

for before, after in zip(messages, result.messages or [], strict=True):
    mark = "same   " if before == after else "shorter"
    print(f"{mark} {after['role']:<9} {after['content'] or '(a tool call)'}")
print(f"{result.usage.tokens_before} -> {result.usage.tokens_after} tokens")
