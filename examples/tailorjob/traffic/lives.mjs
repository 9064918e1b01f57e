import { perform } from './acts.mjs';

/**
 * Users as they come: each signs up, uploads a CV, does a dozen things by habit, perhaps pays, and makes room for the next.
 */

const POSTING = 'Backend engineer: Node.js, PostgreSQL, queues, payments';

/** What a user does next, by weight. */
const HABITS = [
  { weight: 52, act: 'match', posting: POSTING, streamed: true },
  { weight: 8, act: 'match', posting: POSTING },
  { weight: 10, act: 'tailor', posting: POSTING },
  { weight: 4, act: 'tailor', posting: POSTING, streamed: true },
  { weight: 12, act: 'search', query: 'node.js queues' },
  { weight: 3, act: 'draw', prompt: 'A portrait for a CV' },
  { weight: 0.5, act: 'draw', prompt: 'A forbidden portrait' },
  { weight: 2, act: 'upload', cv: 'second', text: '%PDF-1.7 corrupt bytes' },
  { weight: 2, act: 'matchAndLeave', posting: `${POSTING}, an endless list of duties` },
  { weight: 1, act: 'match', posting: POSTING, quality: 'preview', streamed: true },
  { weight: 1.5, act: 'match', posting: POSTING, quality: 'expert', streamed: true },
  { weight: 1, act: 'tailor', posting: `${POSTING}, outage response` },
  { weight: 1, act: 'exportCv' },
  { weight: 1, act: 'lose' },
  { weight: 1, act: 'logIn' },
];

/** Things that a user does in a life. */
const ACTS_OF_A_LIFE = 12;
/** Between two of them, in milliseconds. */
const THINKING = { least: 40, most: 240 };

/** How likely each ending of a life is. */
const CHANCES = {
  google: 0.3,
  buys: 0.1,
  starter: 0.3,
  overtaken: 0.2,
  declined: 0.15,
  renews: 0.3,
  repeated: 0.2,
  refunded: 0.1,
  disputed: 0.05,
  cancels: 0.2,
  forged: 0.02,
};

/**
 * One life after the other, until the time is over.
 *
 * @param {import('./client.mjs').Client} client
 * @param {{ until: number, name: string, seed: number }} options The time in milliseconds since 1970.
 */
export async function live(client, { until, name, seed }) {
  const random = randomNumbers(seed);
  for (let life = 1; Date.now() < until; life += 1) {
    const who = `${name}-${life}`;
    await arrive(client, who, random);
    for (let done = 0; done < ACTS_OF_A_LIFE && Date.now() < until; done += 1) {
      await think(random);
      const { act, weight: _, ...options } = choose(random);
      await perform(client, act, { who, cv: 'first', ...options });
    }
    if (random() < CHANCES.buys) await buy(client, who, random);
  }
}

/**
 * @param {import('./client.mjs').Client} client
 * @param {string} who
 * @param {() => number} random
 */
async function arrive(client, who, random) {
  const method = random() < CHANCES.google ? 'google' : 'password';
  await perform(client, 'signUp', { who, method });
  await perform(client, 'logIn', { who, method });
  await perform(client, 'upload', { who, cv: 'first', text: `${who}\nNode.js, PostgreSQL, queues\nTen years.` });
  await perform(client, 'awaitCv', { who, cv: 'first' });
}

/**
 * @param {import('./client.mjs').Client} client
 * @param {string} who
 * @param {() => number} random
 */
async function buy(client, who, random) {
  const plan = random() < CHANCES.starter ? 'starter' : 'premium';
  await perform(client, 'checkout', { who, plan });
  if (random() < CHANCES.declined) return void (await perform(client, 'pay', { who, card: 'declined' }));
  const premium = plan === 'premium';
  await perform(client, 'pay', { who, ...(premium && random() < CHANCES.overtaken && { first: 'invoice.paid' }) });
  await perform(client, 'account', { who });
  /** @param {number} chance @param {string} what @param {string} [type] */
  const perhaps = async (chance, what, type) => {
    if (random() < chance) await perform(client, 'happen', { who, what, type });
  };
  if (premium) await perhaps(CHANCES.renews, 'renewal');
  await perhaps(CHANCES.repeated, 'repetition', 'checkout.session.completed');
  await perhaps(CHANCES.refunded, 'refund');
  await perhaps(CHANCES.disputed, 'dispute');
  await perhaps(CHANCES.forged, 'forgery');
  if (premium) await perhaps(CHANCES.cancels, 'cancellation');
}

/** @param {() => number} random */
function choose(random) {
  const point = random() * HABITS.reduce((sum, { weight }) => sum + weight, 0);
  let passed = 0;
  for (const habit of HABITS) {
    passed += habit.weight;
    if (point < passed) return habit;
  }
  throw new Error('no habits');
}

/** @param {() => number} random */
function think(random) {
  return new Promise((resolve) => setTimeout(resolve, THINKING.least + random() * (THINKING.most - THINKING.least)));
}

/**
 * The same numbers in [0, 1) for the same seed (mulberry32).
 *
 * @param {number} seed
 */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
