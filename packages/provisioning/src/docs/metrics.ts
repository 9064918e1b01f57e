import { type AliasSpec, type Attribute, allAliases, groups, type Metric, type MetricSpec, promLabel, promName } from '@tallyman/catalog';
import { code, markdownTable } from './markdown.ts';

const TITLES: Readonly<Record<keyof typeof groups, string>> = {
  ai: 'AI calls',
  webhooks: 'Webhooks and payments',
  queues: 'Job queues',
  http: 'HTTP server',
  features: 'Features and users',
  process: 'Process',
  self: 'Tallyman itself',
};

const SOURCES: Readonly<Record<MetricSpec['source'], string>> = { semconv: 'OpenTelemetry', guide: 'KPI guides', tallyman: 'Tallyman' };

/** The tables of docs/metrics.md: every metric of the catalog with its attributes, group by group, then the aliases. */
export function metricTables(): string {
  const sections = Object.entries(groups).map(([key, group]) => groupSection(TITLES[key as keyof typeof groups], Object.values(group)));
  return [...sections, aliasSection()].join('\n\n');
}

function groupSection(title: string, metrics: readonly Metric[]): string {
  const rows = metrics.map((metric) => [
    code(metric.name),
    code(seriesName(metric)),
    kind(metric),
    Object.entries(metric.attributes).map(attributeName).join(', '),
    bucketList(metric),
    SOURCES[metric.source],
    `${metric.description} _${metric.meaning}_`,
  ]);
  const head = ['Instrument', 'Prometheus', 'Type, unit', 'Attributes', 'Buckets', 'Source', 'Meaning'];
  const attributes = attributeRows(metrics);
  const attributeHead = ['Attribute', 'Label', 'Values', 'Meaning'];
  return [
    `### ${title}`,
    `Scope ${code(metrics[0]?.scope ?? '')}.`,
    markdownTable(head, rows),
    ...(attributes.length > 0 ? [markdownTable(attributeHead, attributes)] : []),
  ].join('\n\n');
}

/** Histograms have three series a label set; the table names the stem. */
function seriesName(metric: MetricSpec): string {
  return metric.instrument === 'histogram' ? `${promName(metric)}_{bucket,sum,count}` : promName(metric);
}

function kind({ instrument, unit }: MetricSpec): string {
  const name = instrument === 'updowncounter' ? 'up-down counter' : instrument;
  return unit === '' ? name : `${name}, ${code(unit)}`;
}

function attributeName([name, { optional }]: [string, Attribute]): string {
  return optional ? `[${code(name)}]` : code(name);
}

function bucketList({ buckets = [] }: MetricSpec): string {
  return buckets.join(' ');
}

interface Declared {
  readonly name: string;
  readonly attribute: Attribute;
  readonly metrics: string[];
}

/** One row for each attribute; a name that metrics of the group declare differently gets one for each declaration, with their names. */
function attributeRows(metrics: readonly Metric[]): string[][] {
  const declared: Declared[] = [];
  for (const metric of metrics) {
    for (const [name, attribute] of Object.entries(metric.attributes)) {
      const same = declared.find((one) => one.name === name && one.attribute.description === attribute.description);
      if (same) same.metrics.push(metric.name);
      else declared.push({ name, attribute, metrics: [metric.name] });
    }
  }
  return declared.map(({ name, attribute, metrics: owners }) => {
    const ambiguous = declared.filter((one) => one.name === name).length > 1;
    return [`${code(name)}${ambiguous ? ` of ${owners.map(code).join(', ')}` : ''}`, code(promLabel(name)), bound(attribute), attribute.description];
  });
}

function bound({ values, cap, per }: Attribute): string {
  if (values) return values.map(code).join(', ');
  return cap === undefined ? 'open' : `at most ${cap}${per === undefined ? '' : ` for each ${code(per)}`}, then ${code('_OTHER')}`;
}

function aliasSection(): string {
  const rows = allAliases.map((alias) => [
    code(alias.instrument === 'histogram' ? `${alias.name}_{bucket,sum,count}` : alias.name),
    kind(alias),
    origin(alias),
    Object.entries(alias.labels)
      .map(([label, attribute]) => (label === promLabel(attribute) ? code(label) : `${code(label)} = ${code(attribute)}`))
      .join(', '),
    bucketList(alias),
    `${alias.description} _${alias.meaning}_`,
  ]);
  return [
    '### Aliases',
    'Second names, as the KPI guides write them. They are computed from the metrics above when values are read, and cost nothing to record.',
    markdownTable(['Prometheus', 'Type, unit', 'Computed from', 'Labels', 'Buckets', 'Meaning'], rows),
  ].join('\n\n');
}

function origin({ from, where = {}, take }: AliasSpec): string {
  const conditions = Object.entries(where).map(([attribute, value]) => `${code(attribute)} is ${code(String(value))}`);
  const sources = from.map(({ name }) => code(name)).join(' + ');
  return `${take === 'count' ? 'number of measurements of ' : ''}${sources}${conditions.length > 0 ? `, where ${conditions.join(' and ')}` : ''}`;
}
