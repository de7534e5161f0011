"""Loss and gradients of a tiny Llama that reads soft tokens, in float64 by PyTorch's autograd: golden values for
packages/llama/src/fusion. Model, adapters and batch are those of llama_gradients.py, the projector's numbers from the same
formula.

Made with torch 2.13.0 on CPU:
    python reference/projector_gradients.py > packages/llama/src/golden/projector-gradients.json
"""
import json

import torch
import torch.nn.functional as F
from llama_gradients import CONFIG, adapted, batch, cross_entropy, forward, frozen, pattern

SLOTS, FEATURES, HIDDEN = 3, 5, 6
E = CONFIG["width"]
SHAPES = dict(w1=(HIDDEN, FEATURES), b1=(HIDDEN,), w2=(E, HIDDEN), b2=(E,), place=(SLOTS, E), absent=(SLOTS, E))
# The soft tokens of two rows of twelve; two of them absent.
ROWS, PLACES, PRESENT = [1, 2, 3, 14, 15, 16], [0, 1, 2, 0, 1, 2], [1, 1, 0, 1, 0, 1]


def projected(p, features, places, present):
    seen = F.silu(features @ p["w1"].T + p["b1"]) @ p["w2"].T + p["b2"] + p["place"][places]
    return torch.where(present[:, None], seen, p["absent"][places])


adapter, linear = adapted()
projector = {n: pattern(f"projector.{n}", s, 1.0).double().requires_grad_() for n, s in SHAPES.items()}
present = torch.tensor(PRESENT).bool()
features = pattern("features", (len(ROWS), FEATURES), 4.0).double() * present[:, None]
vectors = projected(projector, features, torch.tensor(PLACES), present)
ids, labels, weights = batch()
loss = cross_entropy(forward(linear, ids=ids, soft=(torch.tensor(ROWS), vectors), **frozen()), labels, weights)
loss.backward()
own = torch.cat([p.grad.flatten() for p in adapter.values()])
print(
    json.dumps(
        dict(
            madeWith=f"torch {torch.__version__}",
            loss=loss.item(),
            vectors=[float(f"{x:.10g}") for x in vectors.flatten()],
            projector={n: [float(f"{g:.10g}") for g in p.grad.flatten()] for n, p in projector.items()},
            # Too many to list: the norm of the adapters' gradients, and their product with a pattern.
            adapter=[own.norm().item(), (own * pattern("probe", own.shape, 1.0).double()).sum().item()],
        )
    )
)
