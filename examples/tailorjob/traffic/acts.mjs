/** @typedef {import('./client.mjs').Client} Client @typedef {{ status: number, state?: string }} Outcome */

/** The longest that the traffic waits for a job, in seconds. */
const WAIT = 30;

/**
 * Does what a user, or life, can do to the application. The outcome has the status of the last response, and the state of the job
 * that the act waited for, or the plan of an account.
 *
 * @param {Client} client
 * @param {string} act
 * @param {object} options
 * @returns {Promise<Outcome>}
 */
export function perform(client, act, options) {
  const run = ACTS[act];
  if (!run) throw new Error(`no such act: ${act}`);
  return run(client, options);
}

/** @type {Record<string, (client: Client, step: any) => Promise<Outcome>>} */
const ACTS = {
  signUp: (client, step) => enter(client, 'POST /api/signup', step),
  logIn: (client, step) => enter(client, 'POST /api/login', step),

  async upload(client, { who, cv, text }) {
    const { status, id } = await client.callJson('POST /api/cv/upload', { who, body: { text } });
    if (id) client.person(who).cvs[cv] = id;
    return { status };
  },
  async awaitCv(client, { who, cv }) {
    const { status, state } = await client.callJson('GET /api/cv/:id', { who, values: cvOf(client, who, cv), query: `?wait=${WAIT}` });
    return { status, state };
  },
  async exportCv(client, { who, cv }) {
    const { status } = await client.call('GET /api/cv/:id/pdf', { who, values: cvOf(client, who, cv) });
    return { status };
  },

  match: (client, step) => assist(client, 'POST /api/match/:id', step),
  tailor: (client, step) => assist(client, 'POST /api/tailor/:id', step),
  /** Leaves when the first words are there, and waits until the provider has been left too. */
  async matchAndLeave(client, { who, cv, posting }) {
    const left = await client.countLeft();
    const options = { who, values: cvOf(client, who, cv), body: { posting }, accept: 'text/event-stream', leave: true };
    const { status } = await client.call('POST /api/match/:id', options);
    while (status === 200 && (await client.countLeft()) === left) await new Promise((resolve) => setTimeout(resolve, 20));
    return { status };
  },
  async search(client, { who, query }) {
    const { status } = await client.call('POST /api/search', { who, body: { query } });
    return { status };
  },
  async draw(client, { who, prompt }) {
    const { status, id } = await client.callJson('POST /api/images', { who, body: { prompt } });
    if (!id) return { status };
    const image = await client.callJson('GET /api/images/:id', { who, values: { id }, query: `?wait=${WAIT}` });
    return { status: image.status, state: image.state };
  },

  async checkout(client, { who, plan }) {
    const { status, id } = await client.callJson('POST /api/checkout', { who, body: { plan } });
    if (id) client.person(who).session = id;
    return { status };
  },
  pay: (client, { who, card, first }) => client.provider(`/checkout/${client.person(who).session}/pay`, { card, first }),
  happen: (client, { who, what, type }) => client.provider(`/simulate/${what}`, { session: client.person(who).session, type }),
  async account(client, { who }) {
    const { status, plan } = await client.callJson('GET /api/account', { who });
    return { status, state: plan };
  },
  async lose(client) {
    const { status } = await client.call('GET /no/such/page', {});
    return { status };
  },
};

/**
 * @param {Client} client
 * @param {string} route
 * @param {any} step
 */
async function enter(client, route, { who, method = 'password', password = 'correct horse' }) {
  const { email } = client.person(who);
  const claims = Buffer.from(JSON.stringify({ email })).toString('base64url');
  const body = method === 'google' ? { method, credential: `e30.${claims}.signature` } : { method, email, password };
  const { status, token } = await client.callJson(route, { body });
  if (token) client.person(who).token = token;
  return { status };
}

/**
 * @param {Client} client
 * @param {string} route
 * @param {any} step
 */
async function assist(client, route, { who, cv, posting, quality, streamed }) {
  const values = who ? cvOf(client, who, cv) : {};
  const accept = streamed ? 'text/event-stream' : 'application/json';
  const { status, text } = await client.call(route, { who, values, accept, body: { posting, ...(quality && { quality }) } });
  if (streamed && status === 200 && !text.endsWith('event: done\ndata: {}\n\n')) throw new Error(`${route}: the stream is not complete`);
  return { status };
}

/**
 * @param {Client} client
 * @param {string} who
 * @param {string} cv
 */
const cvOf = (client, who, cv) => ({ id: client.person(who).cvs[cv] ?? 'none' });
