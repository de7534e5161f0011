"""A tiny GGUF file by pip's `gguf`, with every type of value; and a reading of any GGUF by the same package.

    python reference/gguf-file.py packages/tensor/src/golden/tiny.gguf
    python reference/gguf-file.py --check FILE        (prints what GGUFReader makes of it)

Made with gguf 0.19.0, numpy 2.4.6.
"""

import sys

import gguf
import numpy as np

if sys.argv[1] == "--check":
    reader = gguf.GGUFReader(sys.argv[2])
    for field in reader.fields.values():
        print(field.name, [t.name for t in field.types], str(field.contents())[:80])
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        print(tensor.name, tensor.tensor_type.name, list(values.shape), float(values.astype(np.float64).sum()))
    sys.exit()

writer = gguf.GGUFWriter(sys.argv[1], "llama")
writer.add_uint8("value.uint8", 200)
writer.add_int8("value.int8", -100)
writer.add_uint16("value.uint16", 60000)
writer.add_int16("value.int16", -30000)
writer.add_uint32("value.uint32", 4_000_000_000)
writer.add_int32("value.int32", -2_000_000_000)
writer.add_uint64("value.uint64", 2**53 - 1)
writer.add_int64("value.int64", -(2**53) + 1)
writer.add_float32("value.float32", 1e-5)
writer.add_float64("value.float64", 1e-5)
writer.add_bool("value.bool", True)
writer.add_string("value.string", "Röntgen \u2713")
writer.add_array("value.strings", ["a", "", "\u0120the"])
writer.add_array("value.int32s", [3, -1, 0])
writer.add_array("value.float32s", [0.5, -1.5])
writer.add_array("value.bools", [True, False])
random = np.random.default_rng(7)
matrix = random.normal(0, 1, (3, 64)).astype(np.float32)
writer.add_tensor("norm.weight", random.normal(0, 1, 5).astype(np.float32))
for kind in (gguf.GGMLQuantizationType.Q4_1, gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.F16):
    writer.add_tensor(f"matrix.{kind.name}", gguf.quantize(matrix, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
