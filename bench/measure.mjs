/** Alternation and statistics: machines drift, so variants take turns, and only neighbours in time are compared. */

/** The variants in their order, and in the opposite order every other time. */
export function inTurn(list, turn) {
  return turn % 2 === 0 ? list : list.toReversed();
}

/** Measures programs that run to their end. Resolves with the samples of each variant, by its name. */
export async function alternateRuns({ variants, repetitions }, run) {
  for (const variant of variants) await run(variant);
  const samples = new Map(variants.map(({ name }) => [name, []]));
  for (let turn = 0; turn < repetitions; turn++) {
    for (const variant of inTurn(variants, turn)) samples.get(variant.name).push(await run(variant));
  }
  return samples;
}

/**
 * Measures applications that stay up. A repetition starts one process of each variant and gives them work in short slices,
 * in turn; its sample is the sum of the slices, so that what happens rarely, such as an export, counts with its share.
 *
 * `start(variant)` gives an application, `warmUp(app)` brings it to its lasting speed, `slice(app)` gives an object of numbers.
 */
export async function alternateSlices({ variants, repetitions, slices }, { start, warmUp, slice }) {
  const samples = new Map(variants.map(({ name }) => [name, []]));
  for (let turn = 0; turn < repetitions; turn++) {
    const apps = [];
    try {
      for (const variant of inTurn(variants, turn)) apps.push(await start(variant));
      for (const app of apps) await warmUp(app);
      const sums = new Map(apps.map((app) => [app, {}]));
      for (let number = 0; number < slices; number++) {
        for (const app of inTurn(apps, number)) add(sums.get(app), await slice(app));
      }
      for (const [app, sum] of sums) samples.get(app.variant.name).push(sum);
    } finally {
      await Promise.all(apps.map((app) => app.stop()));
    }
  }
  return samples;
}

/** Numbers are summed up; memory is a level and not an amount, so the last one stays. */
function add(sum, { memory, ...amounts }) {
  for (const [key, amount] of Object.entries(amounts)) sum[key] = (sum[key] ?? 0) + amount;
  sum.memory = memory;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of the pairwise comparisons, with the smallest and the largest. */
export function compare(values, baseValues, comparison) {
  const pairs = values.map((value, index) => comparison(value, baseValues[index]));
  return { median: median(pairs), min: Math.min(...pairs), max: Math.max(...pairs) };
}
