/** Starts this package in a process that a test starts, and prints at its end which routes were served and what was patched: `node --import`. */
import { httpMetrics, selfMetrics } from '@tallyman/catalog';
import { installHook, readMetrics } from '@tallyman/core';
import { adapters, startHttp } from '@tallyman/http';

// In a bundle no file has the name that a hook row looks for; adapters without rows still start.
installHook(process.env.BUNDLED === 'yes' ? adapters.map((adapter) => ({ ...adapter, rows: [] })) : adapters);
startHttp();

process.on('exit', () => {
  const attributes = (metric, key) => {
    const points = readMetrics().find((series) => series.metric.name === metric.name)?.points ?? [];
    return points.map((point) => point.attributes[key]);
  };
  const printed = { routes: attributes(httpMetrics.requestDuration, 'http.route'), patched: attributes(selfMetrics.patched, 'outcome') };
  process.stdout.write(JSON.stringify(printed));
});
