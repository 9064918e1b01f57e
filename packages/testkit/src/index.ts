export * from './app.ts';
export * from './node-versions.ts';
export * from './otlp/index.ts';
export * from './peers.ts';
export * from './process.ts';
export * from './recorded.ts';
export * from './servers/index.ts';
export * from './wait.ts';
