#!/usr/bin/env python3
"""Sums up ctest's JUnit files: why tests were skipped, which failed, and last the line "N passed, N failed, N skipped"."""

import collections
import re
import sys
import xml.etree.ElementTree as ET


def skip_reason(case):
    """What GTEST_SKIP() was told."""
    output = case.findtext("system-out") or ""
    # gtest prints "file:line: Skipped", then the message up to an empty line or the closing "[  SKIPPED ]".
    match = re.search(r": Skipped\n(.*?)\n(?:\n|\[  SKIPPED \])", output, re.DOTALL)
    if match and match.group(1).strip():
        return " ".join(match.group(1).split())
    return "no reason given"


def main(paths):
    passed, failed, skipped = 0, [], collections.Counter()
    for path in paths:
        for case in ET.parse(path).getroot().iter("testcase"):
            status = case.get("status")
            if status == "run":
                passed += 1
            elif status == "disabled":
                skipped["disabled"] += 1
            elif status == "notrun" and (case.find("skipped").get("message") or "").startswith("SKIP_"):
                skipped[skip_reason(case)] += 1
            else:  # also what ctest could not start, e.g. a program that is missing
                failed.append(f"{path}: {case.get('name')}")
    print()
    for reason, count in skipped.most_common():
        print(f"skipped {count}: {reason}")
    for name in failed:
        print(f"failed {name}")
    print(f"{passed} passed, {len(failed)} failed, {skipped.total()} skipped")


if __name__ == "__main__":
    main(sys.argv[1:])
