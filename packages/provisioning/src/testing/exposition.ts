import { type Attribute, allAliases, allMetrics, type MetricSpec, promLabel, promName } from '@tallyman/catalog';

/** Values of open attributes that panels ask for by name; every other one gets `some`. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  feature: ['cv_parse', 'job_match'],
  currency: ['usd', 'eur'],
  'http.response.status_code': ['200', '500'],
};

/** Everything that the catalog declares, as an application serves it to Prometheus: each closed attribute with each of its values, all counts at `value`. */
export function exposition(value: number): string {
  return ([...allMetrics, ...allAliases] as readonly MetricSpec[])
    .flatMap((metric) => [`# TYPE ${promName(metric)} ${typeOf(metric)}`, ...series(metric, value)])
    .join('\n');
}

function typeOf({ instrument }: MetricSpec): string {
  return instrument === 'updowncounter' ? 'gauge' : instrument;
}

function series(metric: MetricSpec, value: number): string[] {
  const name = promName(metric);
  return labelSets(metric.attributes).flatMap((labels) => {
    if (metric.instrument !== 'histogram') return [`${name}{${labels}} ${value}`];
    const buckets = [...(metric.buckets ?? []), '+Inf'].map((bound) => `${name}_bucket{${labels},le="${bound}"} ${value}`);
    return [...buckets, `${name}_sum{${labels}} ${value}`, `${name}_count{${labels}} ${value}`];
  });
}

/** One set in which every attribute has its first value, and one more for each further value of each attribute. */
function labelSets(attributes: Readonly<Record<string, Attribute>>): string[] {
  const choices = Object.entries(attributes).map(([name, { values }]) => ({ label: promLabel(name), values: values ?? ASKED[name] ?? ['some'] }));
  const first = choices.map(({ values }) => values[0] ?? '');
  const sets = [first, ...choices.flatMap(({ values }, index) => values.slice(1).map((other) => first.with(index, other)))];
  return sets.map((set) => ['service="synthetic"', ...set.map((one, index) => `${choices[index]?.label}=${JSON.stringify(one)}`)].join(','));
}
