import type { Dashboard, GridPos, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { aiMetrics } from '@tallyman/catalog';
import { describe, expect, it } from 'vitest';
import { dashboard, lines } from '../grafana/index.ts';
import { datasource } from '../grafana/query.ts';
import { expression, rate } from '../promql/index.ts';
import { catalogSeries, faultsOf } from '../testing/promql.ts';
import { concrete, dashboards, expressions, panelsOf } from './index.ts';

const known = catalogSeries();

function positions(board: Dashboard): (GridPos & { title: string })[] {
  return (board.panels ?? []).map(({ title = '', gridPos }) => ({ title, ...(gridPos as GridPos) }));
}

function unitOf(panel: Panel): string | undefined {
  const { yAxis } = (panel.options ?? {}) as { yAxis?: { unit?: string } };
  return panel.fieldConfig?.defaults?.unit ?? yAxis?.unit;
}

describe.each(Object.entries(dashboards))('%s', (_, board) => {
  it('fills its lines without overlap', () => {
    const cells = new Map<string, string>();
    for (const { title, x, y, w, h } of positions(board)) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          expect(cells.get(`${column},${row}`), `${title} lies on`).toBeUndefined();
          cells.set(`${column},${row}`, title);
        }
      }
    }
    const bottom = Math.max(...positions(board).map(({ y, h }) => y + h));
    expect(cells.size, 'cells that are filled').toBe(24 * bottom);
  });

  it('gives every panel an id and a title of its own', () => {
    const panels = board.panels ?? [];
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(panels.every(({ id }) => Number.isSafeInteger(id) && Number(id) > 0)).toBe(true);
  });

  it.each(panelsOf(board).map((panel) => [panel.title ?? '', panel] as const))('says what "%s" shows', (_title, panel) => {
    expect(panel.title).toMatch(/^\S.{5,60}$/);
    expect(panel.description).toMatch(/^\S[\s\S]{30,}$/);
    expect(unitOf(panel), 'unit').toBeTruthy();
    expect(panel.fieldConfig?.defaults?.noValue, 'text without data').toBeTruthy();
    expect(panel.datasource).toEqual(datasource);
    expect(panel.targets?.length).toBeGreaterThan(0);
    for (const target of panel.targets ?? []) expect(target).toMatchObject({ datasource });
  });

  it('is provisionable and not editable', () => {
    expect(board).toMatchObject({ schemaVersion: 42, editable: false, timezone: 'browser' });
    expect(board.uid).toMatch(/^[a-z-]{8,40}$/);
    expect(board.description).toContain('npm run generate');
    expect(board.templating?.list?.map(({ name }) => name)).toEqual(['datasource', 'service']);
  });

  it('asks for one number where it shows one number', () => {
    for (const { type, options, targets = [] } of panelsOf(board)) {
      if (type !== 'stat') continue;
      expect(options).toMatchObject({ reduceOptions: { calcs: ['lastNotNull'] } });
      for (const target of targets) expect(target).toMatchObject({ instant: true, range: false });
    }
  });
});

describe('the PromQL of the panels', () => {
  it.each(expressions().map((one) => [`${one.panel} ${one.refId}`, one.promql] as const))('%s reads declared series by declared labels', (_, promql) => {
    expect(faultsOf(concrete(promql, '5m'), known)).toEqual([]);
    expect(promql).toContain('service=~"$service"');
  });

  it('is checked by a check that finds what is wrong', () => {
    expect(faultsOf('sum by (feature) (rate(ai_costs_total[5m]))', known)).toContain('nobody declares the series ai_costs_total');
    expect(faultsOf('sum by (plan) (rate(ai_calls_total{queue="x"}[5m]))', known)).toEqual([
      'ai_calls_total has no label plan',
      'ai_calls_total has no label queue',
    ]);
    expect(faultsOf('sum by (service (rate(ai_calls_total[5m]))', known)).not.toEqual([]);
  });

  it('has its variables replaced for a Prometheus', () => {
    expect(concrete('rate(x{service=~"$service"}[$__rate_interval]) + increase(x[$__range])', '1m')).toBe('rate(x{service=~".+"}[1m]) + increase(x[1m])');
  });
});

describe('the layout', () => {
  it('refuses a line that is too wide', () => {
    const panel = lines({ title: 'Calls', about: 'Calls.', unit: 's', noValue: 'none', queries: [{ expression: rate(aiMetrics.calls) }] });
    const sections = [{ title: 'One', height: 8, lines: [[[25, panel] as const]] }];
    expect(() => dashboard({ uid: 'too-wide', title: 'Too wide', about: 'Too wide.', sections })).toThrow('"Calls" ends beyond column 24');
  });

  it('describes a panel by the metrics that it reads', () => {
    const queries = [{ expression: expression(['feature'], [aiMetrics.calls, aiMetrics.calls], () => 'ai_calls_total') }];
    const { description } = lines({ title: 'Calls', about: 'How many.', unit: 's', noValue: 'none', queries }).build();
    expect(description).toBe(`How many.\n\n**ai.calls**: ${aiMetrics.calls.description} ${aiMetrics.calls.meaning}`);
  });
});
