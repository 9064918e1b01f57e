/**
 * Reads a form with nested names, such as `line_items[0][price]=...`.
 *
 * @param {string} text
 * @returns {any}
 */
export function parseForm(text) {
  /** @type {any} */
  const result = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const keys = name.split(/\[|\]\[|\]/).filter((key) => key !== '');
    const last = String(keys.pop());
    let target = result;
    for (const key of keys) {
      if (!Object.hasOwn(target, key)) target[key] = {};
      target = target[key];
    }
    target[last] = value;
  }
  return result;
}
