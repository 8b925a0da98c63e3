#!/usr/bin/env python3
"""Nothing in src/ may reach for a shell behind the user's back: no system(), no popen(), no line built for `sh -c`,
no `ip`, `tc`, `nft` or `sudo` command lines. A user's own command string is handed to /bin/sh as it is, in one place.

usage: check_shell.py [SRC]      exit 1 and file:line for each finding; --self-check: does it catch them?
"""

import re
import sys

import source_check

PLUMBING = "plumbing by another program"
FINDINGS = [
    (re.compile(r"(?<![\w.>])(?:::|std::)?system\s*\("), "system() runs a shell"),
    (re.compile(r"\bpopen\s*\("), "popen() runs a shell"),
    (re.compile(r"\bwordexp\s*\("), "wordexp() runs a shell"),
    (re.compile(r"\b(?:execlp|execvp|execvpe|posix_spawnp)\s*\("), "searches PATH and falls back to a shell"),
    (re.compile(r'"\s*-c\s*"\s*\+|"(?:/bin/)?(?:ba)?sh -c\b'), "a command line put together for a shell"),
    (re.compile(r'"(?:/usr)?(?:/s?bin/)?(?:ip|tc|nft|iptables|brctl) [a-z-]'), PLUMBING),
    (re.compile(r'\{\s*"(?:/usr)?(?:/s?bin/)?(?:ip|tc|nft|iptables|brctl|nsenter|unshare)"'), PLUMBING),
]
SHELL = re.compile(r'"/bin/sh"')
# The one file that turns a command string into {"/bin/sh", "-c", the string}.
SHELL_HOME = "dummynet/core/command"

COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', re.DOTALL)


def without_comments(text):
    return COMMENT.sub(lambda m: m.group(1) or "\n" * m.group(0).count("\n"), text)


def findings(src):
    for path in sorted(p for p in src.rglob("*") if p.is_file()):
        if path.name.endswith("_test.cpp"):
            continue
        at_home = path.relative_to(src).with_suffix("").as_posix() == SHELL_HOME
        for number, line in enumerate(without_comments(path.read_text()).splitlines(), 1):
            for pattern, why in FINDINGS:
                if pattern.search(line):
                    yield path, number, why
            if SHELL.search(line) and not at_home:
                yield path, number, f"only {SHELL_HOME} names the shell"


CASES = [
    ("core/a.cpp", "int r = system(line);", True),
    ("core/a.cpp", "int r = std::system(line.c_str());", True),
    ("core/a.cpp", "FILE* f = popen(line, \"r\");", True),
    ("core/a.cpp", 'run({"/bin/sh", "-c", "cd " + dir});', True),
    ("core/command.cpp", 'return {"/bin/sh", "-c", text};', False),
    ("core/command.cpp", 'return {"/bin/sh", "-c" + text};', True),
    ("net/a.cpp", 'run("ip link add " + name);', True),
    ("net/a.cpp", 'run({"tc", "qdisc"});', True),
    ("os/a.cpp", "throw std::system_error{errno, std::system_category(), what};", False),
    ("os/a.cpp", "// system(3) and popen(3) run a shell: system(x)", False),
    ("os/a.cpp", 'log("http://x"); popen(x);', True),
    ("os/a.inc", "wordexp(line, &words, 0);", True),
]

if __name__ == "__main__":
    source_check.run(findings, CASES, sys.argv[1:])
