"""Text encoders as ONNX files for packages/text-models, and the golden values of its tests.

Versions: torch 2.13.0, transformers 5.23.0, onnxruntime 1.32.0, bert_score 0.3.13 (its matching, not its models). The
golden file repeats the versions found.

Usage: python reference/text_models.py bert FOLDER OUT [LAYER]   exports a BERT or RoBERTa of transformers for BERTScore:
           OUT/model.onnx gives the hidden states of LAYER (the last unless given), OUT/tokenizer.json splits text
       python reference/text_models.py chexbert CHEXBERT.pth OUT [TOKENIZER]   exports CheXbert (Smit et al., 2020; its weights come
           from github.com/stanfordmlgroup/CheXbert) with the tokenizer of bert-base-uncased or of a folder
       python reference/text_models.py golden                     writes packages/text-models/src/goldens

The encoder is written out here, since tracing transformers 5 leaves its attention mask out of the graph; each export is
compared with transformers by ONNX Runtime before it is kept.
"""

import json
import shutil
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

GOLDENS = Path(__file__).parent.parent / "packages/text-models/src/goldens"
INPUTS = ["input_ids", "attention_mask"]
TOLERANCE = 1e-4
CHEXBERT_CLASSES = [4] * 13 + [2]


class Encoder(nn.Module):
    """BERT (Devlin et al., 2019) from the weights of transformers: post-norm layers, absolute positions."""

    def __init__(self, weights: dict, heads: int, layers: int, eps: float, first_position: int):
        super().__init__()
        self.w = {name: tensor.float() for name, tensor in weights.items()}
        self.heads, self.layers, self.eps, self.first_position = heads, layers, eps, first_position

    def linear(self, name, x):
        return nn.functional.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def embedding(self, name, ids):
        return nn.functional.embedding(ids, self.w[f"embeddings.{name}_embeddings.weight"])

    def norm(self, name, x):
        weight = self.w[f"{name}.weight"]
        return nn.functional.layer_norm(x, tuple(weight.shape), weight, self.w[f"{name}.bias"], self.eps)

    def forward(self, input_ids, attention_mask):
        positions = torch.cumsum(torch.ones_like(input_ids), 1) - 1 + self.first_position
        x = self.embedding("word", input_ids) + self.embedding("position", positions)
        x = self.norm("embeddings.LayerNorm", x + self.w["embeddings.token_type_embeddings.weight"][0])
        hidden = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for i in range(self.layers):
            x = self.layer(f"encoder.layer.{i}", x, hidden)
        return x

    def layer(self, name, x, hidden):
        batch, tokens, width = x.shape[0], x.shape[1], self.w[f"{name}.output.dense.bias"].shape[0]
        split = lambda y: y.reshape(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = (split(self.linear(f"{name}.attention.self.{p}", x)) for p in ("query", "key", "value"))
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + hidden
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, width)
        x = self.norm(f"{name}.attention.output.LayerNorm", x + self.linear(f"{name}.attention.output.dense", mixed))
        inner = nn.functional.gelu(self.linear(f"{name}.intermediate.dense", x))
        return self.norm(f"{name}.output.LayerNorm", x + self.linear(f"{name}.output.dense", inner))


class Chexbert(nn.Module):
    """The logits of the 14 heads on `[CLS]`, one after another: 13 of 4 classes, then 2."""

    def __init__(self, encoder: Encoder, heads: list):
        super().__init__()
        self.encoder, self.heads = encoder, heads

    def forward(self, input_ids, attention_mask):
        cls = self.encoder(input_ids, attention_mask)[:, 0]
        return torch.cat([nn.functional.linear(cls, weight, bias) for weight, bias in self.heads], -1)


def encoder_of(model, layers: int) -> Encoder:
    c = model.config
    if c.model_type not in ("bert", "roberta") or c.hidden_act != "gelu":
        sys.exit(f"expected a BERT or RoBERTa with gelu, got {c.model_type} with {c.hidden_act}")
    first = 0 if c.model_type == "bert" else c.pad_token_id + 1
    return Encoder(model.state_dict(), c.num_attention_heads, layers, c.layer_norm_eps, first)


