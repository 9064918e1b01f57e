import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  VisibilityMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { CellValuesBuilder, PanelBuilder as HeatmapBuilder, HeatmapTooltipBuilder, YAxisConfigBuilder } from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { promLabel } from '@tallyman/catalog';
import { fill, lastValue, legend, type PanelContent, type PlaceablePanel, thresholdSteps, tooltip } from './panel.ts';
import { refId } from './query.ts';

/** What a graph may set besides its content. */
export interface GraphContent extends PanelContent {
  /** Areas or bars upon each other: for parts of a whole. */
  readonly stacked?: true;
  /** Upper end of the axis. */
  readonly max?: number;
  /** Colour of the series whose name matches a regular expression. */
  readonly colors?: Readonly<Record<string, string>>;
}

/** Lines over time. */
export function lines(content: GraphContent): PlaceablePanel {
  return graph(content)
    .lineWidth(1)
    .fillOpacity(content.stacked ? 40 : 10)
    .showPoints(VisibilityMode.Never);
}

/** Bars over time, each the number of events of its interval: for rare events, whose rates would hide the first. Query with `perInterval`. */
export function bars(content: GraphContent): PlaceablePanel {
  // A bar must hold several scrapes.
  return graph(content).interval('1m').drawStyle(GraphDrawStyle.Bars).fillOpacity(80).lineWidth(0);
}

function graph(content: GraphContent): TimeseriesBuilder {
  const panel = fill(new TimeseriesBuilder(), content, 'lines')
    .unit(content.unit)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(legend())
    .tooltip(tooltip());
  if (content.stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (content.max !== undefined) panel.max(content.max);
  for (const [pattern, fixedColor] of Object.entries(content.colors ?? {})) {
    panel.overrideByRegexp(pattern, [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor } }]);
  }
  return panel;
}

/** One number a query, at the end of the range. */
export function numbers(content: PanelContent): PlaceablePanel {
  return fill(new StatBuilder(), content, 'once')
    .unit(content.unit)
    .reduceOptions(lastValue())
    .orientation(VizOrientation.Horizontal)
    .textMode(BigValueTextMode.ValueAndName)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .thresholds(thresholdSteps([{ value: null, color: 'text' }]));
}

/** What a table may set besides its content. */
export interface TableContent extends PanelContent {
  /** Attribute by which rows differ, the label of every query, and the title of its column. */
  readonly row: { readonly attribute: string; readonly title: string };
  /** Title of the column that rows are sorted by, largest first. */
  readonly sortedBy: string;
}

/** A row for each value of a label, a column for each query. */
export function table(content: TableContent): PlaceablePanel {
  const { row, queries } = content;
  const label = promLabel(row.attribute);
  const columns = queries.map((_, index) => `Value #${refId(index)}`);
  return fill(new TableBuilder(), content, 'table')
    .unit(content.unit)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries([label, ...columns].map((name, index) => [name, index])),
        renameByName: { [label]: row.title, ...Object.fromEntries(columns.map((name, index) => [name, queries[index]?.name ?? name])) },
      },
    })
    .sortBy([new TableSortByFieldStateBuilder().displayName(content.sortedBy).desc(true)]);
}

/** How measurements spread over the buckets of one histogram, over time; `unit` is that of the axis. */
export function heatmap(content: PanelContent): PlaceablePanel {
  return fill(new HeatmapBuilder(), content, 'heatmap')
    .yAxis(new YAxisConfigBuilder().unit(content.unit))
    .cellValues(new CellValuesBuilder().unit(units.CountsPerSecond))
    .tooltip(new HeatmapTooltipBuilder().yHistogram(true));
}
