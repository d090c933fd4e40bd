"""Adds up the suites' reports and prints the run's closing line."""

import sys
from pathlib import Path
from xml.etree import ElementTree

total = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
for report in sorted(Path("/reports").glob("*.xml")):
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314  (our own file)
    assert suite is not None
    counts = {key: int(suite.get(key, "0")) for key in total}
    print(f"{report.stem:24} {counts['tests']:5} tests  {float(suite.get('time', '0')):7.1f} s")
    for key, count in counts.items():
        total[key] += count
failed = total["failures"] + total["errors"]
passed = total["tests"] - failed - total["skipped"]
print(f"{passed} passed, {failed} failed, {total['skipped']} skipped")
sys.exit(1 if failed or not passed else 0)
