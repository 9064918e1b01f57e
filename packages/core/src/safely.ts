import { selfMetrics } from '@tallyman/catalog';
import { bindMetrics } from './bind-metrics.ts';
import { logOnce } from './log.ts';
import { runtime } from './runtime.ts';

const self = bindMetrics(selfMetrics);
runtime.registry.onCapped ??= (metric, attribute) => {
  if (metric !== selfMetrics.capped.name) self.capped(1, { metric, attribute });
};

/** The recorders of Tallyman's metrics about itself. */
export const selfRecorders = self;

/** The class or code of an error: `code` if it is a short token, else the constructor's name; never its message. */
export function errorType(error: unknown): string {
  if (error === null || (typeof error !== 'object' && typeof error !== 'function')) return '_OTHER';
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && /^[A-Za-z][\w.-]{0,49}$/.test(code)) return code;
  const { name } = error as { name?: unknown };
  const constructorName = (error as object).constructor?.name;
  if (typeof name === 'string' && name !== 'Error' && /^[\w$.]{1,60}$/.test(name)) return name;
  return typeof constructorName === 'string' && constructorName !== '' ? constructorName : '_OTHER';
}

/** Counts a fault of Tallyman's own and logs it once for its place; never throws. */
export function reportFault(where: string, error: unknown): void {
  try {
    self.errors(1, { where });
    const frame =
      error instanceof Error
        ? (error.stack
            ?.split('\n')
            .find((line) => /^\s+at /.test(line))
            ?.trim() ?? '')
        : '';
    logOnce(`fault ${where}`, 'warn', `fault in ${where} (${errorType(error)} ${frame}); the application is not affected, numbers of ${where} may be low`);
  } catch {
    // Nothing may reach the application.
  }
}

/** Runs work of ours inside the application's calls: an exception is counted, logged once, and yields undefined. */
export function safely<T>(where: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    reportFault(where, error);
    return undefined;
  }
}
