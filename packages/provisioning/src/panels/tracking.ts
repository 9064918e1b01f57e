import * as units from '@grafana/grafana-foundation-sdk/units';
import { processMetrics, selfMetrics } from '@tallyman/catalog';
import { anyIsWorthALook, noneIsAlarming, numbers } from '../grafana/index.ts';
import { count, increase, oneOf, sum, zeroWhile } from '../promql/index.ts';

/** How many processes report: every one reports its memory, whatever else it does. */
export const reportingProcesses = count(processMetrics.memoryUsage);

/** Is tracking alive? */
export const tracking = numbers({
  title: 'Tracking',
  about: 'Whether the other numbers can be believed: processes that report now, packages whose calls are not measured, faults and failed exports in the range.',
  unit: units.LocaleFormat,
  noValue: 'none: nothing arrives',
  queries: [
    { name: 'Processes reporting', expression: reportingProcesses, decimals: 0, thresholds: noneIsAlarming },
    ...[
      { name: 'Packages not measured', expression: sum(selfMetrics.patched, { where: { outcome: oneOf('unsupported', 'failed') } }) },
      { name: 'Faults of Tallyman', expression: increase(selfMetrics.errors) },
      { name: 'Failed exports', expression: increase(selfMetrics.exportFailures) },
    ].map(({ name, expression }) => ({ name, expression: zeroWhile(reportingProcesses, expression), decimals: 0, thresholds: anyIsWorthALook })),
  ],
});
