import { parseArgs } from 'node:util';

const options = {
  quick: { type: 'boolean', default: false },
  repetitions: { type: 'string' },
  peers: { type: 'string', default: 'some' },
  targets: { type: 'boolean', default: false },
  limit: { type: 'string', default: '5' },
  pin: { type: 'boolean', default: false },
  within: { type: 'boolean', default: false },
  control: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  profile: { type: 'string' },
  minutes: { type: 'string', default: '10' },
  help: { type: 'boolean', default: false },
};

/** What `--help` prints. */
export function help(names) {
  return `node bench/run.mjs [${names.join('] [')}]
  --quick            fewer repetitions: a good minute for all, without peers
  --repetitions N    N for each benchmark
  --peers WHICH      none, some (prom-client, OpenTelemetry, OpenLIT) or all (dd-trace and Sentry too); some unless given
  --targets          a line for each target, with a confidence interval; repeats until a target is decided
  --limit MINUTES    the longest that --targets repeats a workload beyond its repetitions, 5 unless given
  --pin              applications that stay up on one core, load and servers on another (needs taskset)
  --within           Tallyman alone, switched on and off within one process: finer than two processes can be compared; ai, http and queue
  --control          bare Node twice more: once as it is, which shows the noise, once with an outgoing request a second
  --markdown         tables in Markdown
  --profile FOLDER   CPU profiles of all applications, in a folder for each variant
node bench/run.mjs soak
  --minutes N        how long mixed traffic goes on, 10 unless given; ends with 1 when a number is wrong`;
}

/** Reads the command line: `{ values, positionals }`. Throws with a line to print. */
export function readArguments(names) {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.find((name) => name !== 'soak' && !names.includes(name));
  if (unknown !== undefined) throw new Error(`unknown benchmark ${unknown}; known are ${names.join(', ')}, and soak`);
  if (positionals.includes('soak') && positionals.length > 1) throw new Error('the soak runs alone');
  const { repetitions, minutes, limit, peers, quick } = values;
  if (repetitions !== undefined && !/^[1-9]\d*$/.test(repetitions)) throw new Error(`--repetitions ${repetitions} is no positive number`);
  for (const [name, text] of Object.entries({ minutes, limit })) if (!(Number(text) > 0)) throw new Error(`--${name} ${text} is no positive number`);
  if (!['none', 'some', 'all'].includes(peers)) throw new Error(`--peers ${peers}: known are none, some, all`);
  return { values: { ...values, peers: quick && !process.argv.some((argument) => argument.startsWith('--peers')) ? 'none' : peers }, positionals };
}
