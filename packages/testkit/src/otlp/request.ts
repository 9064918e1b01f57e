/** The parts of OTLP's `ExportMetricsServiceRequest` that the capture reads, in the spelling of OTLP's JSON form. */
export interface ExportMetricsRequest {
  readonly resourceMetrics?: readonly ResourceMetrics[];
}

/** What one resource reports. */
export interface ResourceMetrics {
  readonly resource?: { readonly attributes?: readonly KeyValue[] };
  readonly scopeMetrics?: readonly { readonly scope?: { readonly name?: string; readonly version?: string }; readonly metrics?: readonly Metric[] }[];
}

/** A metric with its points; exactly one of the three kinds is there. */
export interface Metric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly sum?: { readonly dataPoints?: readonly NumberPoint[]; readonly aggregationTemporality?: number; readonly isMonotonic?: boolean };
  readonly gauge?: { readonly dataPoints?: readonly NumberPoint[] };
  readonly histogram?: { readonly dataPoints?: readonly HistogramPoint[]; readonly aggregationTemporality?: number };
}

/** 64-bit integers are strings in JSON. */
export type Integer = number | string;

/** A point of a sum or gauge. */
export interface NumberPoint {
  readonly attributes?: readonly KeyValue[];
  readonly asDouble?: number;
  readonly asInt?: Integer;
}

/** A point of a histogram: one count more than bounds. */
export interface HistogramPoint {
  readonly attributes?: readonly KeyValue[];
  readonly count?: Integer;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly bucketCounts?: readonly Integer[];
  readonly explicitBounds?: readonly number[];
}

/** An attribute. */
export interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue;
}

/** Exactly one member is there. */
export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: Integer;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
}
