#!/usr/bin/env python3
"""Holds the #include lines of src/dummynet to the map of layers: arrows point one way.

usage: check_layers.py [SRC]     exit 1 and file:line for each wrong arrow; --self-check: does it catch one?
"""

import re
import sys

import source_check

PROTOCOL = "warden/protocol"

# layer -> what it may include of dummynet/: a layer, or one file's stem.
ALLOWED = {
    "os": {"os"},
    "warden": {"os", "warden"},
    "core": {"os", PROTOCOL, "core"},
    "net": {"os", "core", "net"},
    "wire": {"os", "core", "wire"},
    "scenario": {"os", "core", "net", "wire", "scenario"},
    "cli": {"os", "core", "net", "wire", "scenario", "cli"},
    "testing": {"core", "net", "testing"},
}
# Of wire, one file carries frames between the cut ends of links of net; the kernel's backend sets queueing disciplines,
# which net knows how to speak of, on whole ones. The warden's program is the link engine's too: what starts it is found
# in one place only.
EXTRA = {
    "wire/link_engine": {"net"},
    "wire/kernel_link": {"net"},
    "wire/kernel_plan": {"net"},
    "wire/kernel_check": {"net"},
    "warden/main": {"wire/engine"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(dummynet/[^>]+)>)')


def stem(path):
    return re.sub(r"(_test)?\.(cpp|hpp)$", "", path)


def wrong_arrows(src):
    """Each offence as (path, line number, why)."""
    base = src / "dummynet"
    for path in sorted(p for p in base.rglob("*") if p.suffix in (".cpp", ".hpp")):
        inside = path.relative_to(base).as_posix()
        layer = inside.split("/")[0]
        if layer not in ALLOWED:
            yield path, 1, f"'{layer}' is not a layer"
            continue
        allowed = ALLOWED[layer] | EXTRA.get(stem(inside), set())
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1) or match.group(2)
            if not target.startswith("dummynet/"):
                if not (target.startswith("support/") and inside.endswith("_test.cpp")):
                    yield path, number, f'"{target}": include our own files as "dummynet/..."'
                continue
            name = target.removeprefix("dummynet/")
            if name.split("/")[0] not in allowed and stem(name) not in allowed:
                yield path, number, f"{layer} may not include {name}"


# Every upward arrow must be seen, every downward one let through.
CASES = [
    ("os/fd.cpp", '#include "dummynet/core/error.hpp"', True),
    ("core/monitor.cpp", '#include "dummynet/os/fd.hpp"', False),
    ("core/monitor.cpp", '#include "dummynet/warden/protocol.hpp"', False),
    ("core/monitor.cpp", '#include "dummynet/warden/reaper.hpp"', True),
    ("core/monitor.hpp", '#include "dummynet/net/network.hpp"', True),
    ("wire/pump.cpp", '#include "dummynet/net/network.hpp"', True),
    ("wire/link_engine.cpp", '#include "dummynet/net/network.hpp"', False),
    ("warden/main.cpp", '#include "dummynet/wire/engine.hpp"', False),
    ("warden/service.cpp", '#include "dummynet/wire/engine.hpp"', True),
    ("scenario/runner.cpp", '#include "dummynet/cli/options.hpp"', True),
    ("cli/run.cpp", '#include "dummynet/scenario/runner.hpp"', False),
    ("cli/run.cpp", '#include "options.hpp"', True),
    ("extra/run.cpp", '#include "dummynet/os/fd.hpp"', True),
    ("core/x_test.cpp", '#include "support/deadline.hpp"', False),
]

if __name__ == "__main__":
    source_check.run(wrong_arrows, CASES, sys.argv[1:])
