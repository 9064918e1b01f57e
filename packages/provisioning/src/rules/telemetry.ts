import { processMetrics, selfMetrics } from '@tallyman/catalog';
import { above, increase, last, max, oneOf, unless } from '../promql/index.ts';
import type { Alert } from './rule.ts';

/** Alerts on the tracking itself. */
export const telemetryAlerts: readonly Alert[] = [
  {
    name: 'TelemetryStopped',
    expression: unless(last(processMetrics.memoryUsage, { by: ['service'], over: '1h' }), max(processMetrics.memoryUsage, { by: ['service'] })),
    for: '5m',
    severity: 'page',
    area: 'telemetry',
    summary: '{{ $labels.service }} has stopped reporting',
    description: 'No process of it reports any more, and one did within the hour: it is down, runs without the preload, or cannot reach the collector.',
  },
  {
    name: 'PackageNotMeasured',
    expression: above(max(selfMetrics.patched, { by: ['service', 'adapter', 'version'], where: { outcome: oneOf('unsupported', 'failed') } }), 0),
    for: '10m',
    severity: 'ticket',
    area: 'telemetry',
    summary: 'Calls of {{ $labels.adapter }} {{ $labels.version }} in {{ $labels.service }} are not measured',
    description: 'The installed version is outside the supported range, or could not be patched. All figures that rest on it are too low.',
  },
  {
    name: 'CardinalityCapped',
    expression: above(increase(selfMetrics.capped, { by: ['service', 'metric', 'attribute'], over: '1h' }), 0),
    for: '5m',
    severity: 'ticket',
    area: 'telemetry',
    summary: '{{ $labels.attribute }} of {{ $labels.metric }} has more values than its cap in {{ $labels.service }}',
    description: 'Further values are counted as _OTHER: sums stay right, their breakdown does not. Find what makes the values, or raise the cap.',
  },
];
