"""Stop words: words of questions that are not searched for."""

from collections.abc import Mapping

_ENGLISH = """
a about above after again against all am an and any are aren't as at be because been before being below
between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
few for from further had hadn't has hasn't have haven't having he her here hers herself him himself his how
i i'd i'll i'm i've if in into is isn't it itself just me more most my myself no nor not of off on once only
or other ought our ours ourselves out over own same she should shouldn't so some such than that the their
theirs them themselves then there these they they're they've this those through to too under until up very
was wasn't we we're we've were weren't what when where which while who whom why will with won't would
wouldn't you you're you've your yours yourself yourselves
"""
STOP_WORDS: Mapping[str, frozenset[str]] = {"english": frozenset(_ENGLISH.split())}
"""By the name of the Snowball stemmer."""
