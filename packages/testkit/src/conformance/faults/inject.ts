import { runtime } from '@tallyman/core';

/** A fault of ours that a test has thrown. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

/** Where a fault is thrown: instead of the work that is guarded there, or when the work is done. */
export interface Fault {
  readonly where: string;
  readonly when: 'before' | 'after';
}

/** What came of some work, and the guarded places that it passed. */
export interface Passed<T> {
  readonly result: T;
  readonly places: readonly string[];
}

/** Runs the work and notes the guarded places that this process passes meanwhile, in the order of their first time. */
export async function passing<T>(work: () => T | Promise<T>): Promise<Passed<T>> {
  const places = new Set<string>();
  const result = await guardedBy((where, guarded) => {
    places.add(where);
    return guarded();
  }, work);
  return { result, places: [...places] };
}

/** Runs the work while each passing of the place fails. */
export function withFault<T>({ where, when }: Fault, work: () => T | Promise<T>): Promise<T> {
  return guardedBy((place, guarded) => {
    if (place !== where) return guarded();
    if (when === 'after') guarded();
    throw new InjectedFault(`${when} ${where}`);
  }, work);
}

async function guardedBy<T>(guard: NonNullable<typeof runtime.guarded>, work: () => T | Promise<T>): Promise<T> {
  runtime.guarded = guard;
  try {
    return await work();
  } finally {
    runtime.guarded = undefined;
  }
}
