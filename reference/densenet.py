"""Golden values for packages/vision: TorchXRayVision's DenseNet-121 on weights that a formula makes.

Run:   python reference/densenet.py golden packages/vision/src/goldens/densenet.json
       python reference/densenet.py checkpoint FOLDER          (a random checkpoint in four file forms, for the importer)
       python reference/densenet.py time THREADS IMAGES BATCH  (milliseconds an image, for bench/vision.ts)
Made with torch 2.13.0 (CPU), torchxrayvision 1.5.7, numpy 2.4.6, safetensors 0.8.0.

No weights are stored: weight i of tensor NAME is a 32-bit hash of (NAME, i), which numpy and TypeScript compute alike.
torchxrayvision imports torchvision and scikit-image for data sets that are not used here; stand-ins take their place.
"""
import collections, importlib.machinery, importlib.util, json, platform, sys, time, types
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import torch


STAND_INS = set()


def import_models():
    """torchxrayvision.models without the package's own __init__, torchvision and scikit-image."""
    for name in ("torchvision", "skimage", "skimage.transform", "skimage.io", "imageio", "imageio.v2"):
        if importlib.util.find_spec(name.split(".")[0]) is None or name.split(".")[0] in STAND_INS:
            STAND_INS.add(name)
            sys.modules[name] = MagicMock(__spec__=importlib.machinery.ModuleSpec(name, None), __path__=[])
    package = types.ModuleType("torchxrayvision")
    package.__path__ = list(importlib.util.find_spec("torchxrayvision").submodule_search_locations)
    sys.modules["torchxrayvision"] = package
    import torchxrayvision.models as models
    return models


def fnv1a(text):
    h = 0x811C9DC5
    for byte in text.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return np.uint32(h)


def uniform(name, count):
    """[count] numbers in [-1, 1): the 32-bit finalizer of MurmurHash3 over index and name."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + fnv1a(name)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    return h.astype(np.float64) / 2**31 - 1


def formula(name, shape):
    """The formula weights: He-uniform convolutions, lively batch norms, a classifier that spreads the scores."""
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        u = 1 + 0.5 * u
    elif name.endswith("running_mean"):
        u = 0.3 * u
    elif name == "classifier.weight":
        u = 0.4 * u
    elif name == "classifier.bias":
        u = 0.5 * u
    elif len(shape) == 4:
        u = u * np.sqrt(6 / np.prod(shape[1:]))
        if name == "features.conv0.weight":
            u = u / 512                                  # pixels reach from -1024 to 1024
    elif name.endswith("weight"):
        u = 0.8 + 0.4 * u
    else:
        u = 0.2 * u
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def image(name):
    """[1, 224, 224] in [-1024, 1024]: a seeded noise at three scales, so that neighbours are alike."""
    out = np.zeros((224, 224))
    for scale, share in ((56, 0.6), (8, 0.3), (1, 0.1)):
        n = 224 // scale
        out += share * np.kron(uniform(f"{name}/{scale}", n * n).reshape(n, n), np.ones((scale, scale)))
    return torch.from_numpy((1024 * out).astype(np.float32)[None])


def formula_model(models):
    net = models.DenseNet().eval()
    state = {k: v if "num_batches" in k else formula(k, tuple(v.shape)) for k, v in net.state_dict().items()}
    net.load_state_dict(state)
    return net


def summary(t):
    flat = t.double().flatten()
    return {"sum": flat.sum().item(), "sumOfSquares": (flat * flat).sum().item(), "first": flat[:8].tolist()}


def versions():
    import torchxrayvision._version as version
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
            "torchxrayvision": version.__version__}


@torch.no_grad()
def golden(path):
    models = import_models()
    net = formula_model(models)
    ops = models.model_urls["all"]["op_threshs"]
    cases = []
    for name in ("image-0", "image-1", "image-2"):
        x = image(name)[None]
        feature_map = net.features(x.clone())
        raw = torch.sigmoid(net.classifier(net.features2(x.clone())))
        net.op_threshs = torch.tensor(ops)
        normalised = net(x.clone())
        net.op_threshs = None
        cases.append({"image": name, "input": summary(x), "raw": raw[0].double().tolist(),
                      "normalised": normalised[0].double().tolist(), "pooled": summary(net.features2(x.clone())),
                      "map": summary(feature_map)})
    op = {"operatingPoints": [0.1, 0.5, 0.9, float("nan")],
          "scores": [[0.05, 0.5, 0.95, 0.3], [0.1, 0.2, 0.1, 0.9], [0.7, 0.9, 0.9, 0.5]]}
    op["normalised"] = models.op_norm(torch.tensor(op["scores"]),
                                      torch.tensor(op["operatingPoints"])).tolist()
    op["operatingPoints"][3] = None
    result = {"madeBy": "reference/densenet.py golden", "versions": versions(),
              "pathologies": list(models.DenseNet.targets),
              "published": {k: {"labels": models.model_urls[k]["labels"],
                                "operatingPoints": [None if np.isnan(v) else v for v in models.model_urls[k]["op_threshs"]]}
                            for k in ("all", "nih", "pc", "chex", "rsna", "mimic_nb", "mimic_ch")},
              "weights": {"features.conv0.weight": summary(formula("features.conv0.weight", (64, 1, 7, 7))),
                          "features.norm5.running_var": summary(formula("features.norm5.running_var", (1024,)))},
              "operatingPointCase": op, "cases": cases}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(result) + "\n")


@torch.no_grad()
def checkpoint(folder):
    """One seeded random model as its authors save it: the whole module (zip, legacy), a state_dict, safetensors."""
    from safetensors.torch import save_file
    models = import_models()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    net = formula_model(models)
    net.pathologies = list(models.DenseNet.targets)
    torch.save(net, folder / "module.pt")
    torch.save(net, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    old = collections.OrderedDict()
    for key, value in net.state_dict().items():           # the names before torchvision 0.2: norm.1 for norm1
        for layer in ("norm1", "norm2", "conv1", "conv2"):
            key = key.replace(f".{layer}.", f".{layer[:4]}.{layer[4]}.") if "denselayer" in key else key
        old[key] = value
    torch.save({"state_dict": old}, folder / "old-names.pt")
    save_file({k: v for k, v in net.state_dict().items() if "num_batches" not in k}, folder / "model.safetensors")
    swapped = list(net.pathologies)
    swapped[0], swapped[7] = swapped[7], swapped[0]
    net.pathologies = swapped
    torch.save(net, folder / "swapped-labels.pt")


@torch.no_grad()
def measure(threads, images, batch):
    """Milliseconds an image, on the clock and of the processor: the best of five rounds."""
    torch.set_num_threads(threads)
    net = formula_model(import_models())
    x = torch.stack([image(f"time-{i}") for i in range(images)])
    rounds = []
    for _ in range(6):
        began, used = time.perf_counter(), time.process_time()
        for at in range(0, images, batch):
            net(x[at:at + batch])
        rounds.append((time.perf_counter() - began, time.process_time() - used))
    ms = [min(seconds) * 1000 / images for seconds in zip(*rounds[1:])]
    print(json.dumps({"ms": ms[0], "cpuMs": ms[1], "versions": versions()}))


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "golden":
        golden(*rest)
    elif command == "checkpoint":
        checkpoint(*rest)
    elif command == "time":
        measure(*map(int, rest))
    else:
        sys.exit(__doc__)
