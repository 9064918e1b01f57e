import { setTimeout as delay } from 'node:timers/promises';
import { appFile, startApp } from './child.mjs';
import { alternateSlices } from './measure.mjs';

const INTERVAL_MILLISECONDS = 100;
const SLICE_MILLISECONDS = 1000;
const REQUESTS = 200;

/** `export` is a reserved word. */
export const exporting = {
  name: 'export',
  title: `Export: CPU of an idle Express application in ${INTERVAL_MILLISECONDS} ms, in which it exports once (by default it does so every 15 s)`,
  measures: [
    { label: 'CPU', unit: 'ms', digits: 2, value: ({ cpu, milliseconds }) => cpu / 1000 / (milliseconds / INTERVAL_MILLISECONDS), compare: ['added'] },
  ],
  repetitions: { normal: 3, quick: 1 },

  async run({ sink, variants, repetitions }, say) {
    say('idle');
    const often = variants.map((variant) => ({ ...variant, env: { ...variant.env, OTEL_METRIC_EXPORT_INTERVAL: `${INTERVAL_MILLISECONDS}` } }));
    const measurements = await alternateSlices(
      { variants: often, repetitions, slices: 3, warmUpMilliseconds: SLICE_MILLISECONDS },
      { start: (variant) => startVisited(variant, sink), slice: idle },
    );
    return [{ workload: 'idle', measurements }];
  },
};

async function startVisited(variant, sink) {
  const app = await startApp(variant, sink, appFile('express.cjs'));
  for (let number = 0; number < REQUESTS; number++) {
    const response = await fetch(`http://127.0.0.1:${app.hello.port}/api/match/${number}`);
    await response.text();
  }
  return app;
}

async function idle(app) {
  const before = await app.ask('usage');
  const from = performance.now();
  await delay(SLICE_MILLISECONDS);
  const milliseconds = performance.now() - from;
  const after = await app.ask('usage');
  return { milliseconds, cpu: after.cpu - before.cpu };
}
