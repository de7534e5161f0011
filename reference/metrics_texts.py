"""Neutral texts for the goldens of metrics.py, written for it: no report of any patient is among them."""

PAIRS = [
    {"prediction": p, "references": list(r)}
    for p, *r in [
        ("the cat sat on the mat", "the cat sat on the mat"),
        ("the cat sat on the mat", "a cat was sitting on a mat", "there is a cat on the mat"),
        ("The Cat sat , on the MAT .", "the cat sat on the mat ."),
        ("the the the the the the the", "the cat is on the mat", "there is a cat on the mat"),
        ("", "an empty candidate meets a reference"),
        ("nothing here agrees", "quite another sentence altogether"),
        ("one", "one"),
        ("one", "one two three four five six"),
        ("two words", "two words", "two other words", "words two"),
        ("double  spaces   make  empty words", "double spaces make empty words"),
        (" leading and trailing ", "leading and trailing"),
        ("tab\tand\nnew line", "tab and new line"),
        ("no\u00a0break and thin\u2009space", "no break and thin space"),
        (
            "The heart is normal in size. The lungs are clear. No effusion is seen.",
            "Heart size is normal. Lungs are clear. There is no effusion.",
        ),
        (
            "There is a small left pleural effusion with adjacent atelectasis. The heart is enlarged.",
            "Cardiomegaly. Small left effusion and basilar atelectasis are seen.",
            "The cardiac silhouette is enlarged. A small pleural effusion is present on the left.",
        ),
        (
            "The feet of the bigger children were seen running to the nearest shops",
            "A child's foot was visible as the larger kids ran towards the closest store",
        ),
        (
            "It is a guide to action which ensures that the military always obeys the commands of the party",
            "It is a guide to action that ensures that the military will forever heed Party commands",
            "It is the guiding principle which guarantees the military forces always being under the command of the Party",
            "It is the practical guide for the army always to heed the directions of the party",
        ),
        (
            "happy dogs quickly chased several automobiles and autos while people watched the physicians",
            "glad hounds rapidly pursued various cars while folk saw the doctors",
        ),
        ("a b c d e f g h i j", "j i h g f e d c b a"),
        ("a b a b a b a b", "b a b a b a b a", "a b"),
        (" ".join(f"word{i % 37}" for i in range(150)), " ".join(f"word{i % 41}" for i in range(130))),
        (" ".join(f"w{i}" for i in range(64)), " ".join(f"w{i}" for i in range(0, 64, 2))),
        ("naïve café owners were dying of laughter", "the naive cafe owner died laughing"),
        ("x-ray shows right-sided opacity (2.5 cm), unchanged", "x ray shows 2.5 cm opacity on the right side"),
        ("generalizations generalization general generally generous", "general generous generations"),
    ]
]

WORDS = (
    "a be is was lungs lung seen see feet foot vertebrae vertebra hila hilum effusions effusion enlarged larger largest "
    "clear cleared heart hearts cardiac size sized normal normally abnormality calcified calcification nodules masses "
    "opacities degenerative bony osseous spine ribs men women children better best worse flies dies died dying skies "
    "news innings canning succeed exceed geology logical fully hopefully generically radically feed agreed plastered "
    "motoring sing conflated troubled sized hopping tanned falling hissing fizzed failing filing happy enjoy spy tries "
    "relational conditional rational valency digitizer conformably differently vilely analogously vietnamization "
    "predication operator feudalism decisiveness hopefulness callousness formality sensitivity sensibility triplicate "
    "formative formalize electricity electrical goodness revival allowance inference airliner gyroscopic adjustable "
    "defensible irritant replacement adjustment dependent adoption communism activate angularity homologous effective "
    "bowdlerize probate rate cease controlling rolling yyyyy syzygy toy x-ray galore alive auto galoshes xylophones "
    "İstanbul naïve 12 t9 o"
).split()

ODD_STRINGS = ["The heart isn't enlarged."]
