import { type Configuration, channels, runtime } from '@tallyman/core';

/** Something of ours, or that we are given, that fails all the time by calling `fail`, which throws; begun, it gives the function that ends it. */
export type Adversity = (fail: () => never) => () => void;

/** Every way to record throws: all methods of instruments. */
const recorder: Adversity = (fail) => {
  const [instrument] = runtime.registry.instruments();
  const prototype = Object.getPrototypeOf(instrument) as object;
  const { constructor: _constructor, ...members } = Object.getOwnPropertyDescriptors(prototype);
  const methods = Object.entries<PropertyDescriptor>(members).filter(([, { value }]) => typeof value === 'function');
  for (const [name, descriptor] of methods) Object.defineProperty(prototype, name, { ...descriptor, value: fail });
  return () => {
    for (const [name, descriptor] of methods) Object.defineProperty(prototype, name, descriptor);
  };
};

function configured(configuration: (fail: () => never) => object): Adversity {
  return (fail) => {
    const before = runtime.configuration;
    runtime.configuration = configuration(fail) as Configuration;
    return () => {
      runtime.configuration = before;
    };
  };
}

/** Throws whatever is read of it. */
function hostile(fail: () => never): object {
  return new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail });
}

/** Has every part, each of which throws whatever is read of it. */
function hostileWithin(fail: () => never): object {
  const part = hostile(fail);
  return new Proxy({}, { get: () => part });
}

/** A listener on every channel of ours throws. */
const subscribers: Adversity = (fail) => {
  const ends = Object.values(channels).map((channel) => channel.subscribe(fail));
  return () => {
    for (const end of ends) end();
  };
};

/** What may fail beside the guarded places, by name; each must leave the application's result as it is. */
export const adversities = {
  'a recorder that throws': recorder,
  'a configuration that throws': configured(hostile),
  'a configuration whose parts throw': configured(hostileWithin),
  'subscribers that throw': subscribers,
} as const satisfies Readonly<Record<string, Adversity>>;
