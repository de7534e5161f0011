"""Token ids of neutral texts by llama.cpp, for any GGUF with a vocabulary.

    python reference/llama-cpp-tokens.py [--bin FOLDER] NAME=FILE.gguf ... > packages/llama/src/golden/tokens.json

FOLDER holds libllama.so (default: that of @node-llama-cpp/linux-x64 in node_modules). For the golden file:
smollm2=MODELS/smollm2-135m-instruct-q4_1.gguf, and stories and trained as packages/llama/src/tokenizer/golden-vocabularies.ts
writes them. Made with the llama.cpp of @node-llama-cpp/linux-x64 3.22.1.
"""

import ctypes as c
import json
import sys
from pathlib import Path

TEXTS = [
    "", " ", "  ", "\n", "\t\n \n\n", "a", " a", "a ", "Hello, world!", "The quick brown fox jumps over the lazy dog.",
    "the heart is normal in size .\nno pleural effusion .", "I'd've said it's we're they'll DON'T", "x=1;y=22;z=333333",
    "1.5 cm 2/3 ½ ¾ ² ³ ① Ⅳ ٣ १२३ 𝟚", "tabs\tand\u00a0no-break\u2003spaces\u3000wide \u2028 line", "\ufeffmark \u200bzero width",
    "über naïve Ångström ﬁ œuvre ẞ", "Ωμέγα Привет, мир! שלום العربية हिन्दी ไทย 中文字符 日本語かな 한국어", "😀👩🏽‍⚕️🇩🇪 emoji ❤️",
    "<|endoftext|><|im_start|>user\nhi<|im_end|>\n", "<s>[INST] x </s>", "<|im_end", "a<|im_end|>b", "e\u0301 combining vs \u00e9",
    "trailing spaces   ", "   leading", "a  b   c    d", "\r\nwindows\r\nlines\r", "CamelCaseWords snake_case_words kebab-case",
    "''' quotes \"\" `` ´", "...!!!???---___+++", "http://example.org/a?b=c&d=%20e#f", "if (x >= 10) { return y[0] ** 2; }", "\u0000\u0001\u007f control",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0123456789" * 3, "\U00010348\U0001f9ec\ud7ff rare", "Once upon a time, there was a little girl named Lily.",
]


class ModelParams(c.Structure):
    _fields_ = [("head", c.c_void_p * 9), ("vocab_only", c.c_bool), ("tail", c.c_bool * 7)]


arguments = sys.argv[1:]
folder = Path(__file__).parent.parent / "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
if arguments[0] == "--bin":
    folder, arguments = Path(arguments[1]), arguments[2:]
llama = c.CDLL(str(next(folder.glob("libllama.*so*"))))
silent = c.CFUNCTYPE(None, c.c_int, c.c_char_p, c.c_void_p)(lambda *_: None)
llama.llama_log_set(silent, None)
llama.llama_model_default_params.restype = ModelParams
llama.llama_model_load_from_file.restype = c.c_void_p
llama.llama_model_load_from_file.argtypes = [c.c_char_p, ModelParams]
llama.llama_model_get_vocab.restype = c.c_void_p
llama.llama_model_get_vocab.argtypes = [c.c_void_p]
llama.llama_tokenize.argtypes = [c.c_void_p, c.c_char_p, c.c_int32, c.c_void_p, c.c_int32, c.c_bool, c.c_bool]
llama.llama_backend_init()
ggml = c.CDLL(str(next(folder.glob("libggml.*so*"))))
ggml.ggml_backend_load_all_from_path(str(folder).encode())
assert c.sizeof(ModelParams) == 80


def tokenize(vocabulary, text, special):
    data = text.encode("utf-8")
    ids = (c.c_int32 * (len(data) + 8))()
    count = llama.llama_tokenize(vocabulary, data, len(data), ids, len(ids), False, special)
    assert count >= 0, text
    return list(ids[:count])


result = {}
for argument in arguments:
    name, path = argument.split("=", 1)
    params = llama.llama_model_default_params()
    params.vocab_only = True
    model = llama.llama_model_load_from_file(path.encode(), params)
    assert model, f"{path}: llama.cpp did not load it"
    vocabulary = llama.llama_model_get_vocab(model)
    result[name] = {"plain": [tokenize(vocabulary, t, False) for t in TEXTS], "special": [tokenize(vocabulary, t, True) for t in TEXTS]}
lines = [f'  {json.dumps(name)}: {{\n   "plain": {json.dumps(r["plain"])},\n   "special": {json.dumps(r["special"])}\n  }}' for name, r in result.items()]
print('{\n "made": "reference/llama-cpp-tokens.py, llama.cpp of @node-llama-cpp/linux-x64 3.22.1",\n "texts": ' + json.dumps(TEXTS) + ',\n "ids": {\n' + ",\n".join(lines) + "\n }\n}")
