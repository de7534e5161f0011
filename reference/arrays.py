"""Small files of safetensors and numpy.

    python reference/arrays.py packages/tensor/src/golden/arrays

Made with safetensors 0.8.0, torch 2.13.0, numpy 2.4.6.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
save_file({
    "matrix": torch.arange(6).reshape(2, 3) / 2, "brain": torch.tensor([1, -2, 0.5], dtype=torch.bfloat16),
    "scalar": torch.tensor(-7), "empty": torch.zeros(0, 3), "flags": torch.tensor([True, False]),
}, folder / "mixed.safetensors", metadata={"format": "pt", "note": "R\u00f6ntgen \u2713"})
numbers = np.array([[0, 1, 0], [1, 1, 0]])
np.save(folder / "float32.npy", numbers.astype(np.float32))
np.save(folder / "int64.npy", numbers[0])
np.save(folder / "bool.npy", np.array(False))
np.save(folder / "fortran.npy", np.asfortranarray(numbers))
np.save(folder / "objects.npy", np.array([None]), allow_pickle=True)
