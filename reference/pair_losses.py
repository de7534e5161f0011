"""Losses of pairs on the tiny Llama of llama_gradients.py in float64, by PyTorch's autograd: golden values for packages/train.

DPO as trl computes it (trl 1.16.0, trainer/dpo_trainer.py, loss_type "sigmoid": -logsigmoid(beta * delta_score) with delta_score the
difference of the two log ratios to the reference), with RPO's likelihood beside it; and the contrast of a report behind its own
prompt and behind another's. The reference is the base without its adapter.

Made with torch 2.13.0 on CPU:
    python reference/pair_losses.py > packages/train/src/golden/pair-losses.json
"""
import json

import torch
import torch.nn.functional as F

from llama_gradients import B, CONFIG, S, adapted, forward, frozen, pattern

PROMPT = 5
BETA, LIKELIHOOD = 0.4, 0.3
MARGIN, WEIGHT = 0.5, 0.7


def tokens(name, count):
    """[B, count]"""
    return torch.stack([(pattern(f"{name}.{row}", (count,), 1.0, 0.5) * CONFIG["vocabulary"]).long() for row in range(B)])


def log_probabilities(linear, prompt, report):
    """Sums over the report's tokens, [B]."""
    whole = torch.cat([prompt, report], 1)
    logits = forward(linear, ids=whole[:, :-1].flatten(), **frozen()).view(B, S, -1)
    chosen = F.log_softmax(logits, -1).gather(-1, whole[:, 1:, None])[..., 0]
    return chosen[:, PROMPT - 1 :].sum(1)


def summary(loss, parameters):
    gradients = torch.autograd.grad(loss, list(parameters.values()), retain_graph=True)
    return dict(
        loss=loss.item(),
        gradients={
            name: [g.norm().item(), (g * pattern(f"probe.{name}", g.shape, 1.0).double()).sum().item()]
            for name, g in zip(parameters, gradients)
        },
    )


parameters, linear = adapted()
prompt, other_prompt = tokens("prompt", PROMPT), tokens("other prompt", PROMPT)
report, other_report = tokens("report", S + 1 - PROMPT), tokens("other report", S + 1 - PROMPT)

kept = {name: p.data.clone() for name, p in parameters.items()}
with torch.no_grad():
    for name, p in parameters.items():
        if ".b." in name:
            p.zero_()
    reference = log_probabilities(linear, prompt, report) - log_probabilities(linear, prompt, other_report)
    for name, p in parameters.items():
        p.copy_(kept[name])
own, rejected = (log_probabilities(linear, prompt, text) for text in (report, other_report))
likelihood = -own.mean() / report.shape[1]
preference = -F.logsigmoid(BETA * (own - rejected - reference)).mean() + LIKELIHOOD * likelihood

swapped = log_probabilities(linear, other_prompt, report)
difference = (own - swapped) / report.shape[1]
logistic = likelihood + WEIGHT * F.softplus(MARGIN - difference).mean()
# The other way round, with one pair within the margin and one beyond it.
difference = -difference
margin = difference.mean().item()
hinge = -swapped.mean() / report.shape[1] + WEIGHT * F.relu(margin - difference).mean()

print(
    json.dumps(
        dict(
            madeWith=f"torch {torch.__version__}",
            reference=reference.tolist(),
            preference=dict(beta=BETA, likelihood=LIKELIHOOD, **summary(preference, parameters)),
            logistic=dict(margin=MARGIN, weight=WEIGHT, **summary(logistic, parameters)),
            hinge=dict(margin=margin, weight=WEIGHT, **summary(hinge, parameters)),
        )
    )
)
