"""Turns pip's own resolution of requirements.in into requirements.txt, every package pinned with its hash.

The hashes are of the wheels for the machine and the Python that runs this (committed: Linux x86-64, Python 3.11).

Example:
  build/venv/bin/pip install --dry-run --ignore-installed --quiet --report build/report.json -r tools/requirements.in
  build/venv/bin/python tools/pin_requirements.py build/report.json > tools/requirements.txt
"""

import argparse
import json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", help="the file that pip install --report wrote")
    parser.add_argument("--source", default="tools/requirements.in", help="what pip resolved, for the first line")
    arguments = parser.parse_args()
    with open(arguments.report, encoding="utf-8") as f:
        report = json.load(f)
    environment = report["environment"]
    print(f"# Made by tools/pin_requirements.py from {arguments.source}; wheels for {environment['sys_platform']} "
          f"{environment['platform_machine']}, Python {environment['python_version']}.")
    for item in sorted(report["install"], key=lambda i: i["metadata"]["name"].lower()):
        archive = item["download_info"]["archive_info"]["hashes"]["sha256"]
        print(f"{item['metadata']['name']}=={item['metadata']['version']} --hash=sha256:{archive}")


if __name__ == "__main__":
    main()
