"""Examples in the OpenAPI document; each is accepted as it stands once its names exist."""

from fastapi.openapi.models import Example

BEHAVIOR: dict[str, Example] = {
    "plain-words": {
        "summary": "Answers in plain words",
        "value": {
            "name": "plain-words",
            "title": "Plain words",
            "principle": "Explain things so that a twelve-year-old understands them.",
            "critique_instruction": "Name every word in your previous answer that a twelve-year-old may not know.",
            "revision_instruction": "Rewrite your previous answer without those words.",
            "prompts": [{"text": "What is inflation?"}, {"text": "Why is the sky blue?"}],
            "evaluation_prompts": [{"text": "How does a vaccine work?"}],
        },
    }
}

DATASET: dict[str, Example] = {
    "smallest": {"summary": "Everything by default", "value": {"behavior": "sycophancy"}},
    "full": {
        "summary": "Two behaviors, a named teacher and reward model",
        "value": {
            "behavior": ["sycophancy", "safety"],
            "teacher": {
                "engine": "vllm",
                "model": "tiny-teacher",
                "sampling": {"temperature": 0.7, "max_tokens": 256},
            },
            "reward": {"kind": "classifier", "model": "tiny-reward"},
            "n_prompts": 100,
            "samples_per_prompt": 2,
            "metadata": {"team": "assistants"},
        },
    },
    "grown": {
        "summary": "Prompts that the teacher writes itself",
        "value": {
            "behavior": "safety",
            "source": {"kind": "topics", "topics": ["medicine", "chemistry at home"], "per_topic": 20},
            "n_prompts": 30,
        },
    },
}

RUN: dict[str, Example] = {
    "rdpo": {
        "summary": "Refined DPO on a completed dataset",
        "value": {
            "dataset": "ds_01kfw3v8x2m4c9t7q0r5b6n1za",
            "student": "tiny-student",
            "method": {"type": "rdpo", "rdpo": {"beta": 0.1, "form": "soft", "tau": "auto"}},
            "training": {"mode": "full", "epochs": 3, "learning_rate": 0.0005},
        },
    },
    "grid": {
        "summary": "A sweep: four runs under one id",
        "value": {
            "dataset": "ds_01kfw3v8x2m4c9t7q0r5b6n1za",
            "student": "tiny-student",
            "method": {"type": "rdpo"},
            "grid": {"training.learning_rate": [0.0002, 0.0005], "method.beta": [0.05, 0.1]},
        },
    },
}

DISTILLATION: dict[str, Example] = {
    "one-request": {
        "summary": "Dataset, training and evaluation in one request",
        "value": {
            "dataset": {"behavior": ["sycophancy"], "n_prompts": 200},
            "student": "tiny-student",
            "method": {"type": "rdpo", "rdpo": {"form": "soft"}},
            "training": {"epochs": 6, "learning_rate": 0.0005},
        },
    }
}

KEY: dict[str, Example] = {
    "reader": {
        "summary": "A key that reads, until a day",
        "value": {"name": "weekly report", "scopes": ["read"], "expires_at": "2100-01-01T00:00:00Z"},
    },
    "smallest": {"summary": "A key that reads and writes, for ever", "value": {}},
}

SECRET: dict[str, Example] = {
    "endpoint": {
        "summary": "The key of a hosted teacher",
        "value": {"name": "hosted-teacher", "value": "the key that the endpoint's owner gave you"},
    }
}

REVIEW: dict[str, Example] = {
    "reject": {"summary": "Keep it out of training", "value": {"action": "reject", "note": "both answers are wrong"}},
    "edit": {"summary": "Better words", "value": {"action": "edit", "chosen": "The earth is round."}},
}

TRIM: dict[str, Example] = {
    "old": {"summary": "What nobody used for a month", "value": {"unused_days": 30}},
}

FILTERS: dict[str, Example] = {
    "near": {
        "summary": "Near duplicates and narrow margins go",
        "value": {"near_duplicates": {"threshold": 0.8}, "min_margin": 0.5, "missing_score": "first"},
    },
}

IMPORT: dict[str, Example] = {
    "smallest": {
        "summary": "With the scores that are in the file",
        "value": {"file": "file-01kfw3v8x2m4c9t7q0r5b6n1za"},
    },
    "scored": {
        "summary": "Scored anew, for a behavior",
        "value": {
            "file": "file-01kfw3v8x2m4c9t7q0r5b6n1za",
            "behavior": "sycophancy",
            "reward": [{"kind": "classifier", "model": "tiny-reward"}, {"kind": "given"}],
            "filters": {"duplicates": True, "missing_score": "first"},
        },
    },
}

PUSH: dict[str, Example] = {
    "private": {
        "summary": "As parquet, into a private repository",
        "value": {"repo": "me/polite-pairs", "secret": "hub"},
    },
}