def export(module: nn.Module, output: str, axes: list[str], path: Path) -> None:
    example = torch.ones(2, 5, dtype=torch.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example, example),
            str(path),
            input_names=INPUTS,
            output_names=[output],
            dynamic_axes={**{name: {0: "B", 1: "T"} for name in INPUTS}, output: dict(enumerate(axes))},
            opset_version=17,
            dynamo=False,
        )


def check(path: Path, expected, vocabulary: int) -> None:
    """Compares the file with `expected(ids, mask)` where nothing is masked out of sight."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(vocabulary // 2, vocabulary, (3, 9), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    session = onnxruntime.InferenceSession(str(path))
    ours = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
    theirs = expected(ids, mask).detach().numpy()
    if ours.ndim == 3:
        ours, theirs = ours[mask.bool().numpy()], theirs[mask.bool().numpy()]
    worst = np.abs(ours - theirs).max()
    if not worst < TOLERANCE:
        sys.exit(f"{path}: differs by {worst} from transformers")


def export_bert(model, layer: int, path: Path) -> None:
    export(encoder_of(model, layer), "hidden_states", ["B", "T"], path)
    states = lambda ids, mask: model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[layer]
    check(path, states, model.config.vocab_size)


def export_chexbert(bert, heads: list, path: Path) -> None:
    export(Chexbert(encoder_of(bert, bert.config.num_hidden_layers), heads), "logits", ["B"], path)

    def expected(ids, mask):
        cls = bert(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]
        return torch.cat([nn.functional.linear(cls, w, b) for w, b in heads], -1)

    check(path, expected, bert.config.vocab_size)


def user_bert(folder: str, out: str, layer: str | None = None) -> None:
    model = AutoModel.from_pretrained(folder).eval()
    export_bert(model, int(layer or model.config.num_hidden_layers), Path(out) / "model.onnx")
    # as bert_score does, for tokenizers that tell a word within a text from its first one
    AutoTokenizer.from_pretrained(folder, add_prefix_space=True).save_pretrained(out)


def user_chexbert(checkpoint: str, out: str, tokenizer: str = "bert-base-uncased") -> None:
    """Its state has `module.` before each name, as DataParallel writes it; heads are `linear_heads.0` to `.13`."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = {name.removeprefix("module."): tensor for name, tensor in state.get("model_state_dict", state).items()}
    bert = BertModel(BertConfig(), add_pooling_layer=False).eval()
    own = {name.removeprefix("bert."): tensor for name, tensor in state.items() if name.startswith("bert.")}
    missing, _ = bert.load_state_dict(own, strict=False)
    if missing:
        sys.exit(f"{checkpoint}: expected the weights of CheXbert, got none of {missing[:3]}")
    heads = [(state[f"linear_heads.{i}.weight"], state[f"linear_heads.{i}.bias"]) for i in range(14)]
    export_chexbert(bert, heads, Path(out) / "model.onnx")
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(out)


# Golden values: a BERT with random weights, and its tokenizer.

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = (
    ". , - ( ) the a no is are of in and heart lung lungs clear normal size enlarged effusion pleural left right small large "
    "opacity pneumonia ##s ##al ##ly consolid ##ation seen there e i o u x ##x ##ray 2 5 . cm cardio ##megaly pneumo ##thorax"
).split()
TEXTS = [
    "The heart is normal in size. Lungs are clear.",
    "The heart is enlarged.\n  A small left pleural effusion is seen.",
    "There is no pneumothorax, no pleural effusion",
    "Cardiomegaly and right consolidation (2.5 cm)",
    "the lungs are clear",
    "The Lungs are CLEAR",
    "",
    "Xray unknowable wörds left",
]
PAIRS = [(0, [1]), (1, [0, 3]), (2, [2]), (3, [1]), (4, [0]), (4, [5]), (6, [0]), (7, [3, 2])]


