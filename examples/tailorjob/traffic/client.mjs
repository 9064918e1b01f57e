/**
 * @typedef {{ email: string, token?: string, cvs: Record<string, string>, session?: string }} Person
 * @typedef {{ request: string, status: number, headers: Record<string, string>, body: string | undefined }} Answered One request of the traffic
 *   (method and route) and its answer; the body is undefined where the traffic left before its end.
 * @typedef {object} CallOptions
 * @property {string} [who]
 * @property {Record<string, string>} [values] Of the route's parameters.
 * @property {string} [query]
 * @property {object} [body]
 * @property {string} [accept]
 * @property {boolean} [leave] Goes away when the first part of the body is there.
 */

/** Talks to the application, as several people, and to its providers. */
export class Client {
  /** @type {Answered[]} */
  answered = [];
  /** @type {Map<string, Person>} */
  #people = new Map();
  #app;
  #providers;

  /** @param {{ app: string, providers: string }} addresses Without a slash at the end. */
  constructor({ app, providers }) {
    this.#app = app;
    this.#providers = providers;
  }

  /** @param {string} who @returns {Person} */
  person(who) {
    const person = this.#people.get(who) ?? { email: `${who}@example.com`, cvs: {} };
    this.#people.set(who, person);
    return person;
  }

  /**
   * @param {string} route Method and path, such as `POST /api/match/:id`.
   * @param {CallOptions} options
   * @returns {Promise<{ status: number, text: string }>}
   */
  async call(route, { who, values = {}, query = '', body, accept = 'application/json', leave = false }) {
    const [method = 'GET', path = '/'] = route.split(' ');
    const token = who ? this.person(who).token : undefined;
    const controller = new AbortController();
    const response = await fetch(this.#app + path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(values[name] ?? 'none')) + query, {
      method,
      headers: { accept, ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: controller.signal,
    });
    const head = { request: route, status: response.status, headers: Object.fromEntries(response.headers) };
    if (leave) {
      await response.body?.getReader().read();
      controller.abort();
      this.answered.push({ ...head, body: undefined });
      return { status: response.status, text: '' };
    }
    const text = await response.text();
    this.answered.push({ ...head, body: text });
    return { status: response.status, text };
  }

  /**
   * The status and the fields of a JSON answer.
   *
   * @param {string} route
   * @param {CallOptions} options
   * @returns {Promise<any>}
   */
  async callJson(route, options) {
    const { status, text } = await this.call(route, options);
    return { status, ...JSON.parse(text) };
  }

  /**
   * Makes something happen at the providers.
   *
   * @param {string} path
   * @param {object} body
   */
  async provider(path, body) {
    const response = await fetch(this.#providers + path, { method: 'POST', body: JSON.stringify(body) });
    await response.arrayBuffer();
    return { status: response.status };
  }

  /** How many streams the model provider was left with. */
  async countLeft() {
    const response = await fetch(`${this.#providers}/log`);
    const { ai } = /** @type {import('../providers/server.mjs').Log} */ (await response.json());
    return ai.filter(({ outcome }) => outcome === 'left').length;
  }
}
