"""Small files of torch.save in both formats, what is in them, and pickles that must be refused.

    python reference/pytorch-files.py packages/tensor/src/golden/pytorch

Made with torch 2.13.0. `module` is a torch.nn.Module pickled whole, as TorchXRayVision's checkpoints are.
"""

import collections
import json
import os
import pickle
import sys
import zipfile
from pathlib import Path

import torch

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(3407)


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 8
    return collections.OrderedDict([
        ("float32", base), ("transposed", base.transpose(0, 2)), ("part", base[1:, 1:, ::2]), ("float64", base[0].double()),
        ("float16", base[0].half()), ("bfloat16", base[0].bfloat16()), ("int64", torch.tensor([2**40, -1])),
        ("int32", torch.tensor([-7, 7], dtype=torch.int32)), ("int16", torch.tensor([-300], dtype=torch.int16)),
        ("int8", torch.tensor([-128], dtype=torch.int8)), ("uint8", torch.tensor([255], dtype=torch.uint8)),
        ("bool", torch.tensor([True, False])), ("scalar", torch.tensor(3.5)), ("empty", torch.zeros(0, 3)),
        ("parameter", torch.nn.Parameter(torch.tensor([1.0, 2.0]))),
    ])


def module():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3, bias=False), torch.nn.BatchNorm2d(2), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    net.register_buffer("op_threshs", torch.tensor([0.25, 0.75]))
    net.register_buffer("scratch", torch.ones(2), persistent=False)
    net.pathologies = ["Atelectasis", "Effusion"]
    return net


def values(t):
    return t.detach().double().flatten().tolist()


checkpoint = {"epoch": 3, "loss": 0.5, "name": "r\u00f6ntgen", "best": None, "done": True, "big": 2**70, "steps": [1, -2, 70000],
              "shape": torch.Size([2, 3]), "dtype": torch.float16, "state_dict": tensors()}
net = module()
torch.serialization.get_source_lines_and_file = None  # the old format would copy torch's source into the file
for suffix, zipped in (("zip", True), ("legacy", False)):
    torch.save(checkpoint, folder / f"checkpoint-{suffix}.pt", _use_new_zipfile_serialization=zipped)
    torch.save(net, folder / f"module-{suffix}.pt", _use_new_zipfile_serialization=zipped)
torch.save(tensors(), folder / "protocol4.pt", pickle_protocol=4)
(folder / "expected.json").write_text(json.dumps({
    "made": "reference/pytorch-files.py, torch 2.13.0",
    "tensors": {k: {"shape": list(t.shape), "dtype": str(t.dtype)[6:], "values": values(t)} for k, t in tensors().items()},
    "module": {k: {"shape": list(t.shape), "values": values(t)} for k, t in net.state_dict().items()},
}) + "\n")


class Attack:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


for name, attack in {"system": Attack(os.system, "touch hacked"), "eval": Attack(eval, "1"), "getattr": Attack(getattr, {}, "get")}.items():
    with zipfile.ZipFile(folder / f"hostile-{name}.pt", "w") as z:
        z.writestr("archive/data.pkl", pickle.dumps({"weight": attack}, 2))
        z.writestr("archive/byteorder", "little")
