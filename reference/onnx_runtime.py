"""What onnx.checker and pip's ONNX Runtime make of a graph file: the peer of test/e2e/onnx.e2e.ts.

    python reference/onnx_runtime.py GRAPH.onnx FEEDS.json

FEEDS.json holds {name: {"type": numpy's name, "shape": [...], "data": [...]}}. Prints {name: flat list} of all outputs.
Written against onnx 1.23.2, onnxruntime 1.32.0.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
feeds = {
    name: np.array(feed["data"], dtype=feed["type"]).reshape(feed["shape"])
    for name, feed in json.loads(Path(sys.argv[2]).read_text()).items()
}
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
print(json.dumps({name: value.flatten().tolist() for name, value in zip(names, session.run(names, feeds))}))
