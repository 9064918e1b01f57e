import { appFile, startApp, startBeside } from './child.mjs';
import { alternateSlices } from './measure.mjs';

/** `calls` in a slice. */
const workloads = [
  { workload: 'chat call', question: 'chat', calls: 100 },
  { workload: 'stream chunk', question: 'stream', calls: 20 },
];

export const ai = {
  name: 'ai',
  isWithin: true,
  title: "OpenAI's client: CPU of the application for a chat call, and for a chunk of a stream of 502",
  measures: [
    { label: 'CPU', unit: 'us', digits: 2, value: ({ cpu, count }) => cpu / count, compare: ['ratio', 'added'] },
    { label: 'RSS', unit: 'MB', digits: 0, value: ({ memory }) => memory / 1e6, compare: ['added'] },
  ],
  repetitions: { normal: 3, quick: 2 },

  async run(context, say) {
    const provider = await startBeside(appFile('provider.mjs'));
    try {
      const results = [];
      for (const { workload, question, calls } of workloads) {
        say(workload);
        const measurements = await alternateSlices(context.of(workload), {
          start: (variant) => startApp(variant, context.sink, appFile('ai.cjs'), [`${provider.hello.port}`]),
          slice: (app) => app.ask(question, calls),
        });
        results.push({ workload, measurements });
      }
      return results;
    } finally {
      await provider.stop();
    }
  },
};
