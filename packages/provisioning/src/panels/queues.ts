import * as units from '@grafana/grafana-foundation-sdk/units';
import { queueMetrics } from '@tallyman/catalog';
import { bars, lines } from '../grafana/index.ts';
import { max, oneOf, perInterval, quantile, rate, ratio, sum, times } from '../promql/index.ts';

const by = ['queue.name'] as const;
const noValue = 'no job queue reports in this range';

/** What piles up. */
export const queueDepth = lines({
  title: 'Jobs in queues, by state',
  about: 'What is not finished yet.',
  unit: units.Short,
  noValue,
  queries: [
    {
      expression: max(queueMetrics.depth, {
        by: ['queue.name', 'state'],
        where: { state: oneOf('waiting', 'prioritized', 'active', 'delayed', 'waiting_children', 'paused', 'blocked') },
      }),
    },
  ],
});

/** How late the work is. */
export const oldestJobAge = lines({
  title: 'Oldest waiting job',
  about: 'By queue.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: max(queueMetrics.oldestJobAge, { by }) }],
});

/** How busy the workers are. */
export const queueSaturation = lines({
  title: 'Workers busy',
  about: 'Running jobs as a share of what the workers of all processes may run at a time. At 100 % waiting jobs wait for each other.',
  unit: units.PercentUnit,
  noValue: 'no worker reports in this range',
  max: 1,
  queries: [{ expression: ratio(sum(queueMetrics.jobsActive, { by }), sum(queueMetrics.concurrency, { by })) }],
});

/** How late jobs start. */
export const jobWait = lines({
  title: 'Wait of jobs, p95 by queue',
  about: '19 of 20 jobs start sooner.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: quantile(queueMetrics.jobWait, 0.95, { by }) }],
});

/** How long jobs run. */
export const jobDuration = lines({
  title: 'Run time of jobs, p95 by queue and type',
  about: '19 of 20 attempts end sooner.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: quantile(queueMetrics.jobDuration, 0.95, { by: ['queue.name', 'job.type'] }) }],
});

/** Work done. */
export const jobAttempts = lines({
  title: 'Job attempts, by outcome',
  about: 'Attempts per minute.',
  unit: units.CountsPerMinute,
  noValue,
  stacked: true,
  colors: { '.* error$': 'red', '.* retry$': 'orange' },
  queries: [{ expression: times(60, rate(queueMetrics.jobDuration, { by: ['queue.name', 'outcome'] })) }],
});

/** Work that will not be done. */
export const jobFailures = bars({
  title: 'Jobs failed for good, by class of error',
  about: 'After the last attempt.',
  unit: units.Short,
  noValue: 'no job failed for good in this range',
  stacked: true,
  queries: [{ expression: perInterval(queueMetrics.failures, { by: ['queue.name', 'error.type'] }) }],
});

/** What hides until attempts run out. */
export const jobTrouble = bars({
  title: 'Jobs retried and stalled',
  about: 'A first sign of trouble: nothing is lost yet.',
  unit: units.Short,
  noValue,
  stacked: true,
  queries: [
    { name: 'retried', expression: perInterval(queueMetrics.retries, { by }) },
    { name: 'stalled', expression: perInterval(queueMetrics.stalled, { by }) },
  ],
});

/** In against out. */
export const jobsInAndOut = lines({
  title: 'Jobs added and finished',
  about: 'Per minute. More in than out for long is a growing backlog.',
  unit: units.CountsPerMinute,
  noValue,
  queries: [
    { name: 'added', expression: times(60, rate(queueMetrics.jobsEnqueued, { by })) },
    { name: 'finished', expression: times(60, rate(queueMetrics.jobDuration, { by, where: { outcome: oneOf('ok', 'error') } })) },
  ],
});
