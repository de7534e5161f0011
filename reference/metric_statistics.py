"""Golden values for packages/metrics/src/statistics, from scipy 1.17.1 and numpy 2.4.6 (the golden file repeats the
versions found).

Usage: python reference/metric_statistics.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy import optimize, stats

OUT = Path(__file__).parent.parent / "packages/metrics/src/goldens/statistics.json"
rng = np.random.default_rng(3407)


def distributions() -> dict:
    points = [-8.5, -4.0, -2.999, -1.96, -0.3, 0.0, 0.7, 1.0, 2.5, 3.001, 5.5]
    shares = [1e-9, 1e-4, 0.005, 0.025, 0.2, 0.5, 0.7, 0.975, 0.9995]
    degrees = [1, 2, 4, 9, 29.5, 295, 10000]
    return {
        "points": points,
        "shares": shares,
        "degrees": degrees,
        "normalCdf": stats.norm.cdf(points).tolist(),
        "normalQuantile": stats.norm.ppf(shares).tolist(),
        "studentCdf": [stats.t.cdf(points, d).tolist() for d in degrees],
        "studentQuantile": [stats.t.ppf(shares, d).tolist() for d in degrees],
    }


def bootstrap() -> list[dict]:
    """scipy's BCa and percentile intervals, with the draws that they came from."""
    cases = []
    for values, level in ((rng.gamma(1.5, 0.2, 25), 0.95), (rng.beta(0.5, 3, 40), 0.9)):
        draws = None
        ends = {}
        for method in ("bca", "percentile"):
            result = stats.bootstrap(
                (values,), np.mean, confidence_level=level, n_resamples=499, method=method,
                rng=np.random.default_rng(7), vectorized=True,
            )
            ends[method] = [float(result.confidence_interval.low), float(result.confidence_interval.high)]
            draws = np.sort(result.bootstrap_distribution)
        cases.append({"values": values.tolist(), "level": level, "replicates": draws.tolist(), **ends})
    return cases


def permutations() -> list[dict]:
    """The exact paired permutation test of a mean difference."""
    cases = []
    for n, shift in ((6, 0.0), (9, 0.4), (12, 0.8)):
        ours, theirs = rng.normal(shift, 1, n), rng.normal(0, 1, n)
        result = stats.permutation_test(
            (ours, theirs), lambda a, b, axis: np.mean(a - b, axis=axis), permutation_type="samples",
            vectorized=True, n_resamples=np.inf,
        )
        # scipy doubles the smaller tail; with the symmetric null of signs that is the share of |differences| as large.
        cases.append({"ours": ours.tolist(), "theirs": theirs.tolist(), "p": float(result.pvalue)})
    return cases


def mean_intervals() -> list[dict]:
    cases = []
    for n in (2, 5, 40):
        values = rng.normal(0.3, 0.1, n)
        low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
        cases.append({"values": values.tolist(), "low": float(low), "high": float(high)})
    return cases


def powers() -> list[dict]:
    """Exact power (noncentral t) of the paired t test at the difference that the normal approximation gives for 0.8."""
    cases = []
    for n, sd in ((30, 0.2), (100, 0.15), (300, 0.3)):
        z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
        difference = z * sd / np.sqrt(n)
        critical = stats.t.ppf(0.975, n - 1)
        power = stats.nct.sf(critical, n - 1, z) + stats.nct.cdf(-critical, n - 1, z)
        cases.append({"n": n, "variance": sd * sd, "difference": float(difference), "exactPower": float(power)})
    return cases


def interval(successes: int, n: int):
    return stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")


def least_squares() -> list[dict]:
    cases = []
    for n, weights in ((12, [1.0, 0.5]), (30, [0.4, -0.6, 0.0, 2.0]), (30, [-1.0, -1.0, -0.2])):
        rows = rng.normal(0, 1, (n, len(weights))).round(3)
        targets = (rows @ np.array(weights) + rng.normal(0, 0.3, n)).round(3)
        solution, _ = optimize.nnls(rows, targets)
        cases.append({"rows": rows.tolist(), "targets": targets.tolist(), "weights": solution.tolist()})
    return cases


def main() -> None:
    xs, ys = rng.integers(0, 6, 40), rng.integers(0, 6, 40) + rng.integers(0, 2, 40)
    golden = {
        "versions": {name: version(name) for name in ("scipy", "numpy")},
        "distributions": distributions(),
        "bootstrap": bootstrap(),
        "permutations": permutations(),
        "meanIntervals": mean_intervals(),
        "powers": powers(),
        "correlation": {
            "xs": xs.tolist(),
            "ys": ys.tolist(),
            "pearson": float(stats.pearsonr(xs, ys).statistic),
            "kendall": float(stats.kendalltau(xs, ys).statistic),
        },
        "leastSquares": least_squares(),
        "wilson": [
            {"successes": k, "n": n, **dict(zip(("low", "high"), map(float, interval(k, n))))}
            for k, n in ((0, 5), (3, 10), (150, 296), (7, 7))
        ],
    }
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
