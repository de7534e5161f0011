"""Golden values of ggml's block formats: decoding by pip's `gguf`, encoding by ggml's own library.

    python reference/block-formats.py [path of libggml-base.so] > packages/tensor/src/golden/block-formats.json

Made with gguf 0.19.0, numpy 2.4.6 and the libggml-base.so of @node-llama-cpp/linux-x64 3.22.1. The bytes are random
(every quant, scale and sub-scale occurs); both decoders must agree on them before anything is written.
"""

import base64
import ctypes
import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.constants import GGML_QUANT_SIZES

DECODED = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "F16", "BF16"]
ENCODED = ["Q4_0", "Q4_1", "Q8_0", "F16", "BF16"]
# Byte offsets of the float16 scales in a block; they are drawn as numbers, so that none is NaN or infinite.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}

library = sys.argv[1] if len(sys.argv) > 1 else str(
    Path(__file__).parent.parent / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so")
ggml = ctypes.CDLL(library)
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
random = np.random.default_rng(3407)


def b64(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def random_blocks(name):
    block, size = GGML_QUANT_SIZES[T[name]]
    if block == 1:  # F16, BF16: all signs and exponents but the last, subnormals included
        bits = random.integers(0, 0x7C00 if name == "F16" else 0x7F80, 128).astype(np.uint16)
        return (bits | (random.integers(0, 2, 128).astype(np.uint16) << 15)).view(np.uint8)
    blocks = random.integers(0, 256, (max(4, 512 // block), size), dtype=np.uint8)
    for at in SCALES[name]:
        values = (random.normal(0, 0.05, len(blocks)) * 10.0 ** random.integers(-4, 3, len(blocks))).astype(np.float16)
        blocks[:, at:at + 2] = values.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(-1)


def decode_with_ggml(name, data, count):
    out = np.zeros(count, np.float32)
    function = {"F16": "ggml_fp16_to_fp32_row", "BF16": "ggml_bf16_to_fp32_row"}.get(name, f"dequantize_row_{name.lower().replace('_k', '_K')}")
    getattr(ggml, function)(data.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(count))
    return out


def decoded(name):
    data = random_blocks(name)
    block, size = GGML_QUANT_SIZES[T[name]]
    values = gguf.dequantize(data, T[name]).reshape(-1)
    native = decode_with_ggml(name, data, len(data) // size * block)
    assert values.tobytes() == native.tobytes(), f"{name}: gguf and ggml disagree"
    return {"bytes": b64(data), "values": b64(values)}


def floats():
    """Blocks of several magnitudes, one of zeros, one constant, and ties."""
    rows = [random.normal(0, 10.0 ** e, 32) for e in (-6, -3, -1, 0, 2)] + [random.uniform(-1, 1, 32) for _ in range(9)]
    rows += [np.zeros(32), np.full(32, 0.25)]
    # In the middle between two steps of Q8_0, of Q4_0 and of Q4_1, whose step is 1 here.
    rows += [np.r_[-127, np.arange(31) * 4 - 60.5], np.r_[-8, np.arange(31) / 2 - 7.5], np.r_[0, 15, np.arange(30) / 2]]
    return np.array(rows, np.float32).reshape(-1)


def encoded(name, values):
    block, size = GGML_QUANT_SIZES[T[name]]
    out = np.zeros(len(values) // block * size, np.uint8)
    ggml.ggml_quantize_chunk(int(T[name]), values.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p), 0, 1, len(values), None)
    return b64(out)


values = floats()
json.dump({
    "made": "reference/block-formats.py, gguf 0.19.0, libggml-base of @node-llama-cpp/linux-x64 3.22.1",
    "decode": {name: decoded(name) for name in DECODED},
    "encode": {"values": b64(values), **{name: encoded(name, values) for name in ENCODED}},
}, sys.stdout, indent=1)
