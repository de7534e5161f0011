"""Displayed pixels of DICOM files as pydicom computes them: the peer of test/e2e/dicom.e2e.ts.

    python reference/dicom_pixels.py FILE ...

Prints {file: {"shape": [rows, columns], "probes": 64 values in [0, 1] at equal distances}}. Against pydicom 3.0.2.
"""

import json
import sys

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_windowing

PROBES = 64


def displayed(path):
    ds = pydicom.dcmread(path)
    shown = apply_windowing(apply_modality_lut(ds.pixel_array, ds), ds) / (2**ds.BitsStored - 1)
    return 1 - shown if ds.PhotometricInterpretation == "MONOCHROME1" else shown


def describe(pixels):
    flat = pixels.astype(np.float64).flatten()
    return {"shape": list(pixels.shape), "probes": [float(flat[i * flat.size // PROBES]) for i in range(PROBES)]}


print(json.dumps({path: describe(displayed(path)) for path in sys.argv[1:]}))
