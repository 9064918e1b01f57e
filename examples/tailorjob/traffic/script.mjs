/**
 * The fixed script: these acts, one after the other, whose results are all known (`../expected.mjs` counts them). `status` is the
 * status of the act's last response; `state` what has become of the job, or the plan of an account.
 */

const CVS = {
  backend: 'Ada Lovelace\nNode.js, PostgreSQL, queues\nTen years of engines.',
  compiler: 'Grace Hopper\nCompilers, COBOL\nForty years of service.',
  unreadable: '%PDF-1.7 corrupt bytes',
  short: 'Ada Lovelace\nMathematics\nNotes on the engine.',
};
const POSTING = 'Backend engineer: Node.js, PostgreSQL, queues, payments';

/** @typedef {{ act: string, status: number, state?: string, [option: string]: unknown }} Step */

/** @type {Step[]} */
const ENTRANCE = [
  { act: 'signUp', who: 'ada', method: 'password', status: 201 },
  { act: 'signUp', who: 'grace', method: 'google', status: 201 },
  { act: 'signUp', who: 'linus', method: 'password', status: 201 },
  { act: 'signUp', who: 'ada', method: 'password', status: 409 },
  { act: 'logIn', who: 'ada', method: 'password', status: 200 },
  { act: 'logIn', who: 'ada', method: 'password', password: 'wrong', status: 401 },
  { act: 'logIn', who: 'grace', method: 'google', status: 200 },
];

/** @type {Step[]} */
const DOCUMENTS = [
  { act: 'upload', who: 'ada', cv: 'backend', text: CVS.backend, status: 202 },
  { act: 'awaitCv', who: 'ada', cv: 'backend', status: 200, state: 'done' },
  { act: 'upload', who: 'grace', cv: 'compiler', text: CVS.compiler, status: 202 },
  { act: 'awaitCv', who: 'grace', cv: 'compiler', status: 200, state: 'done' },
  { act: 'upload', who: 'linus', cv: 'unreadable', text: CVS.unreadable, status: 202 },
  { act: 'awaitCv', who: 'linus', cv: 'unreadable', status: 200, state: 'failed' },
  { act: 'upload', who: 'ada', cv: 'short', text: CVS.short, status: 202 },
  { act: 'awaitCv', who: 'ada', cv: 'short', status: 200, state: 'done' },
  { act: 'upload', who: 'ada', cv: 'empty', text: '', status: 400 },
  { act: 'exportCv', who: 'ada', cv: 'backend', status: 500 },
];

/** @type {Step[]} */
const ASSISTANT = [
  { act: 'match', who: 'ada', cv: 'backend', posting: POSTING, streamed: true, status: 200 },
  { act: 'match', who: 'ada', cv: 'short', posting: POSTING, streamed: true, status: 200 },
  { act: 'match', who: 'grace', cv: 'compiler', posting: POSTING, streamed: true, status: 200 },
  { act: 'match', who: 'grace', cv: 'compiler', posting: POSTING, status: 200 },
  { act: 'match', who: 'ada', cv: 'backend', posting: POSTING, quality: 'preview', streamed: true, status: 200 },
  { act: 'match', who: 'ada', cv: 'backend', posting: POSTING, quality: 'expert', streamed: true, status: 503 },
  { act: 'matchAndLeave', who: 'ada', cv: 'backend', posting: `${POSTING}, an endless list of duties`, status: 200 },
  { act: 'match', who: 'linus', cv: 'unreadable', posting: POSTING, status: 409 },
  { act: 'match', who: 'ada', cv: 'unknown', posting: POSTING, status: 404 },
  { act: 'match', cv: 'backend', posting: POSTING, status: 401 },
  { act: 'tailor', who: 'ada', cv: 'backend', posting: POSTING, status: 200 },
  { act: 'tailor', who: 'grace', cv: 'compiler', posting: POSTING, status: 200 },
  { act: 'tailor', who: 'ada', cv: 'backend', posting: POSTING, streamed: true, status: 200 },
  { act: 'tailor', who: 'ada', cv: 'backend', posting: `${POSTING}, flaky builds`, status: 200 },
  { act: 'tailor', who: 'ada', cv: 'backend', posting: `${POSTING}, outage response`, status: 502 },
  { act: 'search', who: 'ada', query: 'node.js queues', status: 200 },
  { act: 'search', who: 'grace', query: 'python statistics', status: 200 },
  { act: 'search', who: 'linus', query: 'kubernetes', status: 200 },
  { act: 'draw', who: 'ada', prompt: 'A portrait for a CV', status: 200, state: 'done' },
  { act: 'draw', who: 'grace', prompt: 'A portrait in oil', status: 200, state: 'done' },
  { act: 'draw', who: 'linus', prompt: 'A forbidden portrait', status: 200, state: 'failed' },
];

/** @type {Step[]} */
const PAYMENTS = [
  { act: 'checkout', who: 'ada', plan: 'unknown', status: 400 },
  // The invoice arrives before the checkout that says whose it is: the application answers 500, and gets it again.
  { act: 'checkout', who: 'ada', plan: 'premium', status: 201 },
  { act: 'pay', who: 'ada', first: 'invoice.paid', status: 200 },
  { act: 'account', who: 'ada', status: 200, state: 'premium' },
  { act: 'checkout', who: 'grace', plan: 'starter', status: 201 },
  { act: 'pay', who: 'grace', status: 200 },
  { act: 'account', who: 'grace', status: 200, state: 'starter' },
  { act: 'checkout', who: 'linus', plan: 'starter', status: 201 },
  { act: 'pay', who: 'linus', card: 'declined', status: 200 },
  { act: 'account', who: 'linus', status: 200, state: 'free' },
  { act: 'happen', who: 'ada', what: 'renewal', status: 200 },
  { act: 'happen', who: 'ada', what: 'repetition', type: 'invoice.paid', status: 200 },
  { act: 'happen', who: 'grace', what: 'refund', status: 200 },
  { act: 'happen', who: 'ada', what: 'dispute', status: 200 },
  { act: 'happen', who: 'linus', what: 'forgery', status: 200 },
  { act: 'happen', who: 'ada', what: 'cancellation', status: 200 },
  { act: 'account', who: 'ada', status: 200, state: 'free' },
  { act: 'lose', status: 404 },
];

/** @type {Step[]} */
export const SCRIPT = [...ENTRANCE, ...DOCUMENTS, ...ASSISTANT, ...PAYMENTS];
