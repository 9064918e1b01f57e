export * from './capture.ts';
export * from './request.ts';
export type { OtlpAttribute, OtlpAttributes, OtlpHistogram, OtlpSeries } from './series.ts';
