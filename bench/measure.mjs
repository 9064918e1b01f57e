/**
 * Alternation and statistics: machines drift, so variants take turns, and only neighbours in time are compared.
 *
 * Measurements are lists of repetitions, by the name of the variant, the base first; a repetition is a list of slices, and a
 * slice is an object of numbers. Slices of the same place in the lists were measured one right after the other.
 */

function inTurn(list, turn) {
  return turn % 2 === 0 ? list : list.toReversed();
}

/** Measures programs that run to their end: a repetition is one slice. `run(variant)` resolves with an object of numbers. */
export async function alternateRuns({ variants, repetitions }, run) {
  for (const variant of variants) await run(variant);
  const measurements = new Map(variants.map(({ name }) => [name, []]));
  for (let turn = 0; turn < repetitions; turn++) {
    for (const variant of inTurn(variants, turn)) measurements.get(variant.name).push([await run(variant)]);
  }
  return measurements;
}

/**
 * Measures applications that stay up: a repetition starts one process of each variant, warms them up with slices that do not
 * count, and then gives them slices in turn. `start(variant)` gives an application, `slice(app)` an object of numbers.
 */
export async function alternateSlices({ variants, repetitions, slices, warmUpMilliseconds }, { start, slice }) {
  const measurements = new Map(variants.map(({ name }) => [name, []]));
  for (let turn = 0; turn < repetitions; turn++) {
    const apps = [];
    try {
      for (const variant of inTurn(variants, turn)) apps.push(await start(variant));
      for (const app of apps) await warmUp(() => slice(app), warmUpMilliseconds);
      for (const { variant } of apps) measurements.get(variant.name).push([]);
      for (let number = 0; number < slices; number++) {
        for (const app of inTurn(apps, number))
          measurements
            .get(app.variant.name)
            .at(-1)
            .push(await slice(app));
      }
    } finally {
      for (const app of apps) await app.stop();
    }
  }
  return measurements;
}

async function warmUp(work, milliseconds) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) await work();
}

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Compares slice by slice: the median of each repetition; of these the median, the smallest and the largest. */
export function compare(repetitions, baseRepetitions, comparison) {
  const medians = repetitions.map((slices, turn) => median(slices.map((slice, number) => comparison(slice, baseRepetitions[turn][number]))));
  return { median: median(medians), min: Math.min(...medians), max: Math.max(...medians) };
}
