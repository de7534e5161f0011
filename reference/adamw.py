"""Golden values of packages/train/src/adamw.test.ts: torch.optim.AdamW and clip_grad_norm_, torch 2.13.0.

    python reference/adamw.py
"""
import math
import torch

p = torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.AdamW([p], lr=0.05, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
for step in range(1, 6):
    p.grad = 0.5 * p.detach() + math.sin(step)
    norm = torch.nn.utils.clip_grad_norm_([p], 1.0)
    optimizer.step()
    print(step, f"{norm.item():.9f}", [round(x, 9) for x in p.tolist()])
