"""Loss and gradients of a tiny Llama in float64, by PyTorch's autograd: golden values for packages/llama/src/model.

The weights come from a formula that the tests compute as well (`pattern`, see tiny-llama.ts), so that the golden file
holds results only. Two cases: LoRA gradients over a frozen 4-bit base, and gradients of all weights.

Made with torch 2.13.0 on CPU:
    python reference/llama_gradients.py > packages/llama/src/golden/llama-gradients.json
"""
import json
import math

import numpy as np
import torch
import torch.nn.functional as F

CONFIG = dict(layers=2, width=32, feedForward=64, heads=4, kvHeads=2, headSize=8, vocabulary=40)
EPS, BASE = 1e-5, 10000.0
RANK, SCALING = 2, 2.0
B, S = 2, 12
PROJECTIONS = ("q", "k", "v", "o", "gate", "up", "down")
GROUPS = {"qkv": ("q", "k", "v"), "o": ("o",), "gateUp": ("gate", "up"), "down": ("down",)}


def bits(name, count):
    """The murmur3 finalizer of index and name: 32 bits each."""
    seed = 2166136261
    for character in name:
        seed = ((seed ^ ord(character)) * 16777619) & 0xFFFFFFFF
    h = (np.arange(count, dtype=np.uint64) + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h ^= h >> np.uint64(shift)
        h = (h * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return (h ^ (h >> np.uint64(16))).astype(np.uint64)


def pattern(name, shape, scale, center=0.0):
    """Uniform in center +- scale / 2, rounded to float32."""
    uniform = bits(name, math.prod(shape)).astype(np.float64) / 2**32 - 0.5
    return torch.tensor((center + scale * uniform).astype(np.float32)).reshape(shape)


def shape_of(projection):
    E, FF, H, K, D = (CONFIG[k] for k in ("width", "feedForward", "heads", "kvHeads", "headSize"))
    return {"q": (H * D, E), "k": (K * D, E), "v": (K * D, E), "o": (E, H * D)}.get(
        projection, (E, FF) if projection == "down" else (FF, E)
    )


def packed(name, shape):
    """nibble * scale + offset in float32, as the graph computes it."""
    blocks = shape[0] * shape[1] // 32
    nibbles = torch.tensor((bits(f"{name}.nibbles", blocks * 16) & np.uint64(255)).astype(np.int64)).reshape(blocks, 16)
    scale = pattern(f"{name}.scale", (blocks, 1), 0.01, 0.03)
    offset = pattern(f"{name}.offset", (blocks, 1), 0.05, -0.22)
    whole = torch.cat([nibbles & 15, nibbles >> 4], 1).float()
    return (whole * scale + offset).reshape(shape).double()


def rms_norm(x, weight):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS) * weight


def rotate(x):
    D = CONFIG["headSize"]
    frequency = BASE ** (-torch.arange(0, D, 2).double() / D)
    angle = torch.arange(S).double()[:, None] * frequency
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()], -1).flatten(-2)