def tiny_tokenizer(folder: Path):
    from transformers import BertTokenizerFast

    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(SPECIAL + PIECES)) + "\n")
    tokens = {token: i for i, token in enumerate(vocabulary.read_text().split())}
    vocabulary.unlink()
    tokenizer = BertTokenizerFast(vocab=tokens, do_lower_case=True, model_max_length=512)
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def tiny_bert(vocabulary: int):
    torch.manual_seed(3407)
    config = BertConfig(
        vocab_size=vocabulary, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=40, type_vocab_size=2, initializer_range=0.5,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False).eval()


def bert_scores(model, tokenizer, idf: bool) -> list:
    """bert_score's own embedding, idf and greedy matching; of several references the best of each value."""
    from collections import defaultdict

    from bert_score.utils import bert_cos_score_idf, get_idf_dict

    tokenizer.build_inputs_with_special_tokens = lambda ids: [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]
    references = [TEXTS[r] for _, refs in PAIRS for r in refs]
    candidates = [TEXTS[c] for c, refs in PAIRS for _ in refs]
    weights = get_idf_dict(references, tokenizer, nthreads=0) if idf else defaultdict(lambda: 1.0)
    if not idf:
        weights[tokenizer.cls_token_id] = weights[tokenizer.sep_token_id] = 0
    # one pair a batch: in a longer batch a padded token can be the best match of a word that has only worse ones
    scores = torch.cat(
        [
            bert_cos_score_idf(model, [r], [c], tokenizer, weights, batch_size=1, device="cpu")
            for r, c in zip(references, candidates)
        ]
    )
    best, at = [], 0
    for _, refs in PAIRS:
        best.append([round(v, 7) for v in scores[at : at + len(refs)].max(0)[0].tolist()])
        at += len(refs)
    return best


class FirstLayer:
    """A model of bert_score that ends after one layer."""

    def __init__(self, model):
        self.model, self.parameters, self.eval = model, model.parameters, model.eval

    def __call__(self, ids, attention_mask, output_hidden_states):
        return [self.model(ids, attention_mask=attention_mask, output_hidden_states=True).hidden_states[1]]


def golden() -> None:
    shutil.rmtree(GOLDENS, ignore_errors=True)
    GOLDENS.mkdir(parents=True)
    tokenizer = tiny_tokenizer(GOLDENS)
    bert = tiny_bert(len(tokenizer))
    export_bert(bert, 1, GOLDENS / "bert.onnx")
    heads = [(torch.randn(n, 16), torch.randn(n)) for n in CHEXBERT_CLASSES]
    export_chexbert(bert, heads, GOLDENS / "chexbert.onnx")
    encoded = [tokenizer(text)["input_ids"] for text in TEXTS]
    first = lambda ids: bert(torch.tensor([ids]), output_hidden_states=True).hidden_states[1]

    def chexbert(text):
        ids = torch.tensor([tokenizer(" ".join(text.split()))["input_ids"]])
        cls = bert(ids).last_hidden_state[:, 0]
        return [int(nn.functional.linear(cls, w, b).argmax()) for w, b in heads]

    with torch.no_grad():
        values = {
            "versions": {name: version(name) for name in ("torch", "transformers", "onnxruntime")} | {"bert_score": "0.3.13"},
            "texts": TEXTS,
            "ids": encoded,
            "hiddenState": [round(v, 6) for v in first(encoded[1])[0, 3].tolist()],
            "pairs": [{"prediction": TEXTS[c], "references": [TEXTS[r] for r in refs]} for c, refs in PAIRS],
            "bertScore": bert_scores(FirstLayer(bert), tokenizer, False),
            "bertScoreIdf": bert_scores(FirstLayer(bert), tokenizer, True),
            "chexbertClasses": [chexbert(text) for text in TEXTS],
        }
    (GOLDENS / "text-models.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    commands = {"bert": user_bert, "chexbert": user_chexbert, "golden": golden}
    commands[sys.argv[1]](*sys.argv[2:])
