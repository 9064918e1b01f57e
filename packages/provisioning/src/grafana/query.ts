import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import type { Threshold } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { type AnyExpression, dashboardScope, legendOf, type Queryable } from '../promql/index.ts';

/** The dashboard's variable that says which Prometheus answers. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts its variable in here, and no template literal does
export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** One query of a panel. */
export interface Query {
  /** Stands before the labels in the legend; the column's title in a table. */
  readonly name?: string;
  readonly expression: AnyExpression;
  /** Grafana's name of the unit, where it differs from the panel's. */
  readonly unit?: string;
  readonly decimals?: number;
  /** Colours by value, in the unit; the first step is `null`, for everything below. */
  readonly thresholds?: readonly Threshold[];
}

/** How queries are asked: over the range as lines or a heatmap, or once, at the range's end. */
export type QueryForm = 'lines' | 'heatmap' | 'once' | 'table';

/** The letter by which a panel refers to its query. */
export function refId(index: number): string {
  return String.fromCharCode(65 + index);
}

/** Queries as Grafana's targets, in the scope of a dashboard. */
export function targets(queries: readonly Query[], form: QueryForm): cog.Builder<cog.Dataquery>[] {
  return queries.map(({ name, expression }, index) => {
    const target = new DataqueryBuilder().refId(refId(index)).datasource(datasource).expr(expression.render(dashboardScope));
    if (form === 'heatmap') return target.range().format(PromQueryFormat.Heatmap).legendFormat('{{le}}');
    if (form === 'table')
      return target
        .instant()
        .format(PromQueryFormat.Table)
        .legendFormat(name ?? '');
    const legend = [name, legendOf(expression)].filter(Boolean).join(' ');
    return (form === 'once' ? target.instant() : target.range()).legendFormat(legend);
  });
}

/** What a panel shows, in markdown: its own sentence, then what the catalog says of every metric behind it. */
export function describeQueries(about: string, queries: readonly Query[]): string {
  const metrics = new Set<Queryable>(queries.flatMap(({ expression }) => expression.metrics));
  return [about, ...[...metrics].map(({ name, description, meaning }) => `**${name}**: ${description} ${meaning}`)].join('\n\n');
}
