// biome-ignore lint/suspicious/noExplicitAny: `unknown` parameters would accept no method of a library
type Call = (this: any, ...args: any[]) => any;
type Around = (this: ThisParameterType<Call>, original: Call, ...args: Parameters<Call>) => ReturnType<Call>;

/** Gives a replacement the name, length and own properties of the original. */
export function keepShape<F extends object>(replacement: F, original: object): F {
  return Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(original));
}

/** Replaces a method, inherited or static, by what `wrap` makes of it. Does nothing where the class has no such method. */
export function replace(target: object, name: string, wrap: (original: Call) => Call): void {
  const original = (target as Record<string, unknown>)[name];
  if (typeof original !== 'function') return;
  const { enumerable = false } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  Object.defineProperty(target, name, { value: keepShape(wrap(original as Call), original), writable: true, configurable: true, enumerable });
}

/** The same by one that is handed the original, bound to the object of the call; for methods that are not called often. */
export function around(target: object, name: string, replacement: Around): void {
  replace(target, name, (original) => {
    return function (this: unknown, ...args) {
      return replacement.call(this, (...passed) => original.apply(this, passed), ...args);
    };
  });
}

/** Calls `after` each time that a value was set through an accessor of the class. */
export function afterSet(target: object, name: string, after: (owner: object) => void): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  const set = descriptor?.set;
  if (set === undefined) return;
  Object.defineProperty(target, name, {
    ...descriptor,
    set(value) {
      set.call(this, value);
      after(this);
    },
  });
}
