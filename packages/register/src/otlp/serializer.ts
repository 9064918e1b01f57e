/** The OTLP serialisers alone, for a process that ends before it has loaded the SDK. */
export { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
