"""llama.cpp's own server (OpenAI API) as the package xllamacpp carries it, until standard input closes.

    python reference/openai_server.py MODEL.gguf ADAPTER.gguf NAME      (prints its address)

Made with xllamacpp 2026.10.11549.
"""

import sys

import xllamacpp

model, adapter, name = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path = model
params.model_alias = {name}
params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(adapter, 1.0)]
params.n_ctx, params.n_parallel, params.n_gpu_layers = 512, 2, 0
# Threads that wait for each other spin: on a busy machine two are many times slower than one.
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.port = 0

server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
