"""Translates a text with a metered model: python3 translate.py <idempotency key> <text>

STIPEND_URL, STIPEND_API_KEY; MODEL_URL and MODEL_API_KEY of an OpenAI-compatible provider.
"""

import json
import os
import sys
import urllib.request

from stipend_client import Refused, Stipend


def ask(model, text):
    """One call of the provider: the answer, and the usage that it told."""
    body = {
        "model": model.partition("/")[2],
        "max_tokens": 500,
        "messages": [
            {"role": "system", "content": "Translate into plain English."},
            {"role": "user", "content": text},
        ],
    }
    request = urllib.request.Request(
        os.environ["MODEL_URL"] + "/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["MODEL_API_KEY"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    return answer["choices"][0]["message"]["content"], answer["usage"]


def main(key, text):
    stipend = Stipend(os.environ["STIPEND_URL"], os.environ["STIPEND_API_KEY"])
    # Four characters are about a token; the instructions are a few more.
    prompt_tokens = len(text) // 4 + 20
    with stipend.hold("translation", prompt_tokens=prompt_tokens, max_output_tokens=500, key=key) as call:
        if call.charged is not None:
            return {"replayed": True, "creditsUsed": call.charged}
        answer, usage = ask(call.model, text)
        charge = call.settle(input_tokens=usage["prompt_tokens"], output_tokens=usage["completion_tokens"])
    return {
        "replayed": False,
        "answer": answer,
        "creditsUsed": charge["creditsUsed"],
        "balanceRemaining": charge["balanceRemaining"],
    }


try:
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
except Refused as refused:
    print(json.dumps(refused.problem))
    sys.exit(1)
