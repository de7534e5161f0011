"""One tiny random Llama in Hugging Face's layout and in GGUF's, and the rotary factors of Llama 3.1.

    python reference/llama-layouts.py packages/llama/src/golden

Made with transformers 5.23.0, torch 2.13.0, gguf 0.19.0. The GGUF gets the keys and the order of q and k rows of
llama.cpp's convert_hf_to_gguf.py; transformers' own GGUF reader must give the first model back, exactly.
"""

import json
import sys
from pathlib import Path

import gguf
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

folder = Path(sys.argv[1])
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}


# Heads of 8: smaller ones would be permuted by an order that is its own inverse.
def config(**fields):
    shape = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
                 vocab_size=20, max_position_embeddings=131072, rms_norm_eps=1e-5, tie_word_embeddings=False,
                 bos_token_id=None, eos_token_id=None)
    return LlamaConfig(**{**shape, "rope_parameters": {"rope_theta": 500000.0, **LLAMA3}, **fields})


def rope_factors(c):
    """transformers' scaled inverse frequencies against the plain ones, in float32 as the model uses them."""
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](c, "cpu")
    dim = c.head_dim
    plain = 1.0 / (c.rope_parameters["rope_theta"] ** (torch.arange(0, dim, 2, dtype=torch.float) / dim))
    return (plain.double() / scaled.double()).tolist()


def permute(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def write_gguf(model, path):
    c = model.config
    w = gguf.GGUFWriter(path, "llama")
    w.add_block_count(c.num_hidden_layers)
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_feed_forward_length(c.intermediate_size)
    w.add_head_count(c.num_attention_heads)
    w.add_head_count_kv(c.num_key_value_heads)
    w.add_rope_freq_base(c.rope_parameters["rope_theta"])
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_vocab_size(c.vocab_size)
    w.add_rope_dimension_count(c.head_dim)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, c.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name.endswith("q_proj.weight"):
            tensor = permute(tensor, c.num_attention_heads)
        if name.endswith("k_proj.weight"):
            tensor = permute(tensor, c.num_key_value_heads)
        w.add_tensor(names.get_name(name, try_suffixes=(".weight",)), tensor.numpy())
    w.add_tensor("rope_freqs.weight", torch.tensor(rope_factors(c), dtype=torch.float32).numpy())
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


torch.manual_seed(3407)
model = LlamaForCausalLM(config()).eval()
for name, parameter in model.named_parameters():
    if "norm" in name:
        torch.nn.init.normal_(parameter.data, 1, 0.1)
out = folder / "tiny-llama"
model.save_pretrained(out)
(out / "generation_config.json").unlink(missing_ok=True)
write_gguf(model, folder / "tiny-llama.gguf")
back = AutoModelForCausalLM.from_pretrained(folder, gguf_file="tiny-llama.gguf", dtype=torch.float32) if "--check" in sys.argv else None
if back is not None:
    for name, parameter in model.state_dict().items():
        assert torch.equal(parameter, back.state_dict()[name]), name
ids = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
big = config(hidden_size=4096, num_attention_heads=32)
(folder / "llama-layouts.json").write_text(json.dumps({
    "made": "reference/llama-layouts.py, transformers 5.23.0, torch 2.13.0, gguf 0.19.0",
    "ropeFactors": {"headSize": big.head_dim, "ropeBase": 500000.0, "factors": [round(f, 7) for f in rope_factors(big)]},
    "ids": ids[0].tolist(),
    "lastLogits": model(ids).logits[0, -1].tolist(),
}, indent=1) + "\n")
