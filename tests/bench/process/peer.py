#!/usr/bin/env python3
"""The same by Python's subprocess, and by asyncio where several run at once.

usage: peer.py spawn IN_FLIGHT COUNT PROGRAM | exit-latency COUNT CHILD | kept MIB CHILD
"""

import asyncio
import statistics
import struct
import subprocess
import sys
import time


def one_by_one(count, program):
    for _ in range(count):
        subprocess.run([program], capture_output=True, check=True)


async def crowd(in_flight, count, program):
    async def worker(share):
        for _ in range(share):
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(program, stdout=pipe, stderr=pipe)
            await process.communicate()

    await asyncio.gather(*(worker(count // in_flight) for _ in range(in_flight)))


def run(in_flight, count, program):
    if in_flight == 1:
        one_by_one(count, program)
    else:
        asyncio.run(crowd(in_flight, count, program))


def spawn(in_flight, count, program):
    in_flight, count = int(in_flight), int(count)
    run(in_flight, max(count // 5, in_flight), program)
    start = time.perf_counter()
    run(in_flight, count, program)
    print((time.perf_counter() - start) * 1e6 / (count // in_flight * in_flight))


def exit_latency(count, child):
    values = []
    for _ in range(int(count)):
        stamp = subprocess.run([child, "t"], capture_output=True, check=True).stdout
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        seconds, nanoseconds = struct.unpack("qq", stamp)
        values.append((now - seconds * 10**9 - nanoseconds) / 1e3)
    print(statistics.median(values), sorted(values)[len(values) * 99 // 100])


def kept(mib, child):
    for _ in range(2):  # the second counts: in a virtual machine, memory touched for the first time is the host's work
        start = time.perf_counter()
        size = len(subprocess.run([child, "w", mib], capture_output=True, check=True).stdout)
        rate = size / (time.perf_counter() - start) / 1e9
    print(rate)


{"spawn": spawn, "exit-latency": exit_latency, "kept": kept}[sys.argv[1]](*sys.argv[2:])
