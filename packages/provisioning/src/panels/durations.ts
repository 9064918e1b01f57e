import * as units from '@grafana/grafana-foundation-sdk/units';
import { aliases } from '@tallyman/catalog';
import { heatmap, lines } from '../grafana/index.ts';
import { buckets, quantile } from '../promql/index.ts';

/** How long the two features of the guides take: a tail to watch, and the whole picture beside it. */
export const [cvParse, cvParseSpread] = durationOf('CV parsing', aliases.cvParseDuration, 'cv_parse');
/** The same for matching. */
export const [match, matchSpread] = durationOf('Job matching', aliases.aiMatchDuration, 'job_match');

function durationOf(title: string, metric: typeof aliases.cvParseDuration | typeof aliases.aiMatchDuration, feature: string) {
  const content = { unit: units.Seconds, noValue: `no use of the feature ${feature} in this range` };
  return [
    lines({
      ...content,
      title: `${title}: duration`,
      about: 'Half of the uses are faster than p50, 19 of 20 are faster than p95.',
      queries: [
        { name: 'p50', expression: quantile(metric, 0.5) },
        { name: 'p95', expression: quantile(metric, 0.95) },
      ],
    }),
    heatmap({
      ...content,
      title: `${title}: spread`,
      about: 'Uses by duration. Two bands are two kinds of use, such as cached and not.',
      queries: [{ expression: buckets(metric) }],
    }),
  ] as const;
}
