export * from './expression.ts';
export * from './operators.ts';
export * from './selector.ts';
