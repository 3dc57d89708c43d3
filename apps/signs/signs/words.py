"""What signs calls things, and what travellers feel of a confidence that is wrong."""

from afield.records.words import Measure, Words

WORDS = Words(
    people="travellers",
    requests="frames",
    outputs="confidences",
    row="line",
    rows="lines",
    scored="a row per line of which somebody said whether it was read right",
    generated="generated streets",
    metrics={
        "rmse": ("Root of the Brier score", "how far confidence lies from what turned out, large misses weigh most"),
        "squared_error": ("Brier score", "mean squared difference of confidence and what turned out (0 or 1)"),
        "mae": ("Mean absolute error", "how far confidence lies from what turned out (0 or 1), on average"),
        "bias": ("Bias", "confidence over the share that was right, minus one: too sure, or not sure enough"),
    },
)
MEASURES = (
    Measure(
        "wrong_shown",
        "Misread and called sure",
        "lines that were read wrongly and whose confidence was 75 % or more",
        mistake=True,
        worse="were called sure of a line that was misread",
    ),
    Measure(
        "right_held_back",
        "Read right and not called sure",
        "lines that were read right and whose confidence was below 75 %: a question too many, which is no mistake",
    ),
)
MISTAKES = "Lines misread and called sure"
NOTE = (
    "Travellers are generated; they are asked about a random share of the lines, whatever the confidence, and what "
    "they say is the truth here. Whether the English is right as well is the business of the phrasebook."
)
