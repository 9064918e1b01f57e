/**
 * Alternation: machines drift, so variants take turns, and only neighbours in time are compared.
 *
 * Measurements are lists of repetitions, by the name of the variant, the base first; a repetition is a list of slices, and a
 * slice is an object of numbers. Slices of the same place in the lists were measured one right after the other.
 *
 * `further(measurements)` of the context gives, after the planned repetitions, the variants that are worth one more.
 */

function inTurn(list, turn) {
  return turn % 2 === 0 ? list : list.toReversed();
}

async function alternate({ variants, repetitions, further = () => [] }, repetition) {
  const measurements = new Map(variants.map(({ name }) => [name, []]));
  for (let turn = 0; ; turn++) {
    const measured = turn < repetitions ? variants : further(measurements);
    if (measured.length === 0) return measurements;
    await repetition(inTurn(measured, turn), (name) => measurements.get(name));
  }
}

/** Measures programs that run to their end: a repetition is one slice. `run(variant)` resolves with an object of numbers. */
export async function alternateRuns(context, run) {
  for (const variant of context.variants) await run(variant);
  return alternate(context, async (variants, repetitionsOf) => {
    for (const variant of variants) repetitionsOf(variant.name).push([await run(variant)]);
  });
}

/**
 * Measures applications that stay up: a repetition starts one process of each variant, warms them up with slices that do not
 * count, and then gives them slices in turn. `start(variant)` gives an application, `slice(app)` an object of numbers.
 */
export async function alternateSlices({ slices, warmUpMilliseconds, ...context }, { start, slice }) {
  return alternate(context, async (variants, repetitionsOf) => {
    const apps = [];
    try {
      for (const variant of variants) apps.push(await start(variant));
      for (const app of apps) await warmUp(() => slice(app), warmUpMilliseconds);
      for (const { variant } of apps) repetitionsOf(variant.name).push([]);
      for (let number = 0; number < slices; number++) {
        for (const app of inTurn(apps, number)) {
          const repetition = repetitionsOf(app.variant.name).at(-1);
          repetition.push(await slice(app));
        }
      }
    } finally {
      for (const app of apps) await app.stop();
    }
  });
}

async function warmUp(work, milliseconds) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) await work();
}
