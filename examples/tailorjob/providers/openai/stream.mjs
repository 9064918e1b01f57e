import { once } from 'node:events';
import { pause } from '../http.mjs';

/** Between two events, in milliseconds at pace 1. */
const GAP = 8;
/** Events before an endless stream stops. */
const EVENTS_OF_ENDLESS = 4;

/**
 * Sends server-sent events, to the end unless the client leaves.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {{ events: Iterable<{ event?: string, data: object }>, end?: string }} stream
 * @param {{ pace: number, endless: boolean }} options
 * @returns {Promise<boolean>} Whether the client stayed.
 */
export async function sendEvents(response, { events, end }, { pace, endless }) {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  let sent = 0;
  for (const { event, data } of events) {
    if (response.closed) return false;
    response.write(`${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
    sent += 1;
    if (endless && sent === EVENTS_OF_ENDLESS) {
      if (!response.closed) await once(response, 'close');
      return false;
    }
    await pause(GAP * pace);
  }
  response.end(end === undefined ? undefined : `data: ${end}\n\n`);
  return true;
}
