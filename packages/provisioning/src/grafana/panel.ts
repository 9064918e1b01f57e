import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import {
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  type GridPos,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { datasource, describeQueries, type Query, type QueryForm, refId, targets } from './query.ts';

/** What every panel says. */
export interface PanelContent {
  readonly title: string;
  /** What the panel shows and what to do about it; the catalog's words on its metrics follow by themselves. */
  readonly about: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** What stands there when no query gives a series. */
  readonly noValue: string;
  readonly queries: readonly Query[];
}

/** A panel that waits for its place. */
export interface PlaceablePanel extends cog.Builder<Panel> {
  id(id: number): this;
  gridPos(position: GridPos): this;
}

interface Configurable extends PlaceablePanel {
  title(title: string): this;
  description(description: string): this;
  datasource(reference: DataSourceRef): this;
  noValue(text: string): this;
  targets(targets: cog.Builder<cog.Dataquery>[]): this;
  overrideByName(name: string, properties: DynamicConfigValue[]): this;
  overrideByQuery(queryRefId: string, properties: DynamicConfigValue[]): this;
}

/** Writes what every panel says onto a builder, with the queries in the given form and an override for each query that has its own unit or colours. */
export function fill<B extends Configurable>(builder: B, content: PanelContent, form: QueryForm): B {
  const { title, about, noValue, queries } = content;
  builder.title(title).description(describeQueries(about, queries)).datasource(datasource).noValue(noValue).targets(targets(queries, form));
  queries.forEach((query, index) => {
    const properties = overridesOf(query);
    if (form === 'table') builder.overrideByName(query.name ?? '', [...properties, { id: 'noValue', value: '–' }]);
    else if (properties.length > 0) builder.overrideByQuery(refId(index), properties);
  });
  return builder;
}

/** A table's columns have lost their query when overrides apply, so they go by name. */
function overridesOf({ unit, decimals, thresholds }: Query): DynamicConfigValue[] {
  return [
    ...(unit !== undefined ? [{ id: 'unit', value: unit }] : []),
    ...(decimals !== undefined ? [{ id: 'decimals', value: decimals }] : []),
    ...(thresholds !== undefined ? [{ id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: thresholds } }] : []),
  ];
}

/** Colours by value; the first step is `null`, for everything below. */
export function thresholdSteps(steps: readonly Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]);
}

/** Green below 1, orange from it on: any is worth a look. */
export const anyIsWorthALook: readonly Threshold[] = [
  { value: null, color: 'green' },
  { value: 1, color: 'orange' },
];

/** Red below 1: none is the alarm. */
export const noneIsAlarming: readonly Threshold[] = [
  { value: null, color: 'red' },
  { value: 1, color: 'green' },
];

/** A legend below the graph, largest series first where the user sorts. */
export function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true);
}

/** A tooltip that compares all series of a moment, largest first. */
export function tooltip(): VizTooltipOptionsBuilder {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}

/** The last value of each series. */
export function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
}
