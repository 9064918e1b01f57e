// What a preload needs before anything is measured: it must stay small, and must not import the rest of core.
export * from './generation.ts';
export * from './hook-points.ts';
export * from './line.ts';
export * from './timers.ts';
