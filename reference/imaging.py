"""Golden values for packages/imaging, by pydicom, Pillow and scikit-image on the test corpora.

    python reference/imaging.py DATA packages/imaging/src/golden

DATA is the folder of test data (dicom/, hannover/, iu-xray/images/). Writes corpus.json (what pydicom makes of each
DICOM file of dicom/index.csv), pictures.json (what Pillow makes of the PNGs) and encoder-input.json (scikit-image's
resize). Hashes, means and probes only: no pixels. Made with Python 3.11.7, pydicom 3.0.2, pylibjpeg 2.1.0,
pylibjpeg-libjpeg 2.5.0, pylibjpeg-openjpeg 2.6.0, pyjpegls 1.5.1, numpy 2.4.6, Pillow 13.0.0, scikit-image 0.26.0.

Each DICOM file falls under the first rule that it breaks, in the order in which the reader checks them, or is `read`.
"""

import csv
import hashlib
import io
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom
import skimage
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing
from skimage.transform import resize

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

SYNTAXES = {f"1.2.840.10008.1.2{tail}" for tail in (
    "", ".1", ".1.99", ".2", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".5")}
JPEG = {f"1.2.840.10008.1.2.4.{tail}" for tail in (50, 51, 57, 70)}
RADIOGRAPHS = ("CR", "DX", "RG", "RF", "SC", "OT", "")


def digest(array, kind):
    return hashlib.sha256(np.ascontiguousarray(array, dtype=kind).tobytes()).hexdigest()[:16]


