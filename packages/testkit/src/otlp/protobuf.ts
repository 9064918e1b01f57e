import type { ExportMetricsRequest } from './request.ts';

type Scalar = 'string' | 'bool' | 'int64' | 'uint32' | 'fixed64' | 'sfixed64' | 'double';

/** A field: its name in OTLP's JSON form, its type, and whether it repeats (then numbers are packed). */
type Field = readonly [name: string, type: Scalar | Message | (() => Message), repeated?: 'repeated'];
interface Message {
  readonly [fieldNumber: number]: Field;
}

// Field numbers of opentelemetry-proto 1.x: metrics/v1/metrics.proto, common/v1/common.proto, resource/v1/resource.proto.
const arrayValue: Message = { 1: ['values', () => anyValue, 'repeated'] };
const anyValue: Message = {
  1: ['stringValue', 'string'],
  2: ['boolValue', 'bool'],
  3: ['intValue', 'int64'],
  4: ['doubleValue', 'double'],
  5: ['arrayValue', arrayValue],
};
const keyValue: Message = { 1: ['key', 'string'], 2: ['value', anyValue] };
const numberPoint: Message = { 4: ['asDouble', 'double'], 6: ['asInt', 'sfixed64'], 7: ['attributes', keyValue, 'repeated'] };
const histogramPoint: Message = {
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['bucketCounts', 'fixed64', 'repeated'],
  7: ['explicitBounds', 'double', 'repeated'],
  9: ['attributes', keyValue, 'repeated'],
  11: ['min', 'double'],
  12: ['max', 'double'],
};
const metric: Message = {
  1: ['name', 'string'],
  2: ['description', 'string'],
  3: ['unit', 'string'],
  5: ['gauge', { 1: ['dataPoints', numberPoint, 'repeated'] }],
  7: ['sum', { 1: ['dataPoints', numberPoint, 'repeated'], 2: ['aggregationTemporality', 'uint32'], 3: ['isMonotonic', 'bool'] }],
  9: ['histogram', { 1: ['dataPoints', histogramPoint, 'repeated'], 2: ['aggregationTemporality', 'uint32'] }],
};
const scope: Message = { 1: ['name', 'string'], 2: ['version', 'string'] };
const scopeMetrics: Message = { 1: ['scope', scope], 2: ['metrics', metric, 'repeated'] };
const resource: Message = { 1: ['attributes', keyValue, 'repeated'] };
const resourceMetrics: Message = { 1: ['resource', resource], 2: ['scopeMetrics', scopeMetrics, 'repeated'] };
const exportMetricsRequest: Message = { 1: ['resourceMetrics', resourceMetrics, 'repeated'] };

/** Decodes OTLP's protobuf form into the shape of its JSON form; unknown fields are passed over. Throws for bytes that are no message. */
export function decodeMetricsRequest(bytes: Uint8Array): ExportMetricsRequest {
  return new Decoder(bytes).message(exportMetricsRequest) as ExportMetricsRequest;
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  message(message: Message): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.#varint());
      const wireType = tag & 7;
      const field = message[tag >>> 3];
      if (field) this.#field(result, field, wireType);
      else this.#skip(wireType);
    }
    return result;
  }

  #field(result: Record<string, unknown>, [name, type, repeated]: Field, wireType: number): void {
    if (typeof type === 'string') {
      if (!repeated) result[name] = this.#scalar(type);
      else result[name] = wireType === 2 ? this.#slice().#packed(type) : [...((result[name] as unknown[]) ?? []), this.#scalar(type)];
      return;
    }
    const value = this.#slice().message(typeof type === 'function' ? type() : type);
    result[name] = repeated ? [...((result[name] as unknown[]) ?? []), value] : value;
  }

  #packed(type: Scalar): unknown[] {
    const values: unknown[] = [];
    while (this.#at < this.#bytes.length) values.push(this.#scalar(type));
    return values;
  }

  #scalar(type: Scalar): unknown {
    switch (type) {
      case 'string':
        return new TextDecoder().decode(this.#slice().#bytes);
      case 'bool':
        return this.#varint() !== 0n;
      case 'uint32':
        return Number(this.#varint());
      case 'int64':
        return Number(BigInt.asIntN(64, this.#varint()));
      default:
        return this.#eightBytes(type);
    }
  }

  #eightBytes(type: 'fixed64' | 'sfixed64' | 'double'): number {
    const at = this.#advance(8);
    if (type === 'double') return this.#view.getFloat64(at, true);
    return Number(type === 'fixed64' ? this.#view.getBigUint64(at, true) : this.#view.getBigInt64(at, true));
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#view.getUint8(this.#advance(1));
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #slice(): Decoder {
    const length = Number(this.#varint());
    const start = this.#advance(length);
    return new Decoder(this.#bytes.subarray(start, start + length));
  }

  #skip(wireType: number): void {
    if (wireType === 0) this.#varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.#slice();
    else if (wireType === 5) this.#advance(4);
    else throw new RangeError(`protobuf wire type ${wireType}`);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError('a protobuf message ends too early');
    this.#at += length;
    return at;
  }
}
