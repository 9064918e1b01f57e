/**
 * @typedef {object} Configuration
 * @property {string} host Address to listen on.
 * @property {number} port 0 takes a free port.
 * @property {boolean} worker Whether this process also works on the queues.
 * @property {string | undefined} redisUrl BullMQ on this Redis; without it pg-boss on PGlite, in this process.
 * @property {string} sessionSecret Signs the tokens of signed-in users.
 * @property {{ apiKey: string, baseURL: string | undefined }} openai
 * @property {{ apiKey: string, webhookSecret: string, server: { host: string, port: string, protocol: 'http' | 'https' } | undefined }} stripe
 */

/**
 * Reads the whole configuration from the environment.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Configuration}
 */
export function readConfiguration(environment) {
  return {
    host: environment.HOST ?? '127.0.0.1',
    port: Number(environment.PORT ?? 3000),
    worker: environment.TAILORJOB_WORKER !== 'off',
    redisUrl: environment.REDIS_URL || undefined,
    sessionSecret: environment.SESSION_SECRET ?? 'tailorjob-demo',
    openai: {
      apiKey: environment.OPENAI_API_KEY ?? 'sk-tailorjob-demo',
      baseURL: environment.OPENAI_BASE_URL || undefined,
    },
    stripe: {
      apiKey: environment.STRIPE_API_KEY ?? 'sk_tailorjob_demo',
      webhookSecret: environment.STRIPE_WEBHOOK_SECRET ?? 'whsec_tailorjob_demo',
      server: readServer(environment.STRIPE_API_BASE),
    },
  };
}

/** @param {string | undefined} base */
function readServer(base) {
  if (!base) return undefined;
  const { hostname, port, protocol } = new URL(base);
  const secure = protocol === 'https:';
  return { host: hostname, port: port || (secure ? '443' : '80'), protocol: secure ? /** @type {const} */ ('https') : /** @type {const} */ ('http') };
}
