import type { InstrumentKind } from '@tallyman/catalog';

/** Values since the series began, or since the last delivery. */
export type Temporality = 'cumulative' | 'delta';

/** Values of `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`. */
export type TemporalityPreference = 'cumulative' | 'delta' | 'lowmemory';

/**
 * The temporality of an instrument under a preference (OpenTelemetry's specification of the OTLP metrics exporter): levels are always cumulative,
 * and `lowmemory` leaves cumulative what is counted elsewhere and only looked at, because its last value would have to be remembered.
 */
export function temporalityOf(preference: TemporalityPreference, instrument: InstrumentKind, isObserved: boolean): Temporality {
  if (preference === 'cumulative' || instrument === 'updowncounter' || instrument === 'gauge') return 'cumulative';
  return preference === 'lowmemory' && isObserved ? 'cumulative' : 'delta';
}
