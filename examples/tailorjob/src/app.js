import { Accounts } from './accounts.js';
import { RequestError } from './errors.js';
import { accountRoutes } from './routes/accounts.js';
import { assistantRoutes } from './routes/assistant.js';
import { checkoutRoutes, webhookRoute } from './routes/billing.js';
import { cvRoutes } from './routes/cvs.js';
import { imageRoutes } from './routes/images.js';

/**
 * What the routes work with.
 *
 * @typedef {object} Services
 * @property {import('./assistant.js').Assistant} assistant
 * @property {import('stripe').default} stripe
 * @property {import('./jobs.js').Jobs} jobs
 * @property {import('./configuration.js').Configuration} configuration
 * @property {import('./accounts.js').Accounts} accounts
 * @property {Map<string, import('./routes/cvs.js').Cv>} cvs
 */

/**
 * The Express application.
 *
 * @param {Omit<Services, 'accounts' | 'cvs'> & { express: typeof import('express'), OpenAI: typeof import('openai').OpenAI }} libraries
 */
export function createApp({ express, OpenAI, ...rest }) {
  /** @type {Services} */
  const services = { ...rest, accounts: new Accounts(rest.configuration.sessionSecret), cvs: new Map() };
  const app = express();
  app.disable('x-powered-by');

  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' });
  });
  // Stripe signs the bytes that it sends, so its route comes before the one that parses JSON.
  webhookRoute(app, express, services);
  app.use(express.json());
  accountRoutes(app, services);
  cvRoutes(app, services);
  assistantRoutes(app, services);
  imageRoutes(app, services);
  checkoutRoutes(app, services);

  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  app.use(errorHandler(OpenAI));
  return app;
}

/**
 * @param {typeof import('openai').OpenAI} OpenAI
 * @returns {import('express').ErrorRequestHandler}
 */
function errorHandler(OpenAI) {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const { status, message } = answerTo(error, OpenAI);
    if (status >= 500) console.error(`${request.method} ${request.path}: ${error.name}: ${error.message}`);
    response.status(status).json({ error: message });
  };
}

/**
 * @param {any} error
 * @param {typeof import('openai').OpenAI} OpenAI
 */
function answerTo(error, OpenAI) {
  if (error instanceof RequestError) return { status: error.status, message: error.message };
  if (error instanceof OpenAI.RateLimitError) return { status: 503, message: 'the model is busy, please try again' };
  if (error instanceof OpenAI.APIError) return { status: 502, message: 'the model did not answer' };
  // The errors of express.json carry a status that is the caller's fault, and say so by `expose`.
  if (error?.expose === true) return { status: error.status, message: error.message };
  return { status: 500, message: 'internal error' };
}
