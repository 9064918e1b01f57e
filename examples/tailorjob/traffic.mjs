/**
 * Plays users against a running application.
 *
 *   node traffic.mjs --script fixed                       an exact list of requests, then its counts as JSON
 *   node traffic.mjs --seconds 60 --users 8 --seed 1      users as they come
 *
 * `--app` (or APP_URL, http://127.0.0.1:3000) and `--providers` (or PROVIDERS_URL, http://127.0.0.1:4010) say where they are.
 */
import { parseArgs } from 'node:util';
import { countRequests, playScript, playUsers } from './traffic/play.mjs';

const { values } = parseArgs({
  options: {
    app: { type: 'string', default: process.env.APP_URL ?? 'http://127.0.0.1:3000' },
    providers: { type: 'string', default: process.env.PROVIDERS_URL ?? 'http://127.0.0.1:4010' },
    script: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    users: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});

const { app, providers, script } = values;
if (script !== undefined && script !== 'fixed') throw new Error('--script is fixed');
const answered =
  script === 'fixed'
    ? await playScript({ app, providers })
    : await playUsers({ app, providers, seconds: Number(values.seconds), users: Number(values.users), seed: Number(values.seed) });
console.log(JSON.stringify(countRequests(answered), undefined, 2));
