"""Golden log probabilities of packages/llamacpp/src/smollm2.test.ts: transformers in float32 on the dequantized GGUF.

    python reference/llamacpp_scores.py FOLDER_OF_MODELS > packages/llamacpp/src/golden/smollm2-scores.json

Made with torch 2.13.0 (CPU), transformers 5.23.0, gguf 0.19.0. The texts are written for this file and hold no digits:
transformers' GGUF loader drops SmolLM2's splitting of digits. llama.cpp computes with activations in int8, so that its
logits differ by two or three per cent; the test states its tolerance.
"""
import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "The heart is enlarged. There is a small pleural effusion on the left side, and the lungs are otherwise clear.",
    "<|im_start|>user\nIs there a pneumothorax?<|im_end|>\n<|im_start|>assistant\nNo pneumothorax is seen.<|im_end|>",
    "Once upon a time there was a radiologist who wrote the same normal report for every patient, and nobody noticed.",
]
FILE = "smollm2-135m-instruct-q4_1.gguf"

folder = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32).eval()


def score(text):
    tokens = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
    with torch.no_grad():
        log_softmax = model(tokens).logits[0].log_softmax(-1)
    chosen = log_softmax[:-1].gather(1, tokens[0, 1:, None])[:, 0]
    return {"text": text, "tokens": tokens[0].tolist(), "logProbabilities": [round(x, 6) for x in chosen.tolist()]}


print(json.dumps({
    "made": f"torch {torch.__version__}, transformers {transformers.__version__}",
    "model": FILE,
    "texts": [score(text) for text in TEXTS],
}))
