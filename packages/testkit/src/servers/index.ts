export * from './binaries.ts';
export * from './collector.ts';
export * from './prometheus.ts';
export * from './prometheus-config.ts';
export * from './redis.ts';
export { freePorts, type RunningServer } from './server.ts';
