/** Answers each question of the benchmark with what the handler of that name returns; ends when the benchmark goes away. */
export function answer(handlers, hello = {}) {
  const all = { ...handlers, measure: globalThis[Symbol.for('bench.measure')] };
  process.on('message', async ({ name, input }) => process.send(await all[name](input)));
  process.on('disconnect', () => process.exit(0));
  process.send(hello);
}

/** What this process has used up to now: CPU of all its threads in microseconds, memory in bytes. */
export function usage() {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, memory: process.memoryUsage.rss() };
}

/** Runs the work: resolves with what it used, and with how long it took, in milliseconds. */
export async function measured(work) {
  const before = usage();
  const from = performance.now();
  await work();
  const milliseconds = performance.now() - from;
  const after = usage();
  return { milliseconds, cpu: after.cpu - before.cpu, memory: after.memory };
}

/** Runs `count` pieces of work, `concurrency` at a time. */
export async function repeat(count, concurrency, work) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}
