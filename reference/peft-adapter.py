"""A LoRA adapter by PEFT on the tiny Llama, with its logits; the loss of any base with any adapter; and one trained here.

    python reference/peft-adapter.py packages/llama/src/golden
    python reference/peft-adapter.py --loss BASE.gguf ADAPTER_FOLDER IDS.json     (base alone, adapted, merged)
    python reference/peft-adapter.py --train BASE.gguf ADAPTER_FOLDER IDS.json    (q, v and down, rank-stabilised)

Made with peft 0.21.2, transformers 5.23.0, torch 2.13.0.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

if sys.argv[1] == "--loss":
    base = Path(sys.argv[2])
    ids = torch.tensor([json.loads(Path(sys.argv[4]).read_text())])
    model = AutoModelForCausalLM.from_pretrained(base.parent, gguf_file=base.name, dtype=torch.float32).eval()
    with torch.no_grad():
        print("base", model(ids, labels=ids).loss.item())
        adapted = PeftModel.from_pretrained(model, sys.argv[3]).eval()
        print("adapted", adapted(ids, labels=ids).loss.item())
        print("merged", adapted.merge_and_unload()(ids, labels=ids).loss.item())
    sys.exit()

if sys.argv[1] == "--train":
    base = Path(sys.argv[2])
    ids = torch.tensor([json.loads(Path(sys.argv[4]).read_text())])
    model = AutoModelForCausalLM.from_pretrained(base.parent, gguf_file=base.name, dtype=torch.float32)
    torch.manual_seed(3407)
    config = LoraConfig(
        r=4, lora_alpha=8, use_rslora=True, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM"
    )
    model = get_peft_model(model, config)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-3)
    for _ in range(4):
        optimizer.zero_grad()
        model(ids, labels=ids).loss.backward()
        optimizer.step()
    model.save_pretrained(sys.argv[3])
    with torch.no_grad():
        print("adapted", model.eval()(ids, labels=ids).loss.item())
        with model.disable_adapter():
            print("base", model(ids, labels=ids).loss.item())
    sys.exit()

folder = Path(sys.argv[1])
ids = torch.tensor([json.loads((folder / "llama-layouts.json").read_text())["ids"]])
model = AutoModelForCausalLM.from_pretrained(folder / "tiny-llama", dtype=torch.float32).eval()
torch.manual_seed(3407)
adapted = get_peft_model(model, LoraConfig(r=3, lora_alpha=5, target_modules=TARGETS, task_type="CAUSAL_LM")).eval()
for name, parameter in adapted.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(parameter.data, 0, 0.2)
adapted.save_pretrained(folder / "tiny-adapter")
(folder / "tiny-adapter/README.md").unlink()
(folder / "tiny-adapter.json").write_text(json.dumps({
    "made": "reference/peft-adapter.py, peft 0.21.2, transformers 5.23.0, torch 2.13.0",
    "ids": ids[0].tolist(),
    "lastLogits": adapted(ids).logits[0, -1].tolist(),
}, indent=1) + "\n")
