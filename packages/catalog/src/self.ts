import * as a from './attributes.ts';
import { defineMetrics } from './define.ts';

/** Tallyman about itself: is tracking alive, and what did it leave out. */
export const selfMetrics = defineMetrics('@tallyman/core', {
  patched: {
    name: 'tallyman.instrumentation.patched',
    instrument: 'gauge',
    unit: '{module}',
    description: 'Packages that were found in the application and what came of it.',
    meaning: 'unsupported or failed: calls of this package are not measured.',
    source: 'tallyman',
    attributes: { adapter: a.adapter, version: a.packageVersion, outcome: a.patchOutcome },
  },
  errors: {
    name: 'tallyman.errors',
    instrument: 'counter',
    unit: '{error}',
    description: 'Faults of Tallyman itself, kept away from the application.',
    meaning: 'Any is a bug worth reporting; numbers of that place may be low.',
    source: 'tallyman',
    attributes: { where: { description: 'Place in Tallyman.', cap: 200 } },
  },
  capped: {
    name: 'tallyman.cardinality.capped',
    instrument: 'counter',
    unit: '{value}',
    description: 'Records whose attribute value was beyond its bound and became _OTHER.',
    meaning: 'An attribute has more values than expected: find out which, or raise its cap.',
    source: 'tallyman',
    attributes: { metric: { description: 'Metric.', cap: 200 }, attribute: { description: 'Attribute.', cap: 200 } },
  },
  exportFailures: {
    name: 'tallyman.export.failures',
    instrument: 'counter',
    unit: '{export}',
    description: 'Exports that failed.',
    meaning: 'The collector was away or refused; cumulative values arrive with the next export.',
    source: 'tallyman',
    attributes: { exporter: { description: 'Exporter.', cap: 10 }, 'error.type': a.errorType },
  },
});
