"""A tiny Llama in NF4 with a LoRA adapter: loss and gradients by transformers, PEFT and bitsandbytes.

    python reference/nf4-llama.py packages/llama/src/golden

Made with transformers 5.23.0, peft 0.21.2, bitsandbytes 0.50.2 (its CPU code), torch 2.13.0.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)
torch.manual_seed(3407)
golden = Path(sys.argv[1])
TARGETS = [f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")]
shape = LlamaConfig(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
                    vocab_size=24, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=True,
                    bos_token_id=None, eos_token_id=None, initializer_range=0.1)
four_bits = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                               bnb_4bit_compute_dtype=torch.float32)
with tempfile.TemporaryDirectory() as floats:
    LlamaForCausalLM(shape).save_pretrained(floats)
    model = LlamaForCausalLM.from_pretrained(floats, quantization_config=four_bits, dtype=torch.float32)
model.save_pretrained(golden / "tiny-nf4")
(golden / "tiny-nf4" / "generation_config.json").unlink(missing_ok=True)

peft = get_peft_model(model, LoraConfig(r=2, lora_alpha=4, target_modules=TARGETS, task_type="CAUSAL_LM"))
for name, parameter in peft.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(parameter, std=0.1)
peft.peft_config["default"].base_model_name_or_path = "tiny-nf4"
peft.save_pretrained(golden / "tiny-nf4-adapter")
(golden / "tiny-nf4-adapter" / "README.md").unlink(missing_ok=True)
ids = torch.randint(0, 24, (2, 12))
peft.train()  # outside training this version computes in bfloat16
loss = peft(ids, labels=ids).loss
loss.backward()
gradients = [p.grad for p in peft.parameters() if p.requires_grad]
(golden / "tiny-nf4.json").write_text(json.dumps({
    "made": "reference/nf4-llama.py, transformers 5.23.0, peft 0.21.2, bitsandbytes 0.50.2, torch 2.13.0 (CPU)",
    "ids": ids.tolist(),
    "loss": loss.item(),
    "gradientNorm": torch.sqrt(sum((g.double() ** 2).sum() for g in gradients)).item(),
}) + "\n")
