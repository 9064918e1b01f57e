export { concrete, type DashboardExpression, dashboards, expressions, panelsOf } from './dashboards/index.ts';
export { metricTables } from './docs/metrics.ts';
export { type SupportedAdapter, type SupportedDomain, supportsTable } from './docs/supports.ts';
export { type GeneratedFile, generatedFiles, type Repository } from './files.ts';
export * from './promql/index.ts';
export { type Alert, alerts, type Recording, recordings, rulesFile } from './rules/index.ts';
