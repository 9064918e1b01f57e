import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { overview } from './overview.ts';

export { overview };

/** Every dashboard by the name of its file in `grafana/dashboards`. */
export const dashboards: Readonly<Record<string, Dashboard>> = { 'overview.json': overview };

/** One query of a dashboard, as Grafana sends it but for the variables in it. */
export interface DashboardExpression {
  readonly dashboard: string;
  readonly panel: string;
  readonly refId: string;
  /** With `$__rate_interval`, `$__interval`, `$__range` and `$service` still in it: `concrete` replaces them. */
  readonly promql: string;
}

/** The PromQL of every panel of every dashboard. */
export function expressions(): DashboardExpression[] {
  return Object.values(dashboards).flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ title = '', targets = [] }) =>
      targets.map((target) => {
        const { refId = '', expr = '' } = target as { refId?: string; expr?: string };
        return { dashboard: dashboard.title ?? '', panel: title, refId, promql: expr };
      }),
    ),
  );
}

/** The panels of a dashboard that show something: all but the headings. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row');
}

/** PromQL that a Prometheus understands: `$__range`, `$__rate_interval` and `$__interval` become the given duration, `$service` every service. */
export function concrete(promql: string, range: string): string {
  return promql.replaceAll(/\$__(?:range|rate_interval|interval)\b/g, range).replaceAll('$service', '.+');
}
