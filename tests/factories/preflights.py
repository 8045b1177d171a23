"""A report of a dry run, as the trainer keeps it."""

from typing import Any

GIB = 1 << 30
LENGTHS = {"sum": 1_200, "median": 11.5, "p95": 20, "longest": 31}
SPLIT = dict.fromkeys(("prompt", "chosen", "rejected", "row"), LENGTHS)


def found() -> dict[str, Any]:
    """With something to say in every part."""
    parts = {"process": GIB, "weights": GIB // 2, "gradients": 0, "optimizer": 0, "activations": 0, "logits": 0}
    return {
        "pairs": {"train": 100, "train_offered": 103, "validation": 5, "validation_offered": 5},
        "tokens": {"train": SPLIT, "validation": SPLIT},
        "max_length": {"asked": 64, "for_p95": 60, "for_all": 90},
        "left_out": {
            "too_long": {"pairs": 3, "examples": [{"id": "pair_a", "tokens": 90}, {"id": "pair_b", "tokens": 80}]},
            "score_missing": {"pairs": 0, "examples": []},
        },
        "boundary_mismatches": {"answers": 1, "examples": [{"id": "pair_c", "side": "chosen"}]},
        "steps": {"total": 20, "per_epoch": 10, "tokens_per_step": 800.5, "micro_batches_per_step": 1.5,
                  "heaviest_micro_batch_tokens": 512},
        "prompts": {"shared": True, "form": "pieces", "refusal": None},
        "memory": {"estimated": parts | {"reference": 0, "total": 3 * GIB // 2}, "measured_peak": GIB,
                   "room": 8 * GIB, "fits": True},
        "seconds": {"prepare": 1.0, "reference": 2.0, "validation": 0.5, "pair_losses": 0.25, "step": 6.0,
                    "training": {"expected": 120.0, "low": 100.0, "high": 140.0}},
        "student": {"parameters": 1000, "trained_parameters": 1000, "device": "cpu", "processes": 1,
                    "dtype": "float32", "usual_learning_rate": 1e-4},
        "probes": [{"tokens": 800, "seconds": 6.0, "gradient_norm": 1.0}],
        "warnings": [{"code": "learning_rate", "param": "training.learning_rate", "message": "Far off."}],
    }  # fmt: skip
