"""What the checks of our sources have in common: each looks whether it still finds what it is for, then reads src/."""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(findings, cases, arguments):
    """`findings(src)` yields path, line number and why. `cases`: a file of the library, a line in it, is that a finding?"""
    for name, line, is_finding in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "dummynet", name)
            path.parent.mkdir(parents=True)
            path.write_text(line + "\n")
            if bool(list(findings(pathlib.Path(folder)))) != is_finding:
                sys.exit(f"self-check: judged wrongly in {name}: {line}")
    if arguments == ["--self-check"]:
        return
    found = list(findings(pathlib.Path(arguments[0]) if arguments else ROOT / "src"))
    for path, number, why in found:
        print(f"{path}:{number}: {why}")
    sys.exit(1 if found else 0)
