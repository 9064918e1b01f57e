import { writeLine } from './early/index.ts';
import { runtime } from './runtime.ts';

/** What `OTEL_LOG_LEVEL` may hold, in any case, from nothing to everything (sdk-node 0.301). */
export const LEVELS = ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'] as const;

/** Longest line, in UTF-16 code units: a line may name a value that somebody else has set. */
const MAX_LENGTH = 1000;
/** Keys of lines that are said once; what would be the next is not said at all. */
const MAX_KEYS = 1000;

function threshold(): number {
  const level = LEVELS.indexOf((process.env.OTEL_LOG_LEVEL ?? 'info').trim().toLowerCase() as (typeof LEVELS)[number]);
  return level === -1 ? LEVELS.indexOf('info') : level;
}

/** Writes one line to stderr, prefixed `[tallyman] `, when `OTEL_LOG_LEVEL` (info unless set) lets its level through. */
export function log(level: 'error' | 'warn' | 'info' | 'debug', line: string): void {
  if (LEVELS.indexOf(level) > threshold()) return;
  writeLine(line.slice(0, MAX_LENGTH).replace(/[\s\p{Cc}]+/gu, ' '));
}

/** Writes a line once per process for its key, and again only after `everyMs` when that is given. */
export function logOnce(key: string, level: 'error' | 'warn' | 'info', line: string, everyMs = Number.POSITIVE_INFINITY): void {
  const last = runtime.logged.get(key);
  const now = Date.now();
  // A clock that was set back must not silence a line for as long.
  if (last === undefined ? runtime.logged.size >= MAX_KEYS : Math.abs(now - last) < everyMs) return;
  runtime.logged.set(key, now);
  log(level, line);
}
