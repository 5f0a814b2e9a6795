"""Seed both databases, measure, drop them: `./dev bench`."""

import sys

from bench import databases, run, seed


def main(referrals: int = 100_000, contacts: int = 1_000_000, small: int = 1000) -> None:
    names = [databases.name_of(small), databases.name_of(referrals), databases.EMPTY]
    try:
        seed.main(small, small)
        seed.main(referrals, contacts)
        run.main(small, referrals)
    finally:
        databases.drop(*names)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
