import { featureMetrics } from '@tallyman/catalog';
import { bindMetrics, logOnce, onRequestEnd, runtime, safely, shared } from '@tallyman/core';

declare module '@tallyman/core' {
  interface Configuration {
    /** The id of a request's user, for active users: never a label, and it does not leave the process. */
    readonly user?: ((request: never) => unknown) | undefined;
  }
}

const WINDOWS = { '5m': 300_000, '1h': 3_600_000, '24h': 86_400_000 } as const;
/** Users that are told apart; with more in 24 hours those seen longest ago are forgotten, and the numbers are a lower bound. */
const CAPACITY = 50_000;
/** Ids beyond this, in UTF-16 code units, are told apart by their hash. */
const MAX_ID_LENGTH = 100;

/** Different users by the time when they were last seen. */
export class ActiveUsers {
  /** Ids in the order of their last sight, so that the oldest come first. */
  readonly #lastSeen = new Map<string, number>();

  /** Notes that a user was there; `now` in milliseconds. */
  see(user: string, now: number): void {
    const id = compact(user);
    this.#lastSeen.delete(id);
    this.#lastSeen.set(id, now);
    if (this.#lastSeen.size <= CAPACITY) return;
    const [oldest] = this.#lastSeen.keys();
    if (oldest !== undefined) this.#lastSeen.delete(oldest);
  }

  /** How many were seen in each window that ends now. */
  count(now: number): Readonly<Record<keyof typeof WINDOWS, number>> {
    const counts = { '5m': 0, '1h': 0, '24h': 0 };
    for (const [id, seen] of this.#lastSeen) {
      // A clock that was set back must not keep those whom it saw before active for as long.
      const age = Math.abs(now - seen);
      if (age >= WINDOWS['24h']) this.#lastSeen.delete(id);
      for (const window of Object.keys(WINDOWS) as (keyof typeof WINDOWS)[]) if (age < WINDOWS[window]) counts[window] += 1;
    }
    return counts;
  }
}

/** A promise has no id yet, and one that rejects with nobody to handle it would end the process. */
function refuse(id: Promise<unknown>): void {
  id.catch(() => undefined);
  logOnce('features.user', 'warn', 'user of the configuration gives a promise: active users are not counted; give the id itself');
}

/** A short text of its own for an id: a part of a header would keep the whole header in memory. */
function compact(id: string): string {
  return id.length > MAX_ID_LENGTH ? process.getBuiltinModule('node:crypto').hash('sha256', id) : Buffer.from(id).toString();
}

/** Counts active users when the configuration says whose a request is; the accessor is asked when the response has ended. */
export function startUsers(): void {
  const { user } = runtime.configuration;
  if (user === undefined) return;
  const users = shared('features.users', () => new ActiveUsers());
  const record = bindMetrics(featureMetrics);
  onRequestEnd(({ request }) => {
    safely('features.user', () => {
      const id = user(request as never);
      if ((typeof id === 'string' && id !== '') || typeof id === 'number') users.see(String(id), Date.now());
      else if (id instanceof Promise) refuse(id);
    });
  });
  runtime.beforeRead.add(() => {
    for (const [window, count] of Object.entries(users.count(Date.now()))) record.usersActive.set(count, { window: window as keyof typeof WINDOWS });
  });
}
