const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** Hexadecimal runs of eight and more that hold a digit: hashes and object ids, not words. */
const HEXADECIMAL = /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/gi;
const DIGITS = /\d+/g;

/** A job's name as its type: ids in it become `#` (`resize-8213` is `resize-#`), because names such as `<Name>-${id}` are common and have no bound. */
export function jobType(name: string): string {
  return name.replace(UUID, '#').replace(HEXADECIMAL, '#').replace(DIGITS, '#');
}
