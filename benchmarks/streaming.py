"""RDMs of whole layers while they are recorded, beside a recording in a table and beside the bare forward pass.

    python benchmarks/streaming.py [--quick]

Each way runs in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import torch

from cortexcnn import load, rdm, record, sweep
from cortexcnn.protocols import stream_rdms
from cortexcnn.recording import stream
from cortexcnn.stimuli import render

WAYS = {
    "forward pass alone": "stop at the deepest layer, keep nothing",
    "all patterns held": "stream_rdms, memory for all patterns: shown once",
    "a third of them held": "stream_rdms, memory for a third: shown twice in all",
    "a table, then RDMs": "record(units='all'), rdm(by='layer')",
}


def run(way: str, stimuli: int, layers: list[str]) -> dict[str, float]:
    network = load("squeezenet1_1", weights="none")
    noise = sweep("white_noise", seed=range(stimuli))
    table = network.layers()
    units = sum(int((table.channels * table.rows * table.columns).sel(layer=layer)) for layer in layers)
    with torch.no_grad():
        network(render(noise, network.screen, rows=slice(0, 8)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    if way == "forward pass alone":
        stream(network, noise, lambda *_: None, layers=layers, progress=False)
    elif way == "a table, then RDMs":
        rdm(record(network, noise, layers=layers, units="all", progress=False), by="layer")
    else:
        held = stimuli if way == "all patterns held" else -(-stimuli // 3)
        stream_rdms(network, noise, layers=layers, memory=held * units * 4, progress=False)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "memory": (after - before) / 2**20, "units": units}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, a few seconds")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    stimuli = 60 if arguments.quick else 400
    layers = (
        ["features.4", "features.7"] if arguments.quick else ["features.1", "features.4", "features.7", "features.10"]
    )
    if arguments.way:
        print(json.dumps(run(arguments.way, stimuli, layers)))
        return
    found = {}
    for way in WAYS:
        words = [sys.executable, __file__, "--way", way, *(["--quick"] if arguments.quick else [])]
        found[way] = json.loads(
            subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        )
    units = found["forward pass alone"]["units"]
    size = stimuli * units * 4 / 2**30
    print(f"{stimuli} images × {units:,} units of {len(layers)} layers of SqueezeNet 1.1: {size:.2f} GiB of responses")
    least = found["forward pass alone"]["seconds"]
    for way, told in WAYS.items():
        seconds, memory = found[way]["seconds"], found[way]["memory"]
        print(f"{way:22} {seconds:6.1f} s  {seconds / least:5.2f} of it  {memory:5.2f} GiB more   {told}")


if __name__ == "__main__":
    main()
