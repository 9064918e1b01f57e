// biome-ignore lint/suspicious/noExplicitAny: methods of any library are wrapped
type Method = (this: any, ...args: any[]) => any;

/** Replaces a method by one that calls the original; name, length and own properties stay. Does nothing where the class has no such method. */
export function wrapMethod(target: object, name: string, wrap: (original: Method) => Method): void {
  const original = (target as Record<string, unknown>)[name];
  if (typeof original !== 'function') return;
  const wrapped = wrap(original as Method);
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
  const { enumerable = false } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  Object.defineProperty(target, name, { value: wrapped, writable: true, configurable: true, enumerable });
}

/** Calls `after` with each value that is set through an accessor of the class. */
export function wrapSetter(target: object, name: string, after: (owner: object, value: unknown) => void): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  const set = descriptor?.set;
  if (set === undefined) return;
  Object.defineProperty(target, name, {
    ...descriptor,
    set(value) {
      set.call(this, value);
      after(this, value);
    },
  });
}
