import { OTHER, selfMetrics } from '@tallyman/catalog';
import { bindMetrics } from './bind-metrics.ts';
import { logOnce } from './log.ts';
import { runtime } from './runtime.ts';

const self = bindMetrics(selfMetrics);
runtime.registry.onCapped ??= (metric, attribute) => {
  if (metric !== selfMetrics.capped.name) self.capped(1, { metric, attribute });
};

/** The recorders of Tallyman's metrics about itself. */
export const selfRecorders = self;

/** A short token, which no message and no sentence is. */
const CODE = /^[A-Za-z][\w.-]{0,49}$/;
/** A name as JavaScript has them, with dots between. */
const NAME = /^[\p{ID_Continue}$.]{1,60}$/u;

/** The class or code of an error: `code` if it is a short token, else its name, else the constructor's; never its message, and never throws. */
export function errorType(error: unknown): string {
  try {
    return codeOrName(error) ?? OTHER;
  } catch {
    // The application's errors may have getters, or be proxies, that throw.
    return OTHER;
  }
}

function codeOrName(error: unknown): string | undefined {
  if (error === null || (typeof error !== 'object' && typeof error !== 'function')) return undefined;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && CODE.test(code)) return code;
  if (typeof name === 'string' && name !== 'Error' && NAME.test(name)) return name;
  const constructorName: unknown = (error as object).constructor?.name;
  return typeof constructorName === 'string' && NAME.test(constructorName) ? constructorName : undefined;
}

/** Counts a fault of Tallyman's own and logs it once for its place; never throws. */
export function reportFault(where: string, error: unknown): void {
  try {
    self.errors(1, { where });
    logOnce(
      `fault ${where}`,
      'warn',
      `fault in ${where} (${errorType(error)} ${frameOf(error)}); the application is not affected, numbers of ${where} may be low`,
    );
  } catch {
    // Nothing may reach the application.
  }
}

/** Where it was thrown. The message comes first in a stack and may look like anything, so nothing is taken of a stack that does not begin with it. */
function frameOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const stack = String(error.stack);
  const name = /^[^\n:]*/.exec(stack)?.[0] ?? '';
  const title = error.message === '' ? name : `${name}: ${error.message}`;
  if (!stack.startsWith(`${title}\n`)) return '';
  return /^ +at .*:\d+:\d+\)?$/m.exec(stack.slice(title.length))?.[0].trim() ?? '';
}

/** Runs work of ours inside the application's calls: an exception is counted, logged once for its place, and yields undefined. */
export function safely<T>(where: string, work: () => T): T | undefined;
/** The same for places where a closure would cost too much: the work is handed its subject, and one thing more. */
export function safely<T, A, B = undefined>(where: string, work: (subject: A, more: B) => T, subject: A, more?: B): T | undefined;
export function safely<T, A, B>(where: string, work: (subject: A, more: B) => T, subject?: A, more?: B): T | undefined {
  try {
    const { guarded } = runtime;
    return guarded === undefined ? work(subject as A, more as B) : within(guarded, where, work, subject as A, more as B);
  } catch (error) {
    reportFault(where, error);
    return undefined;
  }
}

/** Apart, because a function that has a closure in it pays for what the closure may need whether or not it is made. */
function within<T, A, B>(guarded: NonNullable<typeof runtime.guarded>, where: string, work: (subject: A, more: B) => T, subject: A, more: B): T {
  return guarded(where, () => work(subject, more)) as T;
}
