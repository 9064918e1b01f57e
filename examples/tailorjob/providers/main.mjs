/**
 * The providers as a process. PORT (4010), HOST, STRIPE_WEBHOOK_SECRET, PROVIDERS_PACE (1; 0 answers at once), WEBHOOK_URL,
 * PROVIDERS_HOST (the name under which others reach it, where that is not HOST).
 */
import { startProviders } from './server.mjs';

const { HOST, PORT, PROVIDERS_HOST, STRIPE_WEBHOOK_SECRET, PROVIDERS_PACE, WEBHOOK_URL } = process.env;
const providers = await startProviders({
  host: HOST ?? '127.0.0.1',
  port: Number(PORT ?? 4010),
  pace: Number(PROVIDERS_PACE ?? 1),
  ...(PROVIDERS_HOST && { name: PROVIDERS_HOST }),
  ...(STRIPE_WEBHOOK_SECRET && { secret: STRIPE_WEBHOOK_SECRET }),
  ...(WEBHOOK_URL && { webhook: WEBHOOK_URL }),
});
console.log(`providers listening on ${providers.url}`);

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) process.once(signal, () => void providers.close());
