"""NF4 matrices as bitsandbytes stores them, the SHA-256 of the float32 values that it decodes from them, and its dynamic maps.

Inputs are sines, which the test computes as well, so that what our writer makes of them can be compared byte for byte.

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
LARGE = (1030, 1024)  # too large to keep: by its hashes



# The mean of the magnitudes depends on the order of summation, and that on the number of threads.
torch.set_num_threads(1)
folder = Path(sys.argv[1])


def sines(shape):
    """0.02 sin(i^2), louder and softer from one row to the next, in float64 and rounded once."""
    i = torch.arange(shape[0] * shape[1], dtype=torch.float64)
    row = torch.floor(i / shape[1])
    return (0.02 * torch.sin(i * i) * (1 + 0.5 * torch.sin(row))).float().reshape(shape)


def quantized(name, shape, dtype, nested):
    weight = sines(shape).to(dtype)
    packed, state = bnb.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=nested)
    parts = {f"{name}.{key}": value for key, value in state.as_dict(packed=True).items()}
    return packed, state, {name: packed, **parts}


def sha256(tensor):
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()


tensors, hashes = {}, {}
for name, (shape, dtype, nested) in CASES.items():
    packed, state, parts = quantized(name, shape, dtype, nested)
    tensors.update(parts)
    hashes[name] = sha256(bnb.dequantize_4bit(packed, state).float())
save_file(tensors, folder / "nf4.safetensors")
(folder / "nf4.json").write_text(json.dumps({
    "made": "reference/nf4.py, bitsandbytes 0.50.2, torch 2.13.0 (CPU)",
    "sha256OfFloat32": hashes,
    "sha256OfLarge": {part: sha256(value) for part, value in quantized("large", LARGE, torch.float32, True)[2].items()},
    "maps": {name: sha256(bnb.create_dynamic_map(signed))
             for name, signed in (("signed", True), ("unsigned", False))}}, indent=1) + "\n")
