import { type Attribution, currentAttribution, safely, shared, withAttribution } from '@tallyman/core';

declare module '@tallyman/core' {
  interface Attribution {
    /** Set within an AI call that is being measured: what runs below must not measure it again. */
    readonly ownsAiCall?: true | undefined;
  }
}

/**
 * Key of the OpenTelemetry context under which the outermost instrumentation of an inference says that it owns it; `createContextKey(name)` is
 * `Symbol.for(name)`. The semantic conventions ask for such a key and have not named it (open-telemetry/semantic-conventions-genai#475).
 */
export const INFERENCE_OWNER: unique symbol = Symbol.for('gen_ai.inference.owner');
/** Its value in our own calls. It is for others: the context reaches further than the inference, to whatever a client's hooks ask besides. */
const OURS = 'tallyman';

interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
}
interface ContextManager {
  active(): Context;
  with<T>(context: Context, work: () => T): T;
}

const present = shared('ai.ownership', () => ({ isOwned: false }));

/** Whether an outer instrumentation owns the AI call that is being made. */
export function isOwned(): boolean {
  if (present.isOwned || currentAttribution()?.ownsAiCall === true) return true;
  const manager = contextManager();
  const owner = manager && safely('ai.owner', () => manager.active().getValue(INFERENCE_OWNER));
  return owner !== undefined && owner !== OURS;
}

const OWNER: Attribution = { ownsAiCall: true };

/** Runs the work as the one owner of an AI call: in our attribution, and in the OpenTelemetry context when the application has one. */
export function owning<T>(work: () => T): T {
  return inContext(() => withAttribution(OWNER, work));
}

/**
 * The same for work that makes further calls of this inference, if any, before it returns. A context of its own for each call costs several microseconds,
 * as all that the call waits for keeps it.
 */
export function owningForNow<T>(work: () => T): T {
  return inContext(() => {
    const before = present.isOwned;
    present.isOwned = true;
    try {
      return work();
    } finally {
      present.isOwned = before;
    }
  });
}

function inContext<T>(work: () => T): T {
  const manager = contextManager();
  return manager === undefined ? work() : within(manager, work);
}

/** Runs the work once and gives what comes of it, whatever the context manager does: the application has not called it here. */
function within<T>(manager: ContextManager, work: () => T): T {
  let settled: (() => T) | undefined;
  safely('ai.ownership', () => {
    const context = manager.active().setValue(INFERENCE_OWNER, OURS);
    manager.with(context, () => {
      settled = outcomeOf(work);
    });
  });
  return settled === undefined ? work() : settled();
}

function outcomeOf<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The registered context manager, from the global that all copies of `@opentelemetry/api` 1.x share. */
function contextManager(): ContextManager | undefined {
  return safely('ai.context', registered);
}

function registered(): ContextManager | undefined {
  return (globalThis as { [API]?: { context?: ContextManager } })[API]?.context;
}

const API = Symbol.for('opentelemetry.js.api.1');
