"""Shorten retrieved documents in the same process, and make a prompt of what is kept.

Run it in the folder of the repository: python examples/rag_documents.py
"""

import json
from pathlib import Path

from promptpress import compress

QUESTION = "When did Amundsen reach the South Pole?"
documents = json.loads((Path(__file__).parent / "documents.json").read_text(encoding="utf-8"))

result = compress(documents=documents, query=QUESTION, target_ratio=0.3, model="gpt-4o")

for document in result.documents or []:
    if not document.dropped:
        print(f"{document.title}\n{document.text}\n")
print(f"Question: {QUESTION}")
print(f"({result.usage.tokens_before} tokens before, {result.usage.tokens_after} after)")
