"""A TFRecord of two bytes as TensorBoard frames it, for packages/train/src/live-log.test.ts. With a folder, reads its event
files by TensorBoard's own loader and prints each scalar.

tensorboard 2.20.0: python reference/tfrecord.py [run/tensorboard]
"""

import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    crc = lambda bytes_: struct.pack("<I", masked_crc32c(bytes_))
    return length + crc(length) + data + crc(data)


print(record(b"ab").hex())
for folder in sys.argv[1:]:
    events = EventAccumulator(folder).Reload()
    for tag in events.Tags()["scalars"]:
        print(tag, [(event.step, round(event.value, 6)) for event in events.Scalars(tag)])
