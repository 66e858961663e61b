"""Make and drop many objects of one class, and print how many are alive and by how many KiB memory grew:

many.py CLASS COUNT
"""

import gc
import json
import sys

import sample_gc


def resident_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4


def main():
    made, count = getattr(sample_gc, sys.argv[1]), int(sys.argv[2])
    ledger = sample_gc.Ledger(quiet=True)
    each = 50_000
    sample_gc.churn(made, ledger, each, 3)
    gc.collect()
    before = resident_kib()
    for _ in range(count // each):
        sample_gc.churn(made, ledger, each, 3)
    gc.collect()
    print(json.dumps({"alive": ledger.alive(), "made": ledger.counts(), "grown_kib": resident_kib() - before}))


if __name__ == "__main__":
    main()
