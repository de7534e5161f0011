"""NF4 matrices as bitsandbytes stores them, and the SHA-256 of the float32 values that it decodes from them.

    python reference/nf4.py packages/tensor/src/golden

Made with bitsandbytes 0.50.2 (its CPU code), torch 2.13.0, safetensors 0.8.0.
"""

import hashlib
import json
import sys
from pathlib import Path

import bitsandbytes.functional as bnb
import torch
from safetensors.torch import save_file

# Rows are multiples of the block, as in every model: for others (24 x 32) this version's CPU code reads wrong blocks.
CASES = {  # name: shape, type, double quantization; 130 x 128 has 260 blocks, more than one block of 256 magnitudes
    "plain": ((12, 64), torch.float32, False),
    "nested": ((130, 128), torch.float32, True),
    "nested.half": ((12, 64), torch.float16, True),
    "brain": ((5, 64), torch.bfloat16, False),
}

folder = Path(sys.argv[1])
torch.manual_seed(3407)
tensors, hashes = {}, {}
for name, (shape, dtype, nested) in CASES.items():
    weight = (torch.randn(shape) * 0.02).to(dtype)
    packed, state = bnb.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=nested)
    tensors[name] = packed
    for key, value in state.as_dict(packed=True).items():
        tensors[f"{name}.{key}"] = value
    values = bnb.dequantize_4bit(packed, state).float().contiguous()
    hashes[name] = hashlib.sha256(values.numpy().tobytes()).hexdigest()
save_file(tensors, folder / "nf4.safetensors")
(folder / "nf4.json").write_text(json.dumps({
    "made": "reference/nf4.py, bitsandbytes 0.50.2, torch 2.13.0 (CPU)",
    "sha256OfFloat32": hashes}, indent=1) + "\n")
