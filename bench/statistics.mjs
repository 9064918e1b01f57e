/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Compares slice by slice, repetition by repetition: for each repetition the list of comparisons. */
export function paired(repetitions, baseRepetitions, comparison) {
  return repetitions.map((slices, turn) => slices.map((slice, number) => comparison(slice, baseRepetitions[turn][number])));
}

/** Compares slice by slice: the median of each repetition; of these the median, the smallest and the largest. */
export function compare(repetitions, baseRepetitions, comparison) {
  const medians = paired(repetitions, baseRepetitions, comparison).map(median);
  return { median: median(medians), min: Math.min(...medians), max: Math.max(...medians) };
}

const RESAMPLES = 4000;
const CONFIDENCE = 0.95;

/**
 * The median of paired comparisons (of the repetitions' medians), and its 95 % confidence interval by bootstrap: repetitions are
 * drawn with replacement, and from each of them slices, because slices of one process are alike. The same draws every time.
 */
export function interval(pairs) {
  const random = generator();
  const draw = (list) => list.map(() => list[Math.floor(random() * list.length)]);
  const medians = Array.from({ length: RESAMPLES }, () => median(draw(pairs).map((slices) => median(draw(slices))))).sort((a, b) => a - b);
  const at = (share) => medians[Math.round(share * (RESAMPLES - 1))];
  return { median: median(pairs.map(median)), lower: at((1 - CONFIDENCE) / 2), upper: at((1 + CONFIDENCE) / 2) };
}

/** Numbers from 0 to 1 by a linear congruence (Numerical Recipes): good enough to draw samples with. */
function generator() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
