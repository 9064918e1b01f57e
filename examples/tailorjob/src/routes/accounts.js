import { RequestError, requireText } from '../errors.js';

/**
 * Signing up, logging in, and one's own account.
 *
 * @param {import('express').Express} app
 * @param {import('../app.js').Services} services
 */
export function accountRoutes(app, { accounts }) {
  app.post('/api/signup', async (request, response) => {
    const { email, password } = readCredentials(request.body);
    const account = await accounts.signUp(email, password);
    response.status(201).json({ id: account.id, token: accounts.token(account) });
  });

  app.post('/api/login', async (request, response) => {
    const { email, password } = readCredentials(request.body);
    const account = await accounts.logIn(email, password);
    response.json({ id: account.id, token: accounts.token(account) });
  });

  app.get('/api/account', (request, response) => {
    const { id, method, plan, payments, refunds, disputes, failedPayments } = accounts.signedIn(request);
    response.json({ id, method, plan, payments, refunds, disputes, failedPayments });
  });
}

/**
 * @param {unknown} body `{ method: 'password', email, password }` or `{ method: 'google', credential }`.
 * @returns {{ email: string, password: string | undefined }}
 */
function readCredentials(body) {
  const method = requireText(body, 'method');
  if (method === 'password') return { email: requireText(body, 'email'), password: requireText(body, 'password') };
  if (method === 'google') return { email: readIdToken(requireText(body, 'credential')), password: undefined };
  throw new RequestError(400, 'method is password or google');
}

/**
 * The address in Google's ID token. Its signature stays unchecked: the example has no client at Google whose tokens it could accept.
 *
 * @param {string} token
 * @returns {string}
 */
function readIdToken(token) {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return requireText(claims, 'email');
  } catch {
    throw new RequestError(400, 'credential is no ID token');
  }
}
