/** The value of a key, computed and kept when there is none: `Map.prototype.getOrInsertComputed` (ECMAScript proposal upsert), which Node 24 has not got. */
export function getOrInsertComputed<K, V>(map: Map<K, V>, key: K, compute: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = compute();
    map.set(key, value);
  }
  return value;
}

const MAX_KEPT = 1000;
const MAX_NAME_LENGTH = 200;

/**
 * Whether there is room for what belongs to these names, beside so many that are kept: names that come from outside are many, and long, only when something
 * is wrong, and what belongs to further ones is made each time.
 */
export function hasRoom(kept: number, ...names: readonly (string | undefined)[]): boolean {
  return kept < MAX_KEPT && names.every((name) => name === undefined || (typeof name === 'string' && name.length <= MAX_NAME_LENGTH));
}

/** Gives what belongs to a name, made once for each of the first 1000 that are not longer than 200. */
export function keptByName<V>(make: (name: string) => V): (name: string) => V {
  const kept = new Map<string, V>();
  return (name) => {
    let value = kept.get(name);
    if (value === undefined) {
      value = make(name);
      if (hasRoom(kept.size, name)) kept.set(name, value);
    }
    return value;
  };
}