def probes(array):
    flat = array.reshape(-1)
    return [round(float(flat[i * (flat.size - 1) // 7]), 6) for i in range(8)]


def pixel_array(ds):
    """pydicom's pixel array; 8-bit DCT streams by Pillow, for libjpeg-turbo rounds as the reader does, others do not."""
    if ds.file_meta.TransferSyntaxUID in JPEG:
        try:
            return np.array(Image.open(io.BytesIO(get_frame(ds.PixelData, 0))))
        except Exception:
            pass
    return ds.pixel_array


def stored_values(ds):
    """Stored values as the bits say: what lies above BitsStored in a container (overlays) is no part of them."""
    values = pixel_array(ds).astype(np.int64)
    bits = int(ds.BitsStored)
    if ds.file_meta.TransferSyntaxUID.is_compressed is False:
        values >>= int(ds.HighBit) + 1 - bits
    values &= (1 << bits) - 1
    if ds.PixelRepresentation == 1:
        values = np.where(values >= 1 << (bits - 1), values - (1 << bits), values)
    return values.astype(np.int32)


def grayscale(ds, stored):
    """Modality, VOI or range, inversion: PS3.4 annex N, to [0, 1]."""
    padding = np.zeros(stored.shape, bool)
    if ds.get("PixelPaddingValue") is not None:
        word = lambda v: int(np.int16(np.uint16(int(v) & 0xFFFF))) if ds.PixelRepresentation else int(v) & 0xFFFF
        ends = [word(ds.PixelPaddingValue), word(ds.get("PixelPaddingRangeLimit", ds.PixelPaddingValue))]
        padding = (stored >= min(ends)) & (stored <= max(ends))
    shown = apply_modality_lut(stored, ds).astype(np.float64)
    bits = int(ds.BitsStored)
    if ds.get("VOILUTSequence"):
        shown = apply_voi(np.rint(shown).astype(np.int64), ds).astype(np.float64)
        item = ds.VOILUTSequence[0]
        table = item.LUTData
        if isinstance(table, bytes):
            table = np.frombuffer(table, "<u2")
        low, high = min(table), max(table)
        rule = "VOI LUT"
    elif "WindowWidth" in ds and "WindowCenter" in ds and np.atleast_1d(ds.WindowWidth)[0] > 1:
        center = float(np.atleast_1d(ds.WindowCenter)[0])
        width = float(np.atleast_1d(ds.WindowWidth)[0])
        assert ds.get("VOILUTFunction", "LINEAR") == "LINEAR"
        shown = np.clip((shown - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
        low, high, rule = 0, 1, "window"
    else:
        if bits > 8:
            ends = np.array([stored[~padding].min(), stored[~padding].max()])
        else:
            first = -(1 << (bits - 1)) if ds.PixelRepresentation else 0
            ends = np.array([first, first + (1 << bits) - 1])
        ends = apply_modality_lut(ends, ds)
        low, high = min(ends), max(ends)
        rule = "least to greatest" if bits > 8 else "full"
    shown = (shown - low) / ((high - low) or 1)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    shown[padding] = 0
    return shown, rule


def verdict(path):
    try:
        ds = pydicom.dcmread(path)
    except Exception:
        return {"rule": "not DICOM"}
    uid = ds.file_meta.get("TransferSyntaxUID")
    if uid is None:
        return {"rule": "no transfer syntax"}
    if uid not in SYNTAXES:
        return {"rule": "transfer syntax"}
    if "PixelData" not in ds:
        return {"rule": "no pixel data"}
    if ds.get("PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2"):
        return {"rule": "colour"}
    try:
        if int(ds.get("NumberOfFrames") or 1) != 1:
            return {"rule": "frames"}
    except ValueError:
        return {"rule": "damaged"}
    if ds.BitsAllocated not in (8, 16):
        return {"rule": "bits"}
    # Whatever is wrong with the pixels of another modality, it is refused before they are decoded.
    modality = ds.get("Modality", "") not in RADIOGRAPHS
    if uid == "1.2.840.10008.1.2.4.51" and ds.BitsStored > 8:
        return {"rule": "modality" if modality else "12-bit JPEG"}
    try:
        stored = stored_values(ds)
    except Exception:
        return {"rule": "modality" if modality and uid.is_compressed else "damaged"}
    shown, rule = grayscale(ds, stored)
    return {
        "rule": "modality" if modality else "read",
        "size": [int(ds.Rows), int(ds.Columns)],
        "stored": digest(stored, "<i4"),
        "sum": int(stored.sum(dtype=np.int64)),
        "range": rule,
        "shown": probes(shown),
        "mean": round(float(shown.mean()), 6),
    }


def pictures(data):
    paths = sorted((data / "hannover/png").glob("*.png"))[::12] + sorted((data / "iu-xray/images").glob("*.png"))
    for path in paths:
        image = np.array(Image.open(path))
        gray = image if image.ndim == 2 else image[..., 0]
        yield str(path.relative_to(data)), {"size": list(gray.shape), "sha256": digest(gray, "u1")}


def pattern(height, width):
    """A picture both sides can compute: integers, so that no library's sine decides."""
    y, x = np.mgrid[0:height, 0:width]
    return ((x * x * 7 + y * y * 3 + x * y * 5) % 251 / 250).astype(np.float32)


def encoder_inputs():
    for height, width in ((224, 224), (512, 512), (640, 500), (301, 457), (96, 128), (2022, 1736)):
        image = pattern(height, width)
        side = min(height, width)
        top, left = height // 2 - side // 2, width // 2 - side // 2
        image = ((2 * image - 1) * 1024)[None, top:top + side, left:left + side]
        out = resize(image, (1, 224, 224), mode="constant", preserve_range=True).astype(np.float32)
        yield {
            "size": [height, width],
            "mean": round(float(out.mean(dtype=np.float64)), 4),
            "deviation": round(float(out.std(dtype=np.float64)), 4),
            "values": [[int(i), round(float(out.reshape(-1)[i]), 3)] for i in np.linspace(0, 224 * 224 - 1, 60).astype(int)],
            "border": [round(float(v), 3) for v in [*out[0, 0, :6], *out[0, -1, -6:]]],
        }


def write(folder, name, value):
    text = json.dumps(value, separators=(",", ":")).replace('},"', '},\n"')
    (folder / name).write_text(text + "\n")


def main():
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    made = {"pydicom": pydicom.__version__, "numpy": np.__version__, "skimage": skimage.__version__}
    with open(data / "dicom/index.csv") as index:
        files = [row["file"] for row in csv.DictReader(index)]
    write(out, "corpus.json", {"made": made, "files": {file: verdict(data / "dicom" / file) for file in files}})
    write(out, "pictures.json", {"made": made, "files": dict(pictures(data))})
    write(out, "encoder-input.json", {"made": made, "cases": list(encoder_inputs())})


main()
