"""Places sounds with NumPy: one row for each on standard input, `assemble.py FRAMES FILE` for what is written."""

import sys

import numpy as np

length, target = int(sys.argv[1]), sys.argv[2]
out = np.zeros((length, 2), np.float32)
for row in sys.stdin:
    start, frames, rise, fall, left, right, channels, path = row.rstrip("\n").split(" ", 7)
    start, frames, rise, fall, channels = map(int, (start, frames, rise, fall, channels))
    sound = np.fromfile(path, "<i2", frames * channels, offset=44).reshape(-1, channels).astype(np.float32)
    ramp = lambda n: (0.5 - 0.5 * np.cos(np.pi * (np.arange(n, dtype=np.float32) + 0.5) / max(n, 1)))[:, None]
    sound[:rise] *= ramp(rise)
    sound[len(sound) - fall :] *= ramp(fall)[::-1]
    out[start : start + frames] += sound * (np.array([left, right], np.float32) / np.float32(32768))
with open(target, "wb") as file:
    for block in np.array_split(out, max(1, length // 480000)):
        steps = np.rint(np.clip(block, -1, 1 - 2**-23) * 8388608).astype("<i4")
        file.write(np.ascontiguousarray(steps.view(np.uint8).reshape(-1, 4)[:, :3]).tobytes())
