from typing import TYPE_CHECKING

import pytest

from index.citations.text_fragments import text_fragment
from index.readers import read
from index.text import block_spans

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cats &amp; dogs</title>
<script>document.body.textContent = "scripts run"</script></head>
<body><nav><a href="/">Sleep</a> <a href="/a">Food</a></nav>
<article><h1>Cats &amp; dogs</h1>
<p>This page tells how cats and dogs sleep, and what they eat, which is not the same for both of them.</p>
<h2>Sleep</h2>
<p>They sleep a lot. A cat sleeps for 12&nbsp;to&nbsp;16 hours a day – more than a well-known dog,
100 % R&amp;D says <b>so</b>. They eat at night.<br>Then they sleep a lot.</p>
<ul><li>Cats sleep on warm, soft things</li>
<li>Dogs sleep<ol><li>in a basket</li><li>at the door</li></ol></li></ul>
<h2>Food</h2>
<p>They eat at night. And in the morning “Frühstück” is what they ask for.</p>
<table><tr><th>Animal</th><th>Eats how much</th></tr><tr><td>Cat</td><td>60 grams</td></tr>
<tr><td>Dog</td><td>300 grams</td></tr></table>
<pre>if hungry:
    eat(food - 1)</pre>
<h2>猫</h2>
<p>猫は一日に十二時間から十六時間ほど寝ます。犬はそれより短いです。猫は夜に食べます。</p>
<p>แมวนอนวันละสิบสองชั่วโมง สุนัขนอนน้อยกว่า</p>
</article><footer>They sleep a lot. They eat at night.</footer></body></html>""".encode()


def test_a_browser_highlights_what_was_cited(browser: "Browser") -> None:
    from benchmarks.citations.text_fragments import Cited, outcomes

    extract = read(PAGE, name="cats.html")
    spans = [span for block in extract.blocks for span in block_spans(extract.text, block)]
    runs = [(first[0], last[1]) for first, last in zip(spans[::3], spans[2::3], strict=False)]
    cited = [Cited("cats.html", extract, *span) for span in [*spans, *runs]]
    cited = [one for one in cited if text_fragment(extract.text, one.start, one.end)]
    assert len(cited) > 0.9 * len(spans + runs)
    found = list(outcomes(browser, {"cats.html": PAGE}, cited))
    assert [(one.cited.quote, one.fragment, one.why) for one in found if one.why] == []


def test_what_is_not_highlighted_is_told(browser: "Browser") -> None:
    from benchmarks.citations.text_fragments import Cited, outcomes

    extract = read(PAGE, name="cats.html")
    other = PAGE.replace(b"A cat sleeps", b"A cat naps")
    start = extract.text.index("A cat sleeps")
    (found,) = outcomes(browser, {"cats.html": other}, [Cited("cats.html", extract, start, start + 40)])
    assert found.why == "the page does not show the words"
