"""A small tokenizer in Hugging Face's files, of the shape of Llama 3's, and its token ids of the texts in tokens.json.

    python reference/hugging-face-tokenizer.py packages/llama/src/golden

Made with tokenizers 0.23.3.
"""

import json
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

folder = Path(sys.argv[1])
texts = json.loads((folder / "tokens.json").read_text())["texts"]
tokenizer = Tokenizer(models.BPE(ignore_merges=True))
tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(Regex(PATTERN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(texts * 2, trainers.BpeTrainer(
    vocab_size=400, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
tokenizer.add_special_tokens(["<|begin_of_text|>", "<|eot_id|>", "<|im_end|>"])
tokenizer.add_tokens([AddedToken("fox", normalized=False)])
tokenizer.post_processor = processors.TemplateProcessing(
    single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])
out = folder / "tiny-tokenizer"
out.mkdir(exist_ok=True)
tokenizer.save(str(out / "tokenizer.json"))
(out / "tokenizer_config.json").write_text(json.dumps({
    "bos_token": "<|begin_of_text|>", "eos_token": {"content": "<|eot_id|>", "__type": "AddedToken"},
    "chat_template": "{{ messages }}"}) + "\n")
(out / "expected.json").write_text(json.dumps({
    "made": "reference/hugging-face-tokenizer.py, tokenizers 0.23.3",
    "ids": [tokenizer.encode(t, add_special_tokens=False).ids for t in texts]}) + "\n")
