"""A client of Stipend's /reservations, with the standard library alone.

    stipend = Stipend("http://127.0.0.1:3000", "sp_live_…")
    with stipend.hold("translation", prompt_tokens=900, max_output_tokens=400, key="mail-4711") as call:
        if call.charged is None:  # else the key's first call has ended: it was charged once
            answer = ask_your_model(call.model)
            call.settle(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens)
"""

import json
import urllib.error
import urllib.request


class Refused(Exception):
    """A problem+json answer: `code`, `status`, `retry_after` in seconds or None, and all of it in `problem`."""

    def __init__(self, problem, retry_after):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.problem = problem
        self.code = problem["code"]
        self.status = problem["status"]
        self.retry_after = retry_after


class Stipend:
    def __init__(self, url, api_key, organization=None, timeout=10):
        """`organization` names whom a platform key acts for."""
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        if organization is not None:
            self.headers["Stipend-Organization"] = organization

    def hold(self, capability, *, quality=None, key=None, prompt_tokens=None, max_output_tokens=None, actor=None):
        """Reserves the estimate. Raises Refused: then no model may be called."""
        body = {
            "capability": capability,
            "quality": quality,
            "promptTokens": prompt_tokens,
            "maxOutputTokens": max_output_tokens,
            "actor": actor,
        }
        headers = {} if key is None else {"Idempotency-Key": key}
        return Hold(self, self.post("/reservations", body, headers))

    def post(self, path, body, headers=None):
        sent = json.dumps({name: value for name, value in body.items() if value is not None})
        request = urllib.request.Request(
            self.url + path, sent.encode(), {**self.headers, **(headers or {})}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if not error.headers.get_content_type().endswith("problem+json"):
                raise
            after = error.headers.get("Retry-After")
            raise Refused(json.load(error), None if after is None else int(after)) from None


class Hold:
    """A reservation. As a context: dispatched on entry, released where the block raises before it settled.

    Where the provider may bill for a call that failed, such as after a timeout, settle with its input before raising.
    """

    def __init__(self, stipend, reservation):
        self.stipend = stipend
        self.id = reservation["id"]
        self.reservation = reservation
        # What the idempotency key's first call was charged; None: this is the first call.
        self.charged = reservation["creditsUsed"] if reservation["replayed"] else None
        self.settlement = None

    @property
    def model(self):
        """`provider/model` to call first; the rest of reservation["models"] are to fall back to."""
        return self.reservation["models"][0]["modelId"]

    def extend(self, **more):
        """Renews the lease of five minutes: usage={...} so far, estimatedCredits=… to hold more."""
        return self.stipend.post(f"/reservations/{self.id}/extend", more)

    def settle(self, *, input_tokens, output_tokens, model=None, cached_input_tokens=None):
        """Charges what the model's provider told. `model` is a key of the reservation's models, first by default."""
        usage = {
            "model": model or self.reservation["models"][0]["key"],
            "inputTokens": input_tokens,
            "outputTokens": output_tokens,
        }
        if cached_input_tokens is not None:
            usage["cachedInputTokens"] = cached_input_tokens
        self.settlement = self.stipend.post(f"/reservations/{self.id}/settle", {"usage": usage})
        return self.settlement

    def release(self):
        """Charges nothing."""
        return self.stipend.post(f"/reservations/{self.id}/release", {})

    def __enter__(self):
        if self.charged is None:
            # From here on a process that dies is charged the input's estimate, instead of nothing.
            self.extend(dispatched=True)
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and self.charged is None and self.settlement is None:
            self.release()
        return False
