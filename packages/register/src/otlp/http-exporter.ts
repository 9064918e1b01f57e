import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { HttpSender } from './http-sender.ts';
import { otlpPost } from './post.ts';
import type { OtlpTarget } from './target.ts';

type Callback = Parameters<PushMetricExporter['export']>[1];

/** Exports by OTLP over HTTP. A failed export is not repeated; what it held comes with the next. */
export class HttpMetricExporter implements PushMetricExporter {
  readonly #target: OtlpTarget;
  readonly #sender: HttpSender;

  /** `sending` holds what was handed to the operating system and is not answered. */
  constructor(target: OtlpTarget, sending: Set<object>) {
    this.#target = target;
    this.#sender = new HttpSender(target, sending);
  }

  export(metrics: ResourceMetrics, callback: Callback): void {
    const serializer = this.#target.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
    const message = serializer.serializeRequest(metrics);
    if (message === undefined) throw new TypeError('not serialised');
    this.#sender.send(otlpPost(this.#target, message), callback);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
