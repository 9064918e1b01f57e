import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { type InstrumentKind, promLabel, promName } from '@tallyman/catalog';

type Labels = Readonly<Record<string, string>>;
type DataPoint = MetricData['dataPoints'][number];

/** Labels that Prometheus gives a meaning of its own. */
const RESERVED: ReadonlySet<string> = new Set(['le', 'quantile']);

/**
 * The labels that attributes become: names as in the collector, and as the serialiser will leave them. Attributes whose names become one label share it,
 * their values joined by `;` (prometheus/otlptranslator): a label that comes twice would cost the whole page. Values of no kind that OpenTelemetry allows are left out.
 */
export function labelsOf(attributes: Readonly<Record<string, unknown>>): Labels {
  const labels = new Map<string, string>();
  for (const [key, attribute] of Object.entries(attributes)) {
    const value = textOf(attribute);
    const label = labelOf(key);
    // Prometheus does not tell an empty label from none.
    if (label === '' || value === '') continue;
    const before = labels.get(label);
    labels.set(label, before === undefined ? value : `${before};${value}`);
  }
  return Object.fromEntries(labels);
}

/** Labels by key, because each point of each scrape asks for them. Nothing of core is imported here: this file is bundled with the SDK, apart from core. */
const labelNames = new Map<string, string>();
const MAX_NAMES = 1000;

function labelOf(key: string): string {
  let label = labelNames.get(key);
  if (label === undefined) {
    const name = promLabel(key).replace(/_{2,}/g, '_');
    label = RESERVED.has(name) ? `exported_${name}` : name;
    if (labelNames.size < MAX_NAMES) labelNames.set(key, label);
  }
  return label;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? JSON.stringify(value.map((one) => (typeof one === 'bigint' ? String(one) : one))).toWellFormed() : '';
}

/** The families of our own metrics: each name, and each series, is there once. */
export function translate(metric: MetricData, service: string): MetricData {
  return {
    ...renamed(metric),
    dataPoints: metric.dataPoints.map((point) => ({ ...point, attributes: { service, ...labelsOf(point.attributes) } })),
  } as MetricData;
}

/** The families of metrics that others have named: what has a name that is taken by another kind is left out, and series that have become one are summed. */
export function merge(metrics: readonly MetricData[], service: string, taken: ReadonlySet<string>): MetricData[] {
  const families = new Map<string, { readonly metric: MetricData; readonly points: Map<string, DataPoint> }>();
  for (const metric of metrics) {
    const translated = translate(metric, service);
    const { name } = translated.descriptor;
    const family = families.get(name) ?? { metric: translated, points: new Map<string, DataPoint>() };
    if (taken.has(name) || kindOf(family.metric) !== kindOf(translated)) continue;
    families.set(name, family);
    for (const point of translated.dataPoints) {
      const key = JSON.stringify(Object.entries(point.attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
      const known = family.points.get(key);
      family.points.set(key, known === undefined ? point : sum(known, point, translated.dataPointType));
    }
  }
  return [...families.values()].map(({ metric, points }) => ({ ...metric, dataPoints: [...points.values()] }) as MetricData);
}

/** Of a gauge, and of histograms with other buckets, the later one. */
function sum(known: DataPoint, point: DataPoint, type: DataPointType): DataPoint {
  if (type === DataPointType.SUM) return { ...point, value: (known.value as number) + (point.value as number) };
  if (type !== DataPointType.HISTOGRAM) return point;
  const [a, b] = [known.value, point.value] as Histogram[];
  if (a === undefined || b === undefined || a.buckets.boundaries.join() !== b.buckets.boundaries.join()) return point;
  const counts = b.buckets.counts.map((count, index) => count + (a.buckets.counts[index] ?? 0));
  return { ...point, value: { ...b, count: a.count + b.count, sum: (a.sum ?? 0) + (b.sum ?? 0), buckets: { ...b.buckets, counts } } };
}

interface Histogram {
  readonly count: number;
  readonly sum?: number;
  readonly buckets: { readonly boundaries: number[]; readonly counts: number[] };
}

/** The unit is part of the name now; as a comment of its own it would repeat annotations such as {token}. */
function renamed(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  return { ...metric, descriptor: { ...metric.descriptor, name: promName({ name, unit, instrument: kindOf(metric) }), unit: '' } };
}

function kindOf(metric: MetricData): InstrumentKind {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'updowncounter';
  return metric.dataPointType === DataPointType.GAUGE ? 'gauge' : 'histogram';
}
