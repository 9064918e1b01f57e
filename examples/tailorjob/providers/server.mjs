import { createServer } from 'node:http';
import { sendJson } from './http.mjs';
import { createOpenAi } from './openai/routes.mjs';
import { createStripe } from './stripe/routes.mjs';

/** @typedef {{ ai: import('./openai/routes.mjs').AiRequest[], deliveries: import('./stripe/deliveries.mjs').Delivery[] }} Log */

/**
 * Starts the model provider and the payment provider of the example: one server that speaks both wire formats. `GET /log` says what
 * it has seen.
 *
 * @param {{ host?: string, port?: number, name?: string, secret?: string, pace?: number, webhook?: string }} [options] Port 0 takes a free one; others reach the host by its name; the pace
 *   stretches all delays, 0 answers at once; `webhook` is the application's address for events.
 */
export async function startProviders({ host = '127.0.0.1', port = 0, name = host, secret = 'whsec_tailorjob_demo', pace = 1, webhook } = {}) {
  let url = '';
  const openai = createOpenAi({ pace });
  const stripe = createStripe({ base: () => url, secret, pace });
  if (webhook) stripe.deliveries.url = webhook;
  /** @type {Log} */
  const log = { ai: openai.log, deliveries: stripe.deliveries.log };

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    try {
      if (pathname === '/log') sendJson(response, 200, log);
      else if (!(await openai.handle(request, response, pathname))) await stripe.handle(request, response, pathname);
    } catch (error) {
      if (!response.headersSent) sendJson(response, 400, { error: { type: 'invalid_request_error', message: String(error) } });
      else response.destroy();
    }
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  url = `http://${name}:${address.port}`;

  return {
    url,
    log,
    /** What the application needs in its environment to use these providers. */
    environment: {
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: 'sk-tailorjob-demo',
      STRIPE_API_BASE: url,
      STRIPE_WEBHOOK_SECRET: secret,
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
