import { machine } from '../machine.mjs';
import { wrongValues } from './checks.mjs';
import { parsePage, sumOf } from './page.mjs';
import { heapSlope } from './watch.mjs';

/**
 * The heap may grow by so many bytes over the second half, however long: samples scatter by one or two megabytes. In five minutes
 * it is about 35 bytes a request.
 */
const MOST_GROWTH = 4e6;
/** Less is no soak. The short form runs beside tests, on machines that are busy with them. */
const LEAST = { long: { requestsPerSecond: 200, restarts: 2 }, short: { requestsPerSecond: 50, restarts: 1 } };
const LONG_MINUTES = 10;
/** The one line that a dead collector is worth. */
const EXPECTED_LINE = /^\[tallyman\] .*values do not arrive at /;

const round = (value, digits = 1) => value.toFixed(digits);
const mega = (bytes) => round(bytes / 1e6, 2);

/** Prints the figures, then what is wrong; tells whether nothing is. */
export function report(run) {
  const { slope, seconds } = heapSlope(run.samples);
  for (const line of figures(run, slope)) console.log(line);
  const wrong = faults(run, slope * seconds);
  for (const line of wrong) console.log(`WRONG ${line}`);
  console.log(wrong.length === 0 ? `${run.expected.length} numbers exact, in the collector and on /metrics` : `${wrong.length} things are wrong`);
  return wrong.length === 0;
}

/** Requests that the load sent, without the purchases that fill memories beforehand. */
function requestsPerSecond({ collectorPage, counts, seconds }) {
  return (sumOf(parsePage(collectorPage), 'http_server_request_duration_seconds_count') - counts['request POST /webhooks/stripe 200']) / seconds;
}

function figures(run, slope) {
  const { samples, eventLoop, pages, restarts, counts, collectorPage, expected, minutes, lines } = run;
  const page = parsePage(collectorPage);
  const requests = sumOf(page, 'http_server_request_duration_seconds_count');
  const middle = samples[samples.length >> 1];
  const last = samples.at(-1);
  const { own, collected } = pages;
  const times = own.milliseconds.toSorted((a, b) => a - b);
  const worth = expected.find(({ what }) => what === 'dollars of job_match').value;
  return [
    machine(),
    `${minutes} minutes, ${requests} requests, about ${Math.round(requestsPerSecond(run))} a second; ` +
      `${sumOf(page, 'ai_calls_total')} AI calls ($${round(worth, 4)} of job_match), ${sumOf(page, 'webhook_received_total')} deliveries, ` +
      `${sumOf(page, 'queue_job_duration_seconds_count')} attempts of jobs; ${counts['not sent'] ?? 0} not sent because the machine was too slow`,
    `restarts: collector ${restarts.collector}, Redis ${restarts.redis}; jobs stalled by them: ${sumOf(page, 'queue_stalled_total')}`,
    `heap after collection: ${mega(samples[0].heap)} MB at first, ${mega(middle.heap)} MB halfway, ${mega(last.heap)} MB at the end; ` +
      `slope of the second half ${round((slope * 60) / 1000, 1)} kB a minute; RSS ${mega(last.rss)} MB`,
    `event loop, resolution 10 ms: median ${round(eventLoop.median)} ms, p99 ${round(eventLoop.p99)} ms, longest ${round(eventLoop.max)} ms`,
    `/metrics: ${own.scrapes} scrapes (${own.failed} failed), ${own.sizes.at(-1)} series, ` +
      `median ${round(times[times.length >> 1])} ms, longest ${round(times.at(-1))} ms; collector: ${collected.scrapes} scrapes (${collected.failed} while it was gone)`,
    ...lines
      .split('\n')
      .filter(Boolean)
      .map((line) => `stderr: ${line}`),
  ];
}

function faults(run, growth) {
  const { pages, expected, ownPage, collectorPage, end, lines, minutes, restarts } = run;
  const least = minutes < LONG_MINUTES ? LEAST.short : LEAST.long;
  const { own, collected } = pages;
  const ours = lines.split('\n').filter((line) => line.startsWith('[tallyman]'));
  const halfway = own.sizes[own.sizes.length >> 1];
  const faulty = [
    ...wrongValues(expected, parsePage(ownPage), 'on /metrics'),
    ...wrongValues(expected, parsePage(collectorPage), 'in the collector'),
    ...own.fallen.slice(0, 5).map((series) => `${series} fell, or disappeared, between two scrapes of /metrics`),
    ...collected.fallen.slice(0, 5).map((series) => `${series} fell between two scrapes of the collector`),
    ...ours.filter((line) => !EXPECTED_LINE.test(line)).map((line) => `an unexpected line: ${line}`),
  ];
  const rate = requestsPerSecond(run);
  // Written so that a rate that is no number is too low.
  if (!(rate >= least.requestsPerSecond)) faulty.push(`${round(rate)} requests a second, where ${least.requestsPerSecond} are the least`);
  for (const [server, times] of Object.entries(restarts)) {
    if (times < least.restarts) faulty.push(`${server} was restarted ${times} times, where ${least.restarts} are the least`);
  }
  if (growth > MOST_GROWTH) faulty.push(`the heap grew by ${mega(growth)} MB over the second half`);
  if (own.sizes.at(-1) > halfway * 1.1) faulty.push(`series grew from ${halfway} halfway to ${own.sizes.at(-1)}`);
  if (own.failed > 0) faulty.push(`${own.failed} scrapes of /metrics failed`);
  if (ours.length > 1) faulty.push(`${ours.length} lines of ours, where one is enough`);
  if (end !== 'SIGTERM') faulty.push(`the application ended with ${end} instead of SIGTERM`);
  return faulty;
}
