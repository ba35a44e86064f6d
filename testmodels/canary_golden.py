#!/usr/bin/env python3
"""Makes the golden vectors of the canary's evidence, with 60 digits and nothing but the standard library::

    python3 canary_golden.py > ../core/src/test/resources/dev/inflight/deploy/evidence-golden.tsv
    python3 canary_golden.py --check FILE   # compares with vectors from elsewhere, to half a digit of their last

It is written from the formulas, not from the Java: every gambler's wealth is a product of factors, where the Java sums
logarithms of counts. Columns: case, step or n, input, ln E of the rollback claim, ln E of the promote claim; in the
rows ``interval95`` the last two are the ends of the interval.
"""

import sys
from decimal import Decimal as D, getcontext

getcontext().prec = 60


def stakes(count):
    return ([D(15) / 16, D(3) / 4] + [D(2) ** (1 - k) for k in range(2, count)])


def above(value, limit, low, stake):
    return 1 + stake * (value - limit) / (limit - low)


def below(value, limit, high, stake):
    return 1 + stake * (limit - value) / (high - limit)


def mixture(logs):
    top = max(logs)
    return top + (sum((l - top).exp() for l in logs) / len(logs)).ln()


def walk(name, steps, count, factors):
    """One row per step; factors(step, k) gives gambler k's two factors."""
    up, down = [D(1)] * count, [D(1)] * count
    for number, step in enumerate(steps, 1):
        for k in range(count):
            a, b = factors(step, k)
            up[k], down[k] = up[k] * a, down[k] * b
        text = ",".join(map(str, step)) if isinstance(step, tuple) else str(step)
        yield name, str(number), text, mixture([w.ln() for w in up]), mixture([w.ln() for w in down])


def paired():
    c, delta = stakes(10), D("0.05")
    return walk("pair", [0, 1, 0, -1, 1, 1, 0, 1, 1, -1, 1, 1], 10,
                lambda v, k: (above(v, D(0), D(-1), c[k]), below(v, delta, D(1), c[k])))


def hit():
    c, limit = stakes(16), D("0.01")
    return walk("hit", [0, 0, 1, 0, 0, 0, 1, 1, 0, 0], 16,
                lambda v, k: (above(v, limit, D(0), c[k]), below(v, limit, D(1), c[k])))


def split():
    c, delta = stakes(10), D("0.02")

    def factors(step, k):
        share, candidate, event = D(step[0]), step[1], step[2]
        value = (1 / share if candidate else -1 / (1 - share)) if event else D(0)
        odds = share * D(2) ** (5 - k)
        return (above(value, D(0), -1 / (1 - share), odds / (1 + odds)),
                below(value, delta, 1 / share, c[k]))

    steps = [("0.01", 0, 0), ("0.01", 1, 1), ("0.01", 0, 1), ("0.25", 1, 0),
             ("0.25", 1, 1), ("0.25", 0, 1), ("0.25", 0, 0), ("0.25", 1, 1)]
    return walk("split", steps, 10, factors)


def numeric():
    c, delta = stakes(10), NUMERIC_DELTA

    def factors(text, k):
        value = min(max(float(text), -1.0), 1.0)
        place = (value + 1) * 32  # in doubles, as the Java does it
        level = min(63, int(place))
        part = int((place - level) * 1024)
        result = []
        for claim, limit, end in ((above, D(0), D(-1)), (below, delta, D(1))):
            log = sum(n * claim(D(i) / 32 - 1, limit, end, c[k]).ln()
                      for i, n in ((level, 1024 - part), (level + 1, part)))
            result.append((log / 1024).exp())
        return result

    return walk("numeric", ["0.1", "-0.25", "0.033", "0.7", "-1", "0", "0.49", "1.5"], 10, factors)


def log_e(counts, claim, limit, end):
    values = (D(0), D(1), D(-1))
    return mixture([sum(n * claim(v, limit, end, s).ln() for n, v in zip(counts, values))
                    for s in stakes(10)])


def counts():
    for row in ((97900, 1100, 1000), (1000000000, 10000000, 10005000), (0, 0, 100000)):
        yield ("counts", str(sum(row)), ",".join(map(str, row)),
               log_e(row, above, D(0), D(-1)), log_e(row, below, COUNTS_DELTA, D(1)))


def bound(row, claim, end):
    """Where the evidence against the claim is just 1 / .025; at the end of the scale if nowhere."""
    need = D(40).ln()
    low, high = D(-1), D(1)  # rejected by above: [-1, lower]; by below: [upper, 1]
    for _ in range(90):
        middle = (low + high) / 2
        rejected = log_e(row, claim, middle, end) >= need
        if rejected == (claim is above):
            low = middle
        else:
            high = middle
    return D(-end) if abs(low - end) < D(10) ** -18 else low


def intervals():
    for row in ((0, 0, 0), (100, 0, 0), (985, 10, 5), (97900, 1100, 1000), (0, 620, 380)):
        if sum(row) == 0:
            yield "interval95", "0", "0,0,0", D(-1), D(1)
        else:
            yield ("interval95", str(sum(row)), ",".join(map(str, row)),
                   bound(row, above, D(-1)), bound(row, below, D(1)))


NUMERIC_DELTA = D("0.05")
COUNTS_DELTA = D("0.005")


def main():
    rows = [row for part in (paired, hit, split, numeric, counts, intervals) for row in part()]
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="ascii") as file:
            theirs = [line.rstrip("\n").split("\t") for line in file][1:]
        assert len(theirs) == len(rows), (len(theirs), len(rows))
        worst = D(0)
        for ours, other in zip(rows, theirs):
            assert list(ours[:3]) == other[:3], (ours, other)
            for a, b in zip(ours[3:], other[3:]):
                if abs(a - D(b)) > D("0.51e-18"):
                    print("differs", ours[:3], a, b)
                worst = max(worst, abs(a - D(b)))
        print(f"{len(rows)} rows, largest difference {worst:.1e}")
        return
    print("case\tstep\tinput\tlogE_rollback\tlogE_promote")
    for row in rows:
        print("\t".join(row[:3]) + f"\t{row[3]:+.18f}\t{row[4]:+.18f}")


if __name__ == "__main__":
    main()
