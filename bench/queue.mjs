import { startRedis } from '@tallyman/testkit';
import { appFile, startApp } from './child.mjs';
import { alternateSlices } from './measure.mjs';

const JOBS = 1000;
const WORKLOAD = 'add and work';

export const queue = {
  name: 'queue',
  isWithin: true,
  title: 'BullMQ: jobs that do nothing, added in bulk and worked on in one process, concurrency 20, on a real Redis',
  measures: [
    { label: 'throughput', unit: 'jobs/s', digits: 0, value: ({ jobs, milliseconds }) => (jobs / milliseconds) * 1000, compare: ['kept'] },
    { label: 'CPU per job', unit: 'us', digits: 2, value: ({ cpu, jobs }) => cpu / jobs, compare: ['ratio', 'added'] },
    { label: 'RSS', unit: 'MB', digits: 0, value: ({ memory }) => memory / 1e6, compare: ['added'] },
  ],
  repetitions: { normal: 3, quick: 2 },

  async run(context, say) {
    const redis = await startRedis().catch((error) => say(`left out: ${error.message}`));
    if (redis === undefined) return [];
    try {
      say(WORKLOAD);
      const measurements = await alternateSlices(context.of(WORKLOAD), {
        start: (variant) => startApp(variant, context.sink, appFile('queue.cjs'), [`${redis.port}`]),
        slice: (app) => app.ask('work', JOBS),
      });
      return [{ workload: WORKLOAD, measurements }];
    } finally {
      await redis.stop();
    }
  },
};
