"""Trains the adapter that `llama-xr export --to trl` describes, with TRL and PEFT, on as many devices as torchrun starts.

    torchrun --nproc-per-node N train.py

Reads settings.json, train.jsonl and val.jsonl beside it; writes a PEFT adapter to adapter/, which
`llama-xr import-adapter` takes back. The examples are token ids, so that prompts are the same to the last token.
On CUDA the base is held in NF4 (QLoRA) and sharded (FSDP); on CPU, where accelerate shards nothing, each process holds it in
float32.

Tested with trl 1.16.0, transformers 5.23.0, peft 0.21.2, accelerate 1.15.0, torch 2.13.0.
"""

import json
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "settings.json").read_text())
CUDA = torch.cuda.is_available()


def read_base():
    """A folder or hub name of Hugging Face's, or a GGUF file, whose weights are dequantized."""
    base = SETTINGS["base"]
    dtype = torch.bfloat16 if CUDA else torch.float32
    if base.endswith(".gguf"):
        folder, file = Path(base).parent, Path(base).name
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=dtype)
        # Dequantized by now, but still marked as quantized, which the trainer refuses.
        model.is_quantized, model.hf_quantizer = False, None
        del model.config.quantization_config
        return model
    nf4 = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        # FSDP shards tensors of one type only.
        bnb_4bit_quant_storage=dtype,
    )
    return AutoModelForCausalLM.from_pretrained(base, dtype=dtype, quantization_config=nf4 if CUDA else None)


def read_examples(name):
    rows = [json.loads(line) for line in (HERE / name).read_text().splitlines()]
    return Dataset.from_list([{key: row[key] for key in ("input_ids", "completion_mask")} for row in rows])


def padding():
    """TRL asks for a tokenizer. The examples are token ids already, so all that it gives is padding."""
    words = Tokenizer(WordLevel({"<pad>": 0}, unk_token="<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<pad>")


def main():
    val = read_examples("val.jsonl")
    arguments = SFTConfig(
        output_dir=str(HERE / "trainer"),
        use_cpu=not CUDA,
        bf16=CUDA,
        # Rows stand in their order: passes one after another, each shuffled by the recipe's seed.
        train_sampling_strategy="sequential",
        completion_only_loss=True,
        max_length=None,
        num_train_epochs=1,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        eval_strategy="epoch" if len(val) else "no",
        **({"fsdp": True, "fsdp_config": SETTINGS["fsdp_config"]} if SETTINGS["fsdp"] and CUDA else {}),
        **SETTINGS["arguments"],
    )
    trainer = SFTTrainer(
        model=read_base(),
        args=arguments,
        train_dataset=read_examples("train.jsonl"),
        eval_dataset=val if len(val) else None,
        processing_class=padding(),
        peft_config=LoraConfig(task_type="CAUSAL_LM", **SETTINGS["lora"]),
    )
    trainer.train()
    trainer.save_model(str(HERE / "adapter"))
    if trainer.accelerator.is_main_process:
        (HERE / "adapter" / "log.json").write_text(json.dumps(trainer.state.log_history, indent=1) + "\n")


if __name__ == "__main__":
    main()
