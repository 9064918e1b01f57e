/** An object of JSON whose shape somebody else decides. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value if it is an object, else an empty one. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The objects of the value if it is an array. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** Longest text that is read, in UTF-16 code units: ids, codes and names are shorter, and what is remembered of them must not grow with them. */
const MAX_LENGTH = 500;

/** The value if it is a text that is not empty, and not too long for an id, a code or a name. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH ? value : undefined;
}

/** The value if it is a finite number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The texts among the values, each once. */
export function textsOf(...values: readonly unknown[]): string[] {
  return [...new Set(values.map(textOf).filter((text) => text !== undefined))];
}
