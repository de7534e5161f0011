"""The other side of bench/iu-training.ts: PyTorch + PEFT in fp32 on its batches, padded to the longest row of each, with the loss
of transformers. Prints one JSON line.

    python bench/iu_training.py MODEL.gguf FOLDER RANK SEED
"""
import json
import os
import resource
import sys
import time

import numpy
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

PROJECTIONS = ("q", "k", "v", "o", "gate", "up", "down")
IGNORED = -100


def padded(examples):
    """A position predicts the token after it, so that the last token of the longest row is a label alone."""
    length = max(len(example["tokens"]) for example in examples)
    rows = []
    for example in examples:
        tokens, start = example["tokens"], max(1, example["lossFrom"])
        missing = length - len(tokens)
        rows.append((
            tokens + [0] * missing,
            [IGNORED] * start + tokens[start:] + [IGNORED] * missing,
            [1] * len(tokens) + [0] * missing,
        ))
    ids, labels, attention = (torch.tensor(part) for part in zip(*rows))
    return {"input_ids": ids, "labels": labels, "attention_mask": attention}


def loss_over(model, batches):
    total = count = 0
    with torch.no_grad():
        for batch in map(padded, batches):
            tokens = int((batch["labels"] != IGNORED).sum())
            total += float(model(**batch).loss) * tokens
            count += tokens
    return total / count


def adapted(path, folder, rank):
    directory, file = os.path.split(path)
    model = AutoModelForCausalLM.from_pretrained(directory, gguf_file=file, dtype=torch.float32)
    targets = [f"{name}_proj" for name in PROJECTIONS]
    model = get_peft_model(
        model, LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM")
    )
    factors = numpy.fromfile(os.path.join(folder, "lora_a.f32"), "<f4")
    names = dict(model.named_parameters())
    at = 0
    for layer in range(model.config.num_hidden_layers):
        for projection in PROJECTIONS:
            (key,) = [n for n in names if f"layers.{layer}." in n and f".{projection}_proj.lora_A" in n]
            size = names[key].numel()
            names[key].data.copy_(torch.from_numpy(factors[at : at + size]).view_as(names[key]))
            at += size
    return model


def main():
    path, folder, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(2)
    with open(os.path.join(folder, "batches.json")) as file:
        batches = json.load(file)
    model = adapted(path, folder, rank)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.0)
    steps, positions, loss = len(batches["train"]), 0, None
    model.train()
    began = time.time()
    for step, examples in enumerate(batches["train"], 1):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, step / 8) * max(0.05, 1 - step / steps)
        batch = padded(examples)
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        positions += batch["input_ids"].numel()
    seconds = time.time() - began
    model.eval()
    print(json.dumps({
        "seconds": seconds,
        "positions": positions,
        "lastLoss": float(loss.detach()),
        "valLoss": loss_over(model, batches["val"]),
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


if __name__ == "__main__":
    main()
