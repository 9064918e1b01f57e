/** Hands the object on, so that what extends it adds its private fields to that object. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a subclass's private fields are added to what is returned here, which no other syntax can do
    return object;
  }
}

/** Values that are kept with objects of others. */
export interface Attachments<V> {
  get(object: object): V | undefined;
  set(object: object, value: V): void;
}

/**
 * A WeakMap for objects that live as short as jobs: nobody sees what is kept, and it goes with its object. The value is a private field of the object, because
 * an entry of a WeakMap costs the garbage collector a multiple of such an object.
 */
export function attachments<V>(): Attachments<V> {
  class Attached extends Given {
    #value: V;

    constructor(object: object, value: V) {
      super(object);
      this.#value = value;
    }

    static get(object: object): V | undefined {
      return #value in object ? object.#value : undefined;
    }

    static set(object: object, value: V): void {
      if (#value in object) object.#value = value;
      else new Attached(object, value);
    }
  }
  return Attached;
}
