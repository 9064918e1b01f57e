// Measures what Tallyman costs an application, in ratios to bare Node: node bench/run.mjs [NAME...] [--help]
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ai } from './ai.mjs';
import { exporting } from './export.mjs';
import { http } from './http.mjs';
import { machine } from './machine.mjs';
import { queue } from './queue.mjs';
import { startSink } from './sink.mjs';
import { start } from './start.mjs';
import { formatTable, tableRows } from './table.mjs';
import { controls, isAvailable, profiled, variants } from './variants.mjs';

const benches = [start, ai, http, queue, exporting];
const names = benches.map(({ name }) => name);

const help = `node bench/run.mjs [${names.join('] [')}]
  --quick            fewer repetitions: a good minute for all
  --repetitions N    N for each benchmark
  --control          bare Node twice more: once as it is, which shows the noise, once with an outgoing request a second
  --markdown         tables in Markdown
  --profile FOLDER   CPU profiles of all applications, in a folder for each variant`;

const options = {
  quick: { type: 'boolean', default: false },
  repetitions: { type: 'string' },
  control: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  profile: { type: 'string' },
  help: { type: 'boolean', default: false },
};

/** Reads the command line: `{ values, chosen }`. Throws with a line to print. */
function readArguments() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`unknown benchmark ${unknown}; known are ${names.join(', ')}`);
  const { repetitions } = values;
  if (repetitions !== undefined && !/^[1-9]\d*$/.test(repetitions)) throw new Error(`--repetitions ${repetitions} is no positive number`);
  return { values, chosen: positionals.length > 0 ? benches.filter(({ name }) => positionals.includes(name)) : benches };
}

function comparedVariants(values) {
  const available = variants.filter((variant) => {
    if (isAvailable(variant)) return true;
    console.log(`${variant.name} is left out: ${variant.file} is not there; npm run bench builds it`);
    return false;
  });
  const compared = values.control ? [...available, ...controls] : available;
  return values.profile === undefined ? compared : compared.map((variant) => profiled(variant, resolve(values.profile)));
}

async function runBench(bench, compared, sink, { quick, repetitions, markdown }) {
  sink.forget();
  const context = {
    sink,
    variants: compared,
    repetitions: Number(repetitions ?? bench.repetitions[quick ? 'quick' : 'normal']),
    slices: quick ? 6 : 16,
    warmUpMilliseconds: quick ? 2000 : 2500,
  };
  const results = await bench.run(context, (line) => process.stderr.write(`${bench.name}: ${line}\n`));
  if (results.length === 0) return;
  const title = `${bench.title} (${context.repetitions} repetitions)`;
  console.log(`\n${markdown ? `**${title}**\n` : title}\n${formatTable(tableRows(bench.measures, results), markdown)}`);
  for (const variant of compared) {
    const missing = sink.missing(variant, variant.proof?.[bench.name]);
    if (missing.length > 0) console.log(`\n! ${variant.name} did not export ${missing.join(', ')}: it did not measure all of this, and its figures say little`);
  }
}

async function main() {
  const { values, chosen } = readArguments();
  if (values.help) return console.log(help);
  const compared = comparedVariants(values);
  const sink = await startSink();
  try {
    console.log(`${machine()}\nMedians. Comparisons are made between neighbours in time, repetition by repetition: median [smallest..largest].`);
    for (const bench of chosen) await runBench(bench, compared, sink, values);
  } finally {
    sink.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
