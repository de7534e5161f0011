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



def nest_magnitudes(state):
    """As quantize_4bit does with compress_statistics, but with each magnitude at its nearest code.

    For float32 the compiled CPU library of this version looks codes up in a table of 65,536 steps and misses the nearest
    near a middle, and for magnitudes near their mean; bitsandbytes' CUDA kernel, its PyTorch code, and its CPU code for other types do not.
    """
    offset = state.absmax.mean()
    code = bnb.create_dynamic_map()
    codes, magnitudes = torch.ops.bitsandbytes.quantize_blockwise((state.absmax - offset).double(), code, 256)
    state.absmax = codes
    state.state2 = bnb.QuantState(magnitudes, code=code, blocksize=256, dtype=torch.float32)
    state.offset, state.nested = offset, True


folder = Path(sys.argv[1])


def sines(shape):
    """0.02 sin(i^2), in float64 and rounded once."""
    count = shape[0] * shape[1]
    i = torch.arange(count, dtype=torch.float64)
    return (0.02 * torch.sin(i * i)).float().reshape(shape)


tensors, hashes = {}, {}
for name, (shape, dtype, nested) in CASES.items():
    weight = sines(shape).to(dtype)
    packed, state = bnb.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=False)
    if nested:
        nest_magnitudes(state)
    tensors[name] = packed
    for key, value in state.as_dict(packed=True).items():
        tensors[f"{name}.{key}"] = value
    values = bnb.dequantize_4bit(packed, state).float().contiguous()
    hashes[name] = hashlib.sha256(values.numpy().tobytes()).hexdigest()
save_file(tensors, folder / "nf4.safetensors")
(folder / "nf4.json").write_text(json.dumps({
    "made": "reference/nf4.py, bitsandbytes 0.50.2, torch 2.13.0 (CPU)",
    "sha256OfFloat32": hashes,
    "maps": {name: hashlib.sha256(bnb.create_dynamic_map(signed).numpy().tobytes()).hexdigest()
             for name, signed in (("signed", True), ("unsigned", False))}}, indent=1) + "\n")
