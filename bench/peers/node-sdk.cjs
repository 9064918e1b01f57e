// NodeSDK as OpenTelemetry's documentation shows it, with three instrumentations, for metrics by OTLP alone.
const { offer, peer } = require('./packages.cjs');

const { NodeSDK } = peer('@opentelemetry/sdk-node');
const { PeriodicExportingMetricReader } = peer('@opentelemetry/sdk-metrics');
const { OTLPMetricExporter } = peer('@opentelemetry/exporter-metrics-otlp-proto');
const { HttpInstrumentation } = peer('@opentelemetry/instrumentation-http');
const { ExpressInstrumentation } = peer('@opentelemetry/instrumentation-express');
const { RuntimeNodeInstrumentation } = peer('@opentelemetry/instrumentation-runtime-node');

const exportIntervalMillis = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL);
const reader = new PeriodicExportingMetricReader({
  exporter: new OTLPMetricExporter(),
  exportIntervalMillis,
  exportTimeoutMillis: exportIntervalMillis,
});
const sdk = new NodeSDK({
  spanProcessors: [],
  metricReaders: [reader],
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), new RuntimeNodeInstrumentation()],
});
sdk.start();
// By itself it exports nothing when a process ends.
offer('shutdown', () => sdk.shutdown());
