"""Seed both databases, measure, drop them: `./dev bench`. With `accrual`: what the ledger's writer costs."""

import sys

from bench import databases, ledger, run, seed


def main(referrals: int = 100_000, contacts: int = 1_000_000, small: int = 1000) -> None:
    names = [databases.name_of(small), databases.name_of(referrals), databases.EMPTY]
    try:
        seed.main(small, small)
        seed.main(referrals, contacts)
        run.main(small, referrals)
    finally:
        databases.drop(*names)


if __name__ == "__main__":
    if sys.argv[1:2] == ["accrual"]:
        ledger.main([int(size) for size in sys.argv[2:]] or [10_000, 100_000, 1_000_000])
    else:
        main(*map(int, sys.argv[1:]))
