import { queueMetrics } from '@tallyman/catalog';
import { above, increase, max, oneOf, sum, unless } from '../promql/index.ts';
import type { Alert } from './rule.ts';

const by = ['queue.name'] as const;
const waiting = above(max(queueMetrics.depth, { by, where: { state: oneOf('waiting', 'prioritized') } }), 0);
const finished = above(increase(queueMetrics.jobDuration, { by, over: '15m' }), 0);
// Of processes that are alive: a worker that died leaves its job in the queue's own count of active ones.
const running = above(sum(queueMetrics.jobsActive, { by }), 0);

/** Alerts on job queues. */
export const queueAlerts: readonly Alert[] = [
  {
    name: 'QueueStuck',
    expression: unless(unless(waiting, finished), running),
    for: '10m',
    severity: 'page',
    area: 'queue',
    summary: '{{ $value }} jobs wait in {{ $labels.queue_name }} and no worker takes them',
    description: 'No attempt ended in a quarter of an hour and none is running: the workers are gone, paused or cut off from the queue.',
  },
  {
    name: 'QueueOldestJobAge',
    expression: above(max(queueMetrics.oldestJobAge, { by }), 600),
    for: '5m',
    severity: 'ticket',
    area: 'queue',
    summary: 'The oldest job of {{ $labels.queue_name }} has waited for {{ $value | humanizeDuration }}',
    description: 'Jobs come faster than workers finish them, or the head of the queue is stuck. Compare what is added with what is finished.',
  },
  {
    name: 'QueueJobsFailed',
    expression: above(increase(queueMetrics.failures, { by: ['service', 'queue.name'], over: '15m' }), 0),
    for: '1m',
    severity: 'ticket',
    area: 'queue',
    summary: '{{ $value | humanize }} jobs of {{ $labels.queue_name }} failed for good in a quarter of an hour',
    description: 'All attempts are used up: this work will not be done unless somebody acts. The class of error is on the dashboard.',
  },
];
