"""Golden values of ROUGE-1/2/L and of METEOR-1.5 for packages/metrics, and what the end-to-end suite and the benchmark ask.

Versions: rouge_score 0.1.2, pycocoevalcap 1.2 with its METEOR-1.5 jar and paraphrase table, Java 17. The golden file
repeats the versions found. Words of the texts come from metrics_texts.py.

Usage: python reference/lexical.py                       writes packages/metrics/src/goldens/lexical.json
       python reference/lexical.py --meteor PAIRS.json   prints METEOR-1.5 of [{prediction, references}]
       python reference/lexical.py --folder              prints where the jar and its table lie
       python reference/lexical.py --time ROUNDS.json    prints what each scorer of pycocoevalcap and rouge_score costs
"""

import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor import meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer
from rouge_score.rouge_scorer import RougeScorer

from metrics_texts import PAIRS, WORDS

GOLDEN = Path(__file__).parent.parent / "packages/metrics/src/goldens/lexical.json"
METEOR = Path(meteor.__file__).parent
STAGES = {"exact": "1.0", "exact stem": "1.0 0.6", "exact stem synonym": "1.0 0.6 0.8"}


def rouge(pairs: list[dict], stem: bool) -> dict:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=stem)
    scores = [scorer.score_multi(p["references"], p["prediction"]) for p in pairs]
    return {
        f"ROUGE-{n}": [round(float(s[f"rouge{n}"].fmeasure), 12) for s in scores] for n in ("1", "2", "L")
    }


def jar(pairs: list[dict], *options: str) -> dict:
    """The jar's own protocol, as pycocoevalcap speaks it, with any options."""
    command = ["java", "-Xmx2G", "-Dfile.encoding=UTF-8", "-jar", "meteor-1.5.jar", "-", "-", "-stdio", "-l", "en", "-norm", *options]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=METEOR, text=True)

    def ask(line: str) -> str:
        peer.stdin.write(line.replace("\n", " ") + "\n")
        peer.stdin.flush()
        return peer.stdout.readline().strip()

    statistics = [
        ask(" ||| ".join(("SCORE", *p["references"], p["prediction"].replace("|||", "").replace("  ", " ")))) for p in pairs
    ]
    items = [float(ask("EVAL ||| " + " ||| ".join(statistics)))]
    items += [float(peer.stdout.readline()) for _ in statistics[1:]]
    corpus = float(peer.stdout.readline())
    peer.stdin.close()
    peer.wait()
    return {"items": items, "corpus": corpus}


def normalized(texts: list[str]) -> list[str]:
    command = ["java", "-Dfile.encoding=UTF-8", "-cp", str(METEOR / "meteor-1.5.jar"), "edu.cmu.meteor.util.Normalizer", "en", "true"]
    answer = subprocess.run(command, input="\n".join(texts) + "\n", capture_output=True, text=True, check=True).stdout
    return [line.lower() for line in answer.split("\n")[:-1]]


def stems(words: list[str]) -> list[str]:
    """nltk's Snowball stemmer agrees with the jar's on all 89,847 words of its lexicon and of IU reports."""
    from nltk.stem.snowball import EnglishStemmer

    return [EnglishStemmer().stem(word) for word in words]


def cost(run) -> dict:
    began, used = time.perf_counter(), time.process_time()
    run()
    return {"ms": 1000 * (time.perf_counter() - began), "cpuMs": 1000 * (time.process_time() - used)}


def times(rounds: list[list[dict]]) -> list[dict]:
    """Each scorer on each list of pairs. METEOR's Java is started, its table read, before; the tokenizer starts a Java each time."""
    warm = meteor.Meteor()
    warm.compute_score({0: ["a b"]}, {0: ["a b"]})
    google = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    return [times_of_round(pairs, warm, google) for pairs in rounds]


def times_of_round(pairs: list[dict], warm: meteor.Meteor, google: RougeScorer) -> dict:
    texts = [text for p in pairs for text in (p["prediction"], *p["references"])]
    captions = {i: [{"caption": text}] for i, text in enumerate(texts)}
    tokenized = {}
    costs = {"tokenizer": cost(lambda: tokenized.update(PTBTokenizer().tokenize(captions)))}
    tokens = (tokenized[i][0] for i in range(len(texts)))
    pairs = [{"prediction": next(tokens), "references": [next(tokens) for _ in p["references"]]} for p in pairs]
    gts = {i: p["references"] for i, p in enumerate(pairs)}
    res = {i: [p["prediction"]] for i, p in enumerate(pairs)}
    costs["BLEU"] = cost(lambda: Bleu(4).compute_score(gts, res, verbose=0))
    costs["ROUGE-L"] = cost(lambda: Rouge().compute_score(gts, res))
    costs["CIDEr"] = cost(lambda: Cider().compute_score(gts, res))
    costs["METEOR-1.5"] = cost(lambda: warm.compute_score(gts, res))
    costs["rouge_score"] = cost(lambda: [google.score_multi(p["references"], p["prediction"]) for p in pairs])
    return costs


NORMALIZED = [
    "U.S.-based firms... don't 'quote' it''s 1990's 3,4 a,b 5,x",
    "Normal heart, 2.5 cm. no effusion. The end.",
    "e.g. that No. 5 No. x Dr. Smith Inc. was good -- really",
    "x-ray: right-sided opacity (50%) $5.00 a/b .. x ... y",
    "rock'n'roll \u201chi\u201d \u2018there\u2019 \u2013 na\u00efve 1,2,3 ,, a,,b",
]


def main() -> None:
    clean = [p for p in PAIRS if not any(c in p["prediction"] for c in "\n\t\xa0\u2009")]
    words = sorted({w.lower() for w in WORDS if w.isascii()})
    golden = {
        "versions": {name: version(name) for name in ("rouge_score", "pycocoevalcap", "nltk")},
        "rougeScore": rouge(PAIRS, True),
        "rougeScoreUnstemmed": rouge(PAIRS, False),
        "meteorPairs": [PAIRS.index(p) for p in clean],
        "meteor": jar(clean),
        "meteorStages": {m: jar(clean, "-m", m, "-w", w) for m, w in STAGES.items()},
        "normalized": dict(zip(NORMALIZED, normalized(NORMALIZED))),
        "stems": dict(zip(words, stems(words))),
    }
    GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "--folder":
        print(METEOR)
    else:
        task = {"--meteor": jar, "--time": times}[sys.argv[1]]
        print(json.dumps(task(json.loads(Path(sys.argv[2]).read_text()))))
