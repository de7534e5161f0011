"""Golden values for packages/metrics/src/agreement, from the reference implementations.

Versions: statsmodels 0.15.0, krippendorff 0.9.0, scikit-learn 1.9.1, scipy; the golden file repeats those found.
The ratings are drawn here from a fixed seed. Usage: python reference/agreement.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import krippendorff
import numpy as np
from scipy.stats import binom, binomtest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

GOLDEN = Path(__file__).parent.parent / "packages/metrics/src/goldens/agreement.json"
WEIGHTS = {"none": None, "linear": "linear", "quadratic": "quadratic"}
random = np.random.default_rng(3407)


def pair(cases, categories, noise):
    """Two readers of the same cases: the second says something else with chance `noise`."""
    first = random.integers(0, categories, cases)
    other = random.integers(0, categories, cases)
    second = np.where(random.random(cases) < noise, other, first)
    return first, second


def kappas():
    for cases, categories, noise in ((40, 2, 0.3), (60, 5, 0.5), (25, 4, 0.9), (200, 3, 0.2)):
        first, second = pair(cases, categories, noise)
        table = np.zeros((categories, categories))
        for a, b in zip(first, second):
            table[a, b] += 1
        for name, weights in WEIGHTS.items():
            found = cohens_kappa(table, wt=weights)
            same = cohen_kappa_score(first, second, labels=list(range(categories)), weights=weights)
            assert abs(found.kappa - same) < 1e-12
            yield {
                "first": first.tolist(), "second": second.tolist(), "categories": categories, "weights": name,
                "kappa": found.kappa, "standardError": found.std_kappa, "low": found.kappa_low, "high": found.kappa_upp,
            }


def fleiss():
    for cases, readers, categories in ((10, 3, 2), (30, 5, 4)):
        counts = np.zeros((cases, categories), int)
        for row in counts:
            for value in np.where(random.random(readers) < 0.6, random.integers(categories), random.integers(0, categories, readers)):
                row[value] += 1
        yield {"counts": counts.tolist(), "kappa": fleiss_kappa(counts)}


def alphas():
    for readers, cases, missing in ((2, 20, 0), (4, 30, 0.2), (3, 12, 0.4)):
        truth = random.integers(1, 6, cases)
        ratings = np.clip(truth + random.integers(-1, 2, (readers, cases)), 1, 5).astype(float)
        ratings[random.random(ratings.shape) < missing] = np.nan
        for level in ("nominal", "ordinal", "interval"):
            alpha = krippendorff.alpha(reliability_data=ratings, level_of_measurement=level)
            rows = [[None if np.isnan(v) else int(v) for v in column] for column in ratings.T]
            yield {"cases": rows, "level": level, "alpha": alpha}


def exact_power(n, preferred):
    """By going through every outcome with scipy's exact test."""
    return sum(binom.pmf(k, n, preferred) for k in range(n + 1) if binomtest(k, n).pvalue <= 0.05)


def main():
    golden = {
        "versions": {name: version(name) for name in ("statsmodels", "krippendorff", "scikit-learn", "scipy", "numpy")},
        "cohen": list(kappas()),
        "fleiss": list(fleiss()),
        "krippendorff": list(alphas()),
        "power": [
            {"n": n, "preferred": p, "power": float(exact_power(n, p))} for n, p in ((5, 0.9), (6, 0.9), (49, 0.7), (200, 0.6))
        ],
    }
    GOLDEN.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
