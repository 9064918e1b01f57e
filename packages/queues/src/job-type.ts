import { OTHER } from '@tallyman/catalog';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** Hexadecimal runs of eight and more that hold a digit: hashes and object ids, not words. */
const HEXADECIMAL = /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/gi;
const DIGITS = /\d+/g;

/** Names that were asked for lately, which is always for most applications; the bound is for those that put ids into them. */
const MAX_KNOWN = 500;
const MAX_LENGTH = 200;
const known = new Map<string, string>();

/**
 * A job's name as its type: ids in it become `#` (`resize-8213` is `resize-#`), because names such as `<Name>-${id}` are common and have no bound. A job
 * without one, as BullMQ makes when the job's own data are gone, has `_OTHER`.
 */
export function jobType(name: unknown): string {
  if (typeof name !== 'string') return OTHER;
  let type = known.get(name);
  if (type !== undefined) return type;
  type = typeOf(name);
  if (known.size >= MAX_KNOWN) known.clear();
  if (name.length <= MAX_LENGTH) known.set(name, type);
  return type;
}

function typeOf(name: string): string {
  return name.replace(UUID, '#').replace(HEXADECIMAL, '#').replace(DIGITS, '#');
}
