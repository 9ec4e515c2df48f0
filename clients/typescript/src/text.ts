/**
 * The part of a text between two offsets of a citation.
 *
 * Offsets count Unicode code points; `String.slice` counts UTF-16 units, and is wrong after an emoji.
 */
export function slice(text: string, start: number, end: number): string {
  let at = 0;
  let from = text.length;
  let unit = 0;
  for (const point of text) {
    if (at === start) from = unit;
    if (at === end) return text.slice(from, unit);
    unit += point.length;
    at++;
  }
  return text.slice(at === start ? unit : from);
}
