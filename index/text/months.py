"""The names of the months in English, in order."""

MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)