def forward(linear, norms, embedding, head, output_norm, ids, soft=None):
    """linear(layer, projection, x) is the only place that knows about adapters; soft: rows, and the vectors in them."""
    H, K, D = (CONFIG[k] for k in ("heads", "kvHeads", "headSize"))
    mask = torch.full((S, S), -1e30).triu(1).double()
    x = embedding[ids]
    if soft is not None:
        x = x.index_copy(0, *soft)
    for layer in range(CONFIG["layers"]):
        h = rms_norm(x, norms(layer, "attentionNorm"))
        q, k, v = (linear(layer, p, h).view(B, S, -1, D).transpose(1, 2) for p in "qkv")
        q, k = rotate(q), rotate(k)
        k, v = (y.repeat_interleave(H // K, 1) for y in (k, v))
        attention = torch.softmax(q @ k.transpose(-1, -2) / D**0.5 + mask, -1) @ v
        x = x + linear(layer, "o", attention.transpose(1, 2).reshape(B * S, H * D))
        h = rms_norm(x, norms(layer, "feedForwardNorm"))
        x = x + linear(layer, "down", F.silu(linear(layer, "gate", h)) * linear(layer, "up", h))
    return rms_norm(x, output_norm) @ head.T


def batch():
    V = CONFIG["vocabulary"]
    ids = torch.tensor((bits("ids", B * S) % np.uint64(V)).astype(np.int64))
    labels = torch.tensor((bits("labels", B * S) % np.uint64(V)).astype(np.int64))
    weights = pattern("weights", (B * S,), 0.05, 0.05).double()
    weights[torch.arange(B * S) % 3 == 0] = 0
    return ids, labels, weights


def cross_entropy(logits, labels, weights):
    return (F.cross_entropy(logits, labels, reduction="none") * weights).sum()


def frozen():
    V, E = CONFIG["vocabulary"], CONFIG["width"]
    return dict(
        norms=lambda layer, kind: pattern(f"layers.{layer}.{kind}", (E,), 1.0, 1.0).double(),
        embedding=pattern("embedding", (V, E), 1.0).double(),
        head=pattern("embedding", (V, E), 1.0).double(),
        output_norm=pattern("outputNorm", (E,), 1.0, 1.0).double(),
    )


def adapted():
    """The adapters' parameters, and products with the adapted base."""
    names = {}
    for layer in range(CONFIG["layers"]):
        for group, members in GROUPS.items():
            names[f"layers.{layer}.a.{group}"] = (len(members) * RANK, shape_of(members[0])[1])
        for projection in PROJECTIONS:
            names[f"layers.{layer}.b.{projection}"] = (RANK, shape_of(projection)[0])
    parameters = {n: pattern(n, s, 0.3).double().requires_grad_() for n, s in names.items()}
    base = {
        (l, p): packed(f"layers.{l}.{p}", shape_of(p)) for l in range(CONFIG["layers"]) for p in PROJECTIONS
    }

    def linear(layer, projection, x):
        group = next(g for g, members in GROUPS.items() if projection in members)
        place = GROUPS[group].index(projection) * RANK
        a = parameters[f"layers.{layer}.a.{group}"][place : place + RANK]
        return x @ base[layer, projection].T + SCALING * (x @ a.T) @ parameters[f"layers.{layer}.b.{projection}"]

    return parameters, linear


def adapter_case():
    parameters, linear = adapted()
    ids, labels, weights = batch()
    loss = cross_entropy(forward(linear, ids=ids, **frozen()), labels, weights)
    loss.backward()
    gradients = torch.cat([p.grad.flatten() for p in parameters.values()])
    return dict(loss=loss.item(), names=list(parameters), gradients=[float(f"{g:.10g}") for g in gradients])


def dense_case():
    E, V = CONFIG["width"], CONFIG["vocabulary"]
    names = {"embedding": ((V, E), 1.0, 0.0)}
    for layer in range(CONFIG["layers"]):
        for norm in ("attentionNorm", "feedForwardNorm"):
            names[f"layers.{layer}.{norm}"] = ((E,), 1.0, 1.0)
        for projection in PROJECTIONS:
            names[f"layers.{layer}.{projection}"] = (shape_of(projection), 0.3, 0.0)
    names["outputNorm"] = ((E,), 1.0, 1.0)
    parameters = {n: pattern(n, s, scale, c).double().requires_grad_() for n, (s, scale, c) in names.items()}
    ids, labels, weights = batch()
    logits = forward(
        lambda layer, projection, x: x @ parameters[f"layers.{layer}.{projection}"].T,
        norms=lambda layer, kind: parameters[f"layers.{layer}.{kind}"],
        embedding=parameters["embedding"],
        head=parameters["embedding"],
        output_norm=parameters["outputNorm"],
        ids=ids,
    )
    loss = cross_entropy(logits, labels, weights)
    loss.backward()
    # Too many to list: each tensor's norm, and its product with a pattern.
    summary = {
        n: [p.grad.norm().item(), (p.grad * pattern(f"probe.{n}", p.shape, 1.0).double()).sum().item()]
        for n, p in parameters.items()
    }
    return dict(loss=loss.item(), logits=[float(f"{x:.10g}") for x in logits[-1]], gradients=summary)


if __name__ == "__main__":
    print(json.dumps(dict(madeWith=f"torch {torch.__version__}", adapter=adapter_case(), dense=dense_case())))
