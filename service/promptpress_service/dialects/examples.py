"""Requests that can be tried from `/docs`."""

from typing import Any

_DOCUMENTS = [
    {
        "id": "amundsen",
        "title": "Roald Amundsen",
        "text": "Roald Amundsen was a Norwegian explorer. He led the first expedition to reach the South Pole, on 14 "
        "December 1911. He had studied medicine before he went to sea. His ship was called Fram.",
    },
    {
        "id": "penguins",
        "title": "Emperor penguin",
        "text": "The emperor penguin is the tallest of all penguins. It breeds during the Antarctic winter. Males keep "
        "the egg warm for about 65 days.",
    },
]

REQUEST_EXAMPLES: dict[str, Any] = {
    "documents": {
        "summary": "Retrieved documents and a question",
        "value": {"documents": _DOCUMENTS, "query": "Who reached the South Pole first?", "target_ratio": 0.35},
    },
    "text": {
        "summary": "A text, within a number of tokens",
        "value": {"text": " ".join(document["text"] for document in _DOCUMENTS), "target_tokens": 40},
    },
    "messages": {
        "summary": "Chat messages; tool results are shortened, each on its own",
        "value": {
            "model": "gpt-4o",
            "target_ratio": 0.5,
            "messages": [
                {"role": "system", "content": "Answer briefly."},
                {"role": "user", "content": "Who reached the South Pole first?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "search", "arguments": '{"q": "South Pole"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": _DOCUMENTS[0]["text"]},
            ],
        },
    },
}
