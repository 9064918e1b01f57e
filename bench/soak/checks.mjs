import { QUEUE } from './application/queue.mjs';
import { sumOf } from './page.mjs';

/** Sums of dollars are added in another order here than there. */
const TOLERANCE = 1e-9;
/** Of one chat call, as the local provider reports it, with 40 of the input tokens cached. */
const TOKENS = { input: 100, output: 20, cacheRead: 40, reasoning: 8 };
const DOLLARS = ((TOKENS.input - TOKENS.cacheRead) * 1.25 + TOKENS.cacheRead * 0.125 + TOKENS.output * 10) / 1e6;

/**
 * What must have been measured: `{ what, metric, labels, value, by }`, where `by` says who counted it.
 * `load` and `application` are their counts by name, `requests` the number of requests that the provider got.
 */
export function expectedValues({ load, application, requests }) {
  const counted = (counts, prefix) => Object.entries(counts).filter(([name]) => name.startsWith(`${prefix} `));
  const total = (counts, prefix) => counted(counts, prefix).reduce((sum, [, count]) => sum + count, 0);
  const row = (by) => (what, metric, labels, value) => ({ what, metric, labels, value, by });
  const byLoad = row('load');
  const byApplication = row('application');
  return [
    ...counted(load, 'request').map(([name, value]) => byLoad(name, 'http_server_request_duration_seconds_count', requestLabels(name), value)),
    byLoad('requests', 'http_server_request_duration_seconds_count', {}, total(load, 'request')),
    byApplication('requests', 'http_server_request_duration_seconds_count', {}, total(application, 'response')),
    byLoad('requests', 'http_requests_total', {}, total(load, 'request')),
    byLoad('requests under way', 'http_server_active_requests', {}, 0),
    ...aiValues(application, total, byApplication),
    row('provider')('calls', 'ai_calls_total', {}, requests + (application.unconnected ?? 0)),
    ...counted(load, 'delivery').map(([name, value]) => byLoad(name, 'webhook_received_total', deliveryLabels(name), value)),
    ...counted(application, 'delivery accepted').map(([name, value]) => byApplication(name, 'webhook_received_total', deliveryLabels(name), value)),
    byLoad('deliveries', 'webhook_received_total', {}, total(load, 'delivery')),
    ...moneyValues(load, counted, total, byLoad),
    ...jobValues(application, byApplication),
    byApplication('errors of ours', 'tallyman_errors_total', {}, 0),
  ];
}

function requestLabels(name) {
  const [, method, ...rest] = name.split(' ');
  const status = rest.pop();
  const labels = { http_request_method: method, http_route: rest.join(' ') };
  return status === 'left' ? { ...labels, error_type: 'aborted' } : { ...labels, http_response_status_code: status };
}

function aiValues(application, total, row) {
  const calls = (outcome) => total(application, `call ${outcome}`);
  const features = ['job_match', 'cv_parse'];
  const answered = (feature) => application[`call ok ${feature}`] ?? 0;
  return [
    ...['ok', 'error', 'aborted'].map((outcome) => row(`calls ${outcome}`, 'ai_calls_total', { outcome }, calls(outcome))),
    row('calls', 'gen_ai_client_inference_duration_seconds_count', {}, total(application, 'call')),
    row('streams', 'gen_ai_client_inference_time_to_first_chunk_seconds_count', {}, application.stream ?? 0),
    row('calls without usage', 'ai_unmetered_calls_total', {}, calls('aborted')),
    row('calls without price', 'ai_unpriced_calls_total', {}, 0),
    ...features.flatMap((feature) => [
      row(`calls of ${feature}`, 'ai_calls_total', { feature, outcome: 'ok' }, answered(feature)),
      row(`dollars of ${feature}`, 'ai_cost_usd_total', { feature }, answered(feature) * DOLLARS),
      row(`input tokens of ${feature}`, 'gen_ai_client_inference_usage_input_tokens_total', { feature }, answered(feature) * TOKENS.input),
      row(`output tokens of ${feature}`, 'gen_ai_client_inference_usage_output_tokens_total', { feature }, answered(feature) * TOKENS.output),
    ]),
    row('cached tokens', 'gen_ai_client_inference_usage_cache_read_input_tokens_total', {}, calls('ok') * TOKENS.cacheRead),
    row('reasoning tokens', 'gen_ai_client_inference_usage_reasoning_output_tokens_total', {}, calls('ok') * TOKENS.reasoning),
    row('tokens spent', 'token_spend_total', {}, calls('ok') * (TOKENS.input + TOKENS.output)),
    row('generations', 'generation_success_total', { type: 'text' }, calls('ok')),
  ];
}

function deliveryLabels(name) {
  const [, outcome, type] = name.split(' ');
  return { outcome, webhook_event_type: type, webhook_provider: 'stripe' };
}

function moneyValues(load, counted, total, row) {
  return [
    ...counted(load, 'purchase').map(([name, value]) => row(name, 'payment_conversions_total', { plan: name.split(' ')[1] }, value)),
    row('purchases', 'payment_conversions_total', {}, total(load, 'purchase')),
    ...counted(load, 'money').map(([name, minor]) => {
      const [, plan, currency] = name.split(' ');
      return row(name, 'payment_revenue_total', { plan, currency }, minor / 100);
    }),
    row('declined', 'payment_failures_total', { error_type: 'insufficient_funds' }, load.declined ?? 0),
    row('duplicates', 'webhook_duplicates_total', {}, load.duplicate ?? 0),
    row('forged', 'webhook_verification_failures_total', { reason: 'mismatch' }, load.forged ?? 0),
  ];
}

function jobValues(application, row) {
  const ended = (outcome) => application[`job ${outcome}`] ?? 0;
  const queue = { queue_name: QUEUE };
  return [
    row('jobs added', 'queue_job_enqueued_total', queue, application['job added'] ?? 0),
    ...['ok', 'retry', 'error'].map((outcome) => row(`jobs ${outcome}`, 'queue_job_duration_seconds_count', { ...queue, outcome }, ended(outcome))),
    row('job retries', 'queue_retries_total', queue, ended('retry')),
    row('job failures', 'queue_failures_total', queue, ended('error')),
    row('jobs stalled', 'queue_stalled_total', queue, ended('stalled')),
    row('jobs active', 'queue_job_active', queue, 0),
    row('uses of cv_parse', 'feature_usage_total', { feature: 'cv_parse', outcome: 'ok' }, ended('ok')),
    row('failed uses of cv_parse', 'feature_usage_total', { feature: 'cv_parse', outcome: 'error' }, ended('error')),
  ];
}

/** The expected values that the page does not have, each as a line. */
export function wrongValues(expected, page, where) {
  return expected.flatMap(({ what, metric, labels, value, by }) => {
    const measured = sumOf(page, metric, labels);
    if (Math.abs(measured - value) <= TOLERANCE * Math.max(Math.abs(value), 1e-300)) return [];
    return [`${what}: ${measured} ${where} (${metric} ${JSON.stringify(labels)}), ${value} by the ${by}'s count`];
  });
}
