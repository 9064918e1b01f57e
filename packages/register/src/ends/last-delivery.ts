import { endIdleCalls } from '@tallyman/ai';
import { logOnce, type MetricProducer, runtime, safely } from '@tallyman/core';
import { settleHeldPurchases } from '@tallyman/webhooks';
import type { LastDelivery } from '../lifecycle.ts';
import type { OtlpTarget } from '../otlp/target.ts';
import type { RunningSdk } from '../sdk.ts';
import { keepFor } from './end-time.ts';
import { flushSynchronously, unanswered } from './flush.ts';
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
    const deadline = performance.now() + milliseconds;
    // The first time may only wait for an export that was on its way, and that knew nothing of the newest values.
    for (let time = 0; time < 2 && running !== undefined && safely('register.flush', isDelivered) !== true; time++) {
      await keepFor(Math.max(deadline - performance.now(), 0), running.flush());
    }
    if (running !== undefined && safely('register.flush', isDelivered) !== true) safely('register.flush', () => say(unanswered(target, milliseconds)));
  };
  return { now, later };
}

/** Says what becomes of the last values, unless that or a failed export was said. */
function say(words: string): void {
  if (!runtime.logged.has('export otlp')) logOnce('last values', 'warn', words);
}
