// Sentry as its documentation shows it for ES modules: `--import`, every request traced.
import { createRequire } from 'node:module';

const { init } = createRequire(`${process.env.BENCH_PEERS}/`)('@sentry/node');
const { protocol, host, pathname } = new URL(process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
init({ dsn: `${protocol}//public@${host}${pathname}/1`, tracesSampleRate: 1 });
