// The search of the documentation: ranks sections by whole words. Titles count more than headings, headings
// more than text, and pages that say how to do something more than references.
"use strict";
(() => {
  const ENDINGS = /(?:ies|es|s|ing|ed)$/;
  const SYNONYM = 0.6, TITLE = 9, HEADING = 6, ABOVE = 2, TEXT = 1, MOST = 20, AROUND = 90;
  const STOP = new Set("a an and are as at be by can do does for from how i in is it my of on or that the to up what when where which who why with".split(" "));

  // Words as they are written, and their stems: "backups" and "backup" are one word, "RAM" and "diagram" are not.
  const written = (text) => text.match(/[\p{L}\p{N}]+/gu) ?? [];
  const isAcronym = (word) => word.length > 1 && word === word.toUpperCase();
  const stem = (word) => (word.length < 5 ? word.replace(/s$/, "") : word.replace(/ies$/, "y").replace(ENDINGS, "")) || word;
  const stems = (text) => written(text).map((word) => (isAcronym(word) ? word.toLowerCase() : stem(word.toLowerCase())));

  function counted(text) {
    const counts = new Map();
    for (const one of stems(text)) counts.set(one, (counts.get(one) ?? 0) + 1);
    return counts;
  }

  function prepared({ sections, synonyms }) {
    const pages = sections.map(([address, headings, text, weight]) => ({
      address, headings, text, weight,
      own: new Set(stems(headings[0])),
      above: new Set(stems(headings.slice(1).join(" "))),
      counts: counted(text),
      isTitle: headings.length === 1,
    }));
    const among = new Map();
    for (const page of pages) {
      for (const one of new Set([...page.own, ...page.counts.keys()])) among.set(one, (among.get(one) ?? 0) + 1);
    }
    const rare = (word) => Math.log(1 + pages.length / (1 + (among.get(word) ?? 0)));
    return { pages, rare, synonyms: new Map(Object.entries(synonyms).map(([typed, said]) => [stems(typed).join(" "), said])) };
  }

  // The words asked, each with its weight: those of a phrase that has synonyms are replaced by them, to a word
  // they are added.
  function asked(question, { synonyms }) {
    const all = stems(question);
    const kept = all.filter((one) => !STOP.has(one));
    const own = kept.length ? kept : all;
    const whole = own.length > 1 ? synonyms.get(all.join(" ")) : undefined;
    if (whole !== undefined) return new Map(stems(whole).map((one) => [one, 1]));
    const weights = new Map(own.map((one) => [one, 1]));
    for (const one of own.flatMap((one) => stems(synonyms.get(one) ?? ""))) {
      if (!weights.has(one) && !STOP.has(one)) weights.set(one, SYNONYM);
    }
    return weights;
  }

  function score(page, terms, rare) {
    let sum = 0, present = 0, total = 0, headed = 0;
    for (const [term, weight] of terms) {
      const value = weight * rare(term);
      const count = page.counts.get(term) ?? 0;
      const place = page.own.has(term) ? (page.isTitle ? TITLE : HEADING) : page.above.has(term) ? ABOVE : 0;
      total += value;
      if (place >= HEADING) headed += value;
      if (count || place) present += value;
      sum += value * (place + TEXT * Math.log1p(count) / (1 + Math.log1p(page.text.length / 2000)));
    }
    // A heading that says little else is about what was asked.
    const about = headed ? headed / total / Math.sqrt(page.own.size) : 0;
    return sum * (present / total) * page.weight * (1 + about);
  }

  function found(question, index) {
    const terms = asked(question, index);
    return index.pages
      .map((page) => ({ page, score: score(page, terms, index.rare), terms }))
      .filter((one) => one.score > 0)
      .sort((one, other) => other.score - one.score);
  }

  // At most two sections of a page, the best first: one long page must not hide the others.
  function best(question, index, most = MOST) {
    const perPage = new Map();
    return found(question, index).filter(({ page }) => {
      const name = page.address.split("#")[0];
      perPage.set(name, (perPage.get(name) ?? 0) + 1);
      return perPage.get(name) <= 2;
    }).slice(0, most);
  }

  function context(text, terms) {
    const place = [...text.matchAll(/[\p{L}\p{N}]+/gu)].find((one) => terms.has(stems(one[0])[0]));
    const start = Math.max(0, (place?.index ?? 0) - AROUND);
    const cut = text.slice(start, start + 2.5 * AROUND);
    return `${start ? "… " : ""}${cut}${start + cut.length < text.length ? " …" : ""}`;
  }

  function marked(text, terms) {
    const nodes = [];
    let at = 0;
    for (const one of text.matchAll(/[\p{L}\p{N}]+/gu)) {
      if (!terms.has(stems(one[0])[0])) continue;
      const mark = document.createElement("mark");
      mark.textContent = one[0];
      nodes.push(text.slice(at, one.index), mark);
      at = one.index + one[0].length;
    }
    return [...nodes, text.slice(at)];
  }

  function item({ page, terms }) {
    const row = document.createElement("li"), link = document.createElement("a"), text = document.createElement("p");
    link.href = page.address;
    link.append([...page.headings].reverse().join(" › "));
    text.className = "context";
    text.append(...marked(context(page.text, terms), terms));
    row.append(link, text);
    return row;
  }

  function show() {
    const results = document.getElementById("search-results");
    const question = new URLSearchParams(location.search).get("q") ?? "";
    if (!results || !question.trim()) return;
    document.querySelectorAll("input[name=q]").forEach((input) => { input.value = question; });
    const rows = best(question, prepared(window.loccitPages));
    const said = document.getElementById("search-progress");
    said.textContent = rows.length ? `${rows.length} sections for “${question}”` : `No page has a word of “${question}”. Try another word.`;
    const list = document.createElement("ul");
    list.className = "search";
    list.append(...rows.map(item));
    results.replaceChildren(list);
  }

  window.loccitSearch = (question) => best(question, prepared(window.loccitPages)).map(({ page }) => page.address);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show);
  else show();
})();
