"""The peer of bench/smollm2-training.ts: LoRA on SmolLM2-135M with PEFT in float32, on IU X-ray findings.

Writes what both sides start from: token batches (batches.json) and PEFT's initial factors A (lora_a.f32). With --train
it also trains, and prints the losses to compare with. The recipe is a plain one: one pass over 1,024 reports, the gold
labels in the prompt, batches of 8 of about equal length, AdamW, learning rate 1e-3 with 8 warm-up steps and linear
decay to a twentieth.

Made with torch 2.13.0, transformers, peft 0.21.2 on CPU:
    python reference/smollm2_training.py MODEL.gguf STUDIES.jsonl OUT_FOLDER [--train]
Val loss before training 4.0947 (first 64 studies), after it 1.6678 (all 296).
"""
import argparse
import json
import os
import random

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

PROJECTIONS = ("q", "k", "v", "o", "gate", "up", "down")
IGNORED = -100
PADDING = 2


def prompt(study):
    labels = study["nih_gold14"]
    found = [name.replace("_", " ").lower() for name, value in labels.items() if value and name != "normal"]
    return (
        "<|im_start|>user\nWrite the findings of this chest X-ray. "
        f"Detected: {', '.join(found) if found else 'none'}.<|im_end|>\n<|im_start|>assistant\n"
    )


def encode(tokenizer, study):
    before = tokenizer(prompt(study), add_special_tokens=False)["input_ids"]
    after = tokenizer(study["findings"] + "<|im_end|>", add_special_tokens=False)["input_ids"]
    return (before + after)[:320], ([IGNORED] * len(before) + after)[:320]


def pad(encoded):
    length = max(len(ids) for ids, _ in encoded)
    return {
        "ids": [ids + [PADDING] * (length - len(ids)) for ids, _ in encoded],
        "labels": [labels + [IGNORED] * (length - len(labels)) for _, labels in encoded],
        "attention": [[1] * len(ids) + [0] * (length - len(ids)) for ids, _ in encoded],
    }


def loss_of(model, batch):
    return model(
        input_ids=torch.tensor(batch["ids"]),
        attention_mask=torch.tensor(batch["attention"]),
        labels=torch.tensor(batch["labels"]),
    ).loss


def evaluate(model, batches):
    total = count = 0
    with torch.no_grad():
        for batch in batches:
            tokens = sum(label != IGNORED for row in batch["labels"] for label in row[1:])
            total += float(loss_of(model, batch)) * tokens
            count += tokens
    return total / count


def train(model, batches, validation):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.0)
    print("before, first 64", evaluate(model, validation[:8]), flush=True)
    losses = []
    for step, batch in enumerate(batches, 1):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, step / 8) * max(0.05, 1 - step / len(batches))
        loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        if step % 16 == 0:
            print(step, sum(losses[-16:]) / 16, flush=True)
    print("after, all", evaluate(model, validation), flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model")
    arguments.add_argument("studies")
    arguments.add_argument("out")
    arguments.add_argument("--train", action="store_true")
    options = arguments.parse_args()
    folder, file = os.path.split(options.model)
    torch.manual_seed(0)
    random.seed(0)
    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    targets = [f"{name}_proj" for name in PROJECTIONS]
    model = get_peft_model(
        model, LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM")
    )
    studies = [json.loads(line) for line in open(options.studies)]
    studies = [s for s in studies if s.get("nih_gold14") and len((s.get("findings") or "").split()) >= 3]
    training = [s for s in studies if s.get("r2gen_split") == "train"]
    validation = [encode(tokenizer, s) for s in studies if s.get("r2gen_split") == "val"]
    random.shuffle(training)
    training = [encode(tokenizer, s) for s in training[:1024]]
    order = sorted(range(len(training)), key=lambda i: len(training[i][0]))
    groups = [order[i : i + 8] for i in range(0, len(order), 8)]
    random.shuffle(groups)
    batches = [pad([training[i] for i in group]) for group in groups]
    validation = [pad(validation[i : i + 8]) for i in range(0, len(validation), 8)]
    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, "batches.json"), "w") as out:
        json.dump({"train": batches, "val": validation}, out)
    names = dict(model.named_parameters())
    factors = []
    for layer in range(model.config.num_hidden_layers):
        for projection in PROJECTIONS:
            (key,) = [n for n in names if f"layers.{layer}." in n and f".{projection}_proj.lora_A" in n]
            factors.append(names[key].detach().flatten())
    torch.cat(factors).numpy().astype("<f4").tofile(os.path.join(options.out, "lora_a.f32"))
    if options.train:
        train(model, batches, validation)


if __name__ == "__main__":
    main()
