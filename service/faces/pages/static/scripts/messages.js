/** Messages of scripts in the language of the page. */

const found = document.getElementById("messages");
const translated = found ? JSON.parse(found.textContent) : {};

/**
 * A message in the page's language, with values for its fields in braces.
 * @param {string} message
 * @param {Record<string, unknown>} [values]
 */
export function t(message, values = {}) {
  const text = translated[message] ?? message;
  return text.replace(/\{(\w+)\}/g, (field, name) => (name in values ? String(values[name]) : field));
}
