/** What the application has done, by the name of the thing. */
export const counts = {};

/** Counts a thing. */
export function count(name, by = 1) {
  counts[name] = (counts[name] ?? 0) + by;
}
