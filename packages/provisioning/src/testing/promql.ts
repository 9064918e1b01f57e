import { parser } from '@prometheus-io/lezer-promql';
import { allAliases, allMetrics, type MetricSpec, promLabel, promName } from '@tallyman/catalog';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** Labels by the name of a series. */
export type KnownSeries = ReadonlyMap<string, ReadonlySet<string>>;

/** Every series that the catalog declares, `_bucket`, `_sum` and `_count` of histograms included, with its labels. */
export function catalogSeries(): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  for (const metric of [...allMetrics, ...allAliases] as readonly MetricSpec[]) {
    const labels = ['service', ...Object.keys(metric.attributes).map(promLabel)];
    const name = promName(metric);
    if (metric.instrument !== 'histogram') known.set(name, new Set(labels));
    else for (const suffix of ['_bucket', '_sum', '_count']) known.set(`${name}${suffix}`, new Set(suffix === '_bucket' ? [...labels, 'le'] : labels));
  }
  return known;
}

/** What is wrong with an expression: a syntax error, a series that nobody declares, a label that a series lacks. Empty when all is right. */
export function faultsOf(promql: string, known: KnownSeries): string[] {
  const faults: string[] = [];
  const text = ({ from, to }: { from: number; to: number }) => promql.slice(from, to);
  parser.parse(promql).iterate({
    enter(node) {
      if (node.type.isError) faults.push(`syntax error at ${node.from}: "${promql.slice(Math.max(0, node.from - 20), node.to + 10)}"`);
      if (node.name === 'VectorSelector') faults.push(...selectorFaults(node.node, text, known));
      if (node.name === 'AggregateExpr') faults.push(...groupingFaults(node.node, text, known));
    },
  });
  return faults;
}

type Text = (node: SyntaxNode) => string;

function selectorFaults(selector: SyntaxNode, text: Text, known: KnownSeries): string[] {
  const name = nameOf(selector, text);
  const labels = known.get(name);
  if (labels === undefined) return [`nobody declares the series ${name}`];
  return lacking(name, labels, descendants(selector, 'LabelName').map(text));
}

function groupingFaults(aggregate: SyntaxNode, text: Text, known: KnownSeries): string[] {
  const grouping = aggregate.getChild('AggregateModifier');
  if (grouping === null) return [];
  const wanted = descendants(grouping, 'LabelName').map(text);
  return descendants(aggregate, 'VectorSelector').flatMap((selector) => {
    const name = nameOf(selector, text);
    return lacking(name, known.get(name) ?? new Set(), wanted);
  });
}

function lacking(name: string, labels: ReadonlySet<string>, wanted: readonly string[]): string[] {
  return wanted.filter((label) => !labels.has(label)).map((label) => `${name} has no label ${label}`);
}

function nameOf(selector: SyntaxNode, text: Text): string {
  const identifier = descendants(selector, 'Identifier')[0];
  return identifier === undefined ? '' : text(identifier);
}

function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((child) => {
    if (child.name === name && child.from >= node.from && child.to <= node.to) found.push(child.node);
  });
  return found;
}
