export * from './dashboard.ts';
export * from './kinds.ts';
export { anyIsWorthALook, noneIsAlarming, type PanelContent, type PlaceablePanel } from './panel.ts';
export type { Query } from './query.ts';
