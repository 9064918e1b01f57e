import { type Attribute, OTHER } from '@tallyman/catalog';
import type { Caps } from './configuration.ts';

/** Different series that one instrument keeps in the lifetime of a process; further ones share a series whose open attributes are `_OTHER`. */
export const MAX_SERIES = 2000;
/** Longest attribute value, in UTF-16 code units. */
export const MAX_VALUE_LENGTH = 100;
/** Largest measurement, of either sign: nothing that is measured comes near it, and no number of them sums up to infinity, which JSON cannot carry. */
const MAX_MEASUREMENT = Number.MAX_SAFE_INTEGER;

/** Whether a value can be recorded: a number, finite, and of a size that a measurement can have. */
export function isMeasurement(value: unknown): value is number {
  return typeof value === 'number' && value >= -MAX_MEASUREMENT && value <= MAX_MEASUREMENT;
}

const CAP_NAMES: Readonly<Record<string, keyof Caps>> = {
  feature: 'features',
  model: 'models',
  'gen_ai.request.model': 'models',
  'gen_ai.response.model': 'models',
  'webhook.event_type': 'eventTypes',
  'queue.name': 'queues',
  'job.type': 'jobTypes',
  'error.type': 'errorTypes',
  'http.route': 'routes',
};

/** A value as it may travel: text without control characters and lone surrogates, not longer than 100; undefined when nothing is left. */
export function cleanValue(value: unknown, attribute: Attribute): string | number | undefined {
  if (attribute.type === 'int') return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, 4 * MAX_VALUE_LENGTH)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MAX_VALUE_LENGTH)
    .toWellFormed();
  // A copy: a part of a text would keep the whole of it, which may be a megabyte, in memory.
  return text === '' ? undefined : Buffer.from(text).toString();
}

/** Admits values of open attributes up to their lifetime cap; what was admitted once stays admitted. */
export class CardinalityGuard {
  readonly #admitted = new Map<string, Set<string | number>>();

  /** Whether the value is one of the attribute's closed set, or within its cap. `owner` separates scopes, `parent` is the value of the attribute's `per`. */
  admits(owner: string, key: string, attribute: Attribute, value: string | number, parent: unknown, caps: Caps | undefined): boolean {
    if (attribute.values !== undefined) return attribute.values.includes(String(value));
    if (value === OTHER) return true;
    const name = attribute.per === undefined ? `${owner} ${key}` : `${owner} ${key} ${String(parent)}`;
    let admitted = this.#admitted.get(name);
    if (admitted === undefined) {
      admitted = new Set();
      this.#admitted.set(name, admitted);
    }
    if (admitted.has(value)) return true;
    const capName = CAP_NAMES[key];
    const cap = (capName === undefined ? undefined : caps?.[capName]) ?? attribute.cap ?? 0;
    if (admitted.size >= cap) return false;
    admitted.add(value);
    return true;
  }
}
