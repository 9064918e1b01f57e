/** A page in Prometheus's text format: `[series, value]` by its text, such as `ai_calls_total{outcome="ok"}`. */
export function parsePage(text) {
  const series = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    // A collector appends no time stamp, and nor do we: the value is what follows the last space.
    const space = line.lastIndexOf(' ');
    series.set(line.slice(0, space), Number(line.slice(space + 1).replace('Inf', 'Infinity')));
  }
  return series;
}

/** The sum of the series of that name with these labels, a missing label being the empty one; 0 when there is none. */
export function sumOf(page, name, labels = {}) {
  const wanted = Object.entries(labels);
  let sum = 0;
  for (const [series, value] of page) {
    if (!series.startsWith(`${name}{`)) continue;
    if (wanted.every(([key, text]) => (text === '' ? !series.includes(`${key}="`) || series.includes(`${key}=""`) : hasLabel(series, key, text)))) sum += value;
  }
  return sum;
}

function hasLabel(series, key, text) {
  return series.includes(`{${key}="${text}"`) || series.includes(`,${key}="${text}"`);
}

/** Counters of the earlier page that are missing in the later one, or have fallen. */
export function fallen(earlier, later) {
  const isCounter = /_(total|count|sum|bucket)\{/;
  // Gauges whose names the guides want to end like that of a counter.
  const isGauge = /^active_(users|jobs)_total\{/;
  return [...earlier].filter(([series, value]) => isCounter.test(series) && !isGauge.test(series) && !(later.get(series) >= value)).map(([series]) => series);
}
