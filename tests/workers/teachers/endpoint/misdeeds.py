"""Everything an endpoint can do wrong, by name."""

from tests.fakes.endpoint import (
    Act,
    behind_the_end,
    bomb,
    completion,
    cut_short,
    endless,
    endless_head,
    hang,
    head_alone,
    reset,
    says,
    trickle,
)

PAGE = b"<!DOCTYPE html><html><body>Down for maintenance</body></html>"

# No answer: asked again.
PASSING: dict[str, Act] = {
    "429": says({"error": {"message": "slow down"}}, status=429),
    "429 with retry-after": says({}, status=429, retry_after="0.01"),
    "500": says(b"oops", status=500),
    "502": says(PAGE, status=502),
    "503": says({}, status=503),
    "408": says({}, status=408),
    "425": says({}, status=425),
    "409": says({}, status=409),
    "reset": reset,
    "cut short": cut_short,
    "hang": hang,
    "one byte at a time": trickle,
    "endless body": endless,
    "gzip bomb": bomb(),
    "endless behind the gzip's end": behind_the_end,
    "endless headers": endless_head,
    "silent after the head": head_alone,
    "no gzip": says(b"plain words", content_encoding="gzip"),
    "another packing": says(b"plain words", content_encoding="br"),
    "bad JSON": says(b'{"choices": [{"message"'),
    "not UTF-8": says(b'{"choices": "\xff\xfe'),
    "deep JSON": says(b"[" * 200_000),
    "long number": says(b'{"choices": ' + b"9" * 10_000 + b"}"),
    "web page": says(PAGE, content_type="text/html"),
    "empty body": says(b""),
    "a list": says([]),
    "empty choices": says(completion("x") | {"choices": []}),
    "choices of another type": says({"choices": "none"}),
    "no message": says({"choices": [{"finish_reason": "stop"}]}),
    "missing content": says({"choices": [{"message": {"role": "assistant"}, "finish_reason": "stop"}]}),
    "content of another type": says(completion(7)),
    "finish of another type": says(completion("x", finish=["stop"])),
    "unknown finish": says(completion("x", finish="meditating")),
    "4 MB string": says(completion("x" * 4_000_000)),
}

# What the endpoint has against us: nobody is asked again until somebody changes something.
REFUSING: dict[str, Act] = {
    "wrong key": says({"error": {"message": "Incorrect API key"}}, status=401),
    "no money": says({}, status=402),
    "no quota": says(
        {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, status=429
    ),
    "forbidden": says({}, status=403),
    "no such model": says(
        {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, status=404
    ),
    "wrong method": says({}, status=405),
    "a proxy wants a password": says({}, status=407),
    "gone": says({}, status=410),
    "moved": says({}, status=301, location="http://127.0.0.1:1/elsewhere"),
    "found elsewhere": says({}, status=302, location="http://127.0.0.1:1/elsewhere"),
    "moved for now": says({}, status=307, location="http://127.0.0.1:1/elsewhere"),
    "see other": says({}, status=303, location="http://127.0.0.1:1/elsewhere"),
    "moved for good": says({}, status=308, location="http://127.0.0.1:1/elsewhere"),
    "unknown field": says({"error": {"message": "no seed", "code": "unsupported_parameter"}}, status=400),
}

# What OpenAI says of a model that knows the limit by its newer name alone.
NEWER_NAME = says(
    {
        "error": {
            "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "type": "invalid_request_error",
            "param": "max_tokens",
            "code": "unsupported_parameter",
        }
    },
    status=400,
)

FORBIDDEN = {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 7}
# A field of the sampling that it does not take, in the words of several servers.
UNKNOWN_FIELDS: dict[str, tuple[str, Act]] = {
    "FastAPI": ("seed", says({"detail": [FORBIDDEN]}, status=422)),
    "Mistral": ("seed", says({"object": "error", "message": {"detail": [FORBIDDEN]}}, status=422)),
    "OpenAI's value": (
        "temperature",
        says(
            {
                "error": {
                    "message": "Unsupported value: 'temperature' does not support 0.5 with this model.",
                    "type": "invalid_request_error",
                    "param": "temperature",
                    "code": "unsupported_value",
                }
            },
            status=400,
        ),
    ),
    "OpenAI's argument": (
        "top_k",
        says(
            {
                "error": {
                    "message": "Unrecognized request argument supplied: top_k",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": None,
                }
            },
            status=400,
        ),
    ),
}

# What it has against this conversation: the chain fails, with the reason.
REJECTING: dict[str, tuple[Act, str]] = {
    "bad request": (says({"error": {"message": "no"}}, status=400), "rejected"),
    "unprocessable": (says({"detail": "no"}, status=422), "rejected"),
    "OpenAI's context": (says({"error": {"code": "context_length_exceeded"}}, status=400), "too_long"),
    "vLLM's context": (
        says({"error": {"message": "This model's maximum context length is 512 tokens."}}, status=400),
        "too_long",
    ),
    "policy": (says({"error": {"code": "content_filter", "message": "no"}}, status=400), "filtered"),
}
