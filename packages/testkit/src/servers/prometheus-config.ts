/** What the copy of the repository's `prometheus.yml` has in place of the original's. */
export interface PrometheusReplacements {
  /** `host:port` of whatever serves the applications' metrics: the collector, or applications themselves. */
  readonly applications: readonly string[];
  /** `host:port` of the collector's metrics about itself; nothing is scraped when it is undefined. */
  readonly collector: string | undefined;
  /** `host:port` of Prometheus itself. */
  readonly prometheus: string;
  /** Durations in Prometheus's notation, for instance `1s`. */
  readonly scrapeInterval: string;
  readonly evaluationInterval: string;
  /** The absolute pattern of the rule files. */
  readonly rules: string;
}

/**
 * The repository's `prometheus.yml` for other addresses: a copy, because Prometheus reads no environment variables.
 *
 * Only what `PrometheusReplacements` names is replaced, as text. Throws when the original lacks one of the places, so that
 * an edit of the original cannot leave a copy that silently scrapes nothing.
 */
export function derivePrometheusConfig(original: string, replacements: PrometheusReplacements): string {
  const list = (addresses: readonly string[]) => `targets: ${JSON.stringify(addresses)}`;
  const places: [from: string, to: string][] = [
    [list(['collector:8889']), list(replacements.applications)],
    [list(['collector:8888']), list(replacements.collector === undefined ? [] : [replacements.collector])],
    [list(['localhost:9090']), list([replacements.prometheus])],
    ['scrape_interval: 15s', `scrape_interval: ${replacements.scrapeInterval}`],
    ['evaluation_interval: 15s', `evaluation_interval: ${replacements.evaluationInterval}`],
    ['- rules/*.yaml', `- ${JSON.stringify(replacements.rules)}`],
  ];
  return places.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`prometheus.yml has no "${from}"`);
    return text.replace(from, () => to);
  }, original);
}
