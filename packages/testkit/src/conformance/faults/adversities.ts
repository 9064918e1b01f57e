import { type Configuration, channels, runtime } from '@tallyman/core';
import { InjectedFault } from './inject.ts';

/** Something of ours, or that we are given, that fails all the time; begun, it gives the function that ends it. */
export type Adversity = () => () => void;

function fail(): never {
  throw new InjectedFault('adversity');
}

/** Every way to record throws. */
const recorder: Adversity = () => {
  const [instrument] = runtime.registry.instruments();
  const prototype = Object.getPrototypeOf(instrument) as Record<string, unknown>;
  const names = ['record', 'add', 'find', 'set', 'clear'].filter((name) => typeof prototype[name] === 'function');
  const originals = names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor] as const);
  for (const name of names) Object.defineProperty(prototype, name, { configurable: true, writable: true, value: fail });
  return () => {
    for (const [name, descriptor] of originals) Object.defineProperty(prototype, name, descriptor);
  };
};

function configured(configuration: Configuration): Adversity {
  return () => {
    const before = runtime.configuration;
    runtime.configuration = configuration;
    return () => {
      runtime.configuration = before;
    };
  };
}

const refusing = { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail } satisfies ProxyHandler<object>;

/** Throws whatever is read of it. */
const hostile = new Proxy({}, refusing) as Configuration;
/** Has every part, each of which throws whatever is read of it. */
const hostileWithin = new Proxy({}, { get: () => hostile }) as Configuration;

/** A listener on every channel of ours throws. */
const subscribers: Adversity = () => {
  const ends = Object.values(channels).map((channel) => channel.subscribe(fail));
  return () => {
    for (const end of ends) end();
  };
};

/** What may fail beside the guarded places, by name; each must leave the application's result as it is. */
export const adversities: Readonly<Record<string, Adversity>> = {
  'a recorder that throws': recorder,
  'a configuration that throws': configured(hostile),
  'a configuration whose parts throw': configured(hostileWithin),
  'subscribers that throw': subscribers,
};
