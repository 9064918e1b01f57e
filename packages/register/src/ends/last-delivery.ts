import { endIdleCalls } from '@tallyman/ai';
import { logOnce, type MetricProducer, runtime, safely } from '@tallyman/core';
import { settleHeldPurchases } from '@tallyman/webhooks';
import type { LastDelivery } from '../lifecycle.ts';
import type { OtlpTarget } from '../otlp/target.ts';
import type { RunningSdk } from '../sdk.ts';
import { keepFor } from './end-time.ts';
import { flushSynchronously, lost, unanswered } from './flush.ts';
import { canPost } from './post.ts';

/** What the last delivery needs to know of the export. */
export interface Exporting {
  readonly target: OtlpTarget;
  readonly producer: MetricProducer;
  readonly attributes: () => Record<string, string>;
  /** Our running SDK, when there is one. */
  readonly sdk: () => RunningSdk | undefined;
  /** Starts it, unless the application's own reports. */
  readonly start: () => void;
}

/** The ways to deliver over OTLP what has not been delivered when the process ends. */
export function lastDelivery({ target, producer, attributes, sdk, start }: Exporting): LastDelivery {
  const isDelivered = (): boolean => {
    endIdleCalls();
    settleHeldPurchases();
    if (sdk() === undefined && runtime.registry.destination !== undefined) return true;
    if (sdk()?.isSending() !== true) producer.lose();
    return producer.isDelivered;
  };
  const now = (milliseconds: number): boolean => {
    const deadline = performance.now() + milliseconds;
    if (isDelivered()) return true;
    if (!canPost()) {
      say('the last values are lost: start Node with --allow-worker beside --permission, because a thread sends them');
      return false;
    }
    const metrics = producer.produce({ attributes: attributes() });
    const settle = producer.send();
    const hasArrived = metrics.scopeMetrics.length === 0 || flushSynchronously(target, metrics, deadline - performance.now());
    settle(hasArrived);
    return hasArrived;
  };
  if (canPost()) return { now };
  const later = async (milliseconds: number): Promise<void> => {
    if (safely('register.flush', isDelivered) === true) return;
    if (sdk() === undefined) safely('register.start', start);
    const running = sdk();
    if (running === undefined) return;
    isExportingLast = true;
    await keepFor(milliseconds, running.flush());
    isExportingLast = false;
    if (safely('register.flush', isDelivered) !== true) safely('register.flush', () => say(unanswered(target, milliseconds)));
  };
  return { now, later };
}

/** While the process is kept until its last values are exported. */
let isExportingLast = false;

/** Says that an export has failed for this error type when it was that of the last values; tells whether it was. */
export function sayLost(target: OtlpTarget, type: string): boolean {
  const [, protocol, status] = /^(http|grpc)_(\d+)$/.exec(type) ?? [];
  if (!isExportingLast) return false;
  if (status !== undefined) say(lost(target, `${protocol === 'grpc' ? 'grpc status' : 'status'} ${Number(status)}`));
  // Nobody waits as long as an export: that is said of the last values as a whole.
  else if (type !== 'ETIMEDOUT') say(`${lost(target, 'no connection')} (${type})`);
  return true;
}

/** Says what becomes of the last values, unless that or a failed export was said. */
function say(words: string): void {
  if (!runtime.logged.has('export otlp')) logOnce('last values', 'warn', words);
}
