#!/bin/sh
# Make a prompt of a long file in a shell. What is kept goes to standard output, counts and times to standard error.
# Run it in the folder of the repository, with the environment active: sh examples/pipeline.sh
set -eu
cd "$(dirname "$0")"

question="What caused the outage?"
{
    echo "Answer from this report:"
    promptpress compress report.txt --query "$question" --tokens 60 2>/dev/null
    echo "Question: $question"
}

# Many requests, one on each line; the answers come in the same order.
promptpress compress requests.jsonl |
    python3 -c 'import json, sys; [print(answer["id"], answer["text"]) for answer in map(json.loads, sys.stdin)]'
