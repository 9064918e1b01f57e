// Measures what Tallyman costs an application, in ratios to bare Node: node bench/run.mjs [NAME...] [--help]
import { resolve } from 'node:path';
import { ai } from './ai.mjs';
import { help, readArguments } from './arguments.mjs';
import { canPin, pin } from './cores.mjs';
import { exporting } from './export.mjs';
import { http } from './http.mjs';
import { machine } from './machine.mjs';
import { queue } from './queue.mjs';
import { startSink } from './sink.mjs';
import { start } from './start.mjs';
import { formatTable, tableRows } from './table.mjs';
import { targetLines, untilDecided } from './targets.mjs';
import { controls, isAvailable, peerVariants, profiled, proofOf, takesPart, variants, variantsWithin } from './variants.mjs';

/** For so long V8 goes on to optimise the applications, and more so what a preload has moved in time: one that is switched off looks as if it cost something. */
const WARM_UP_MILLISECONDS = 12_000;

const benches = [start, ai, http, queue, exporting];
const names = benches.map(({ name }) => name);

async function comparedVariants(values) {
  if (values.within) return variantsWithin();
  const available = variants.filter((variant) => {
    if (isAvailable(variant)) return true;
    console.log(`${variant.name} is left out: ${variant.file} is not there; npm run bench builds it`);
    return false;
  });
  const peers = await peerVariants(values.peers).catch((error) => {
    console.log(`peers are left out: ${error.message}`);
    return [];
  });
  const compared = [...available, ...(values.control ? controls : []), ...peers];
  return values.profile === undefined ? compared : compared.map((variant) => profiled(variant, resolve(values.profile)));
}

/** Within one process a repetition can have many. */
function slicesOf({ quick, within }) {
  if (within) return 100;
  return quick ? 6 : 16;
}

/** What a benchmark runs with: `of(workload)` adds what depends on the workload, `unproved` tells which variants did not measure it. */
function contextOf(bench, variants, sink, { quick, within, repetitions, targets, limit }) {
  const further = targets ? untilDecided(bench, Number(limit)) : () => undefined;
  const context = {
    sink,
    variants,
    repetitions: Number(repetitions ?? bench.repetitions[quick ? 'quick' : 'normal']),
    slices: slicesOf({ quick, within }),
    warmUpMilliseconds: quick ? 2000 : WARM_UP_MILLISECONDS,
  };
  const unproved = [];
  const of = (workload) => {
    for (const variant of variants) unproved.push({ variant, workload, missing: sink.expect(variant, proofOf(variant, bench.name, workload)) });
    return { ...context, further: further(workload, variants) };
  };
  return { ...context, of, unproved };
}

/** Prints the table of a benchmark; gives its lines for the targets. */
async function runBench(bench, compared, sink, values) {
  const taking = compared.filter((variant) => takesPart(variant, bench.name));
  const context = contextOf(bench, taking, sink, values);
  // A program that runs to its end has the threads of its start on all cores, as everywhere.
  if (values.pin && canPin()) pin(bench !== start);
  const stopScraping = bench.isScraped ? sink.scrape(taking) : () => {};
  const results = await bench.run(context, (line) => process.stderr.write(`${bench.name}: ${line}\n`));
  stopScraping();
  if (results.length === 0) return [];
  const title = `${bench.title} (${context.repetitions} repetitions)`;
  console.log(`\n${values.markdown ? `**${title}**\n` : title}\n${formatTable(tableRows(bench.measures, results), values.markdown)}`);
  for (const { variant, workload, missing } of context.unproved) {
    if (missing.size > 0) console.log(`! ${workload}: ${variant.name} did not export ${[...missing].join(', ')}: it did not measure all of this`);
  }
  return values.targets ? targetLines(bench, results) : [];
}

async function runAll(values, chosen) {
  const compared = await comparedVariants(values);
  const sink = await startSink();
  try {
    console.log(`${machine()}\nMedians. Comparisons are made between neighbours in time, repetition by repetition: median [smallest..largest].`);
    const lines = [];
    for (const bench of chosen) lines.push(...(await runBench(bench, compared, sink, values)));
    if (lines.length === 0) return;
    console.log('\nTargets: median of paired comparisons with bare Node [95 % confidence interval, bootstrap over repetitions and slices]');
    for (const line of lines) console.log(line);
  } finally {
    sink.stop();
  }
}

function chosenBenches({ within }, positionals) {
  const chosen = benches.filter(({ name, isWithin }) => (positionals.length === 0 ? isWithin || !within : positionals.includes(name)));
  const impossible = within && chosen.find(({ isWithin }) => !isWithin);
  if (impossible) throw new Error(`--within cannot measure ${impossible.name}: only what stays up, ai, http and queue`);
  return chosen;
}

async function main() {
  const { values, positionals } = readArguments(names);
  if (values.help) return console.log(help(names));
  if (!positionals.includes('soak')) return runAll(values, chosenBenches(values, positionals));
  // Needs a collector and Redis, which the others do without.
  const { soak } = await import('./soak/soak.mjs');
  if (!(await soak(Number(values.minutes), (line) => process.stderr.write(`soak: ${line}\n`)))) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
