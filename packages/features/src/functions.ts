import { resolve } from 'node:path';
import { hookFunction, runtime } from '@tallyman/core';
import { feature } from './use.ts';

/** Wraps the functions that the configuration names, whenever their files are loaded: each call is a use. */
export function startFunctionFeatures(): void {
  const { features = {}, directory = process.cwd() } = runtime.configuration;
  for (const [name, { functions = [] }] of Object.entries(features)) {
    for (const named of functions) {
      const at = named.lastIndexOf('#');
      hookFunction(resolve(directory, named.slice(0, at)), named.slice(at + 1), (original) => wrap(name, original));
    }
  }
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** The wrapped function keeps name, length, `this`, own properties, and being a constructor. */
function wrap(name: string, original: AnyFunction): AnyFunction {
  return new Proxy(original, { apply: (target, self, args: unknown[]) => feature(name, () => Reflect.apply(target, self, args)) });
}
