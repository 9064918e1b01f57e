/** Where a row runs: paths and addresses, made by the test. */
export interface Place {
  /** The built preload. */
  readonly preload: string;
  /** The preload's flags, `--require <preload>`; empty in the bare run. */
  readonly flags: readonly string[];
  /** An empty folder of the row's own, the working directory unless the row says otherwise. */
  readonly folder: string;
  /** The path of an application in fixtures/processes. */
  readonly fixture: (name: string) => string;
  /** The path of a file of a package that the repository has installed. */
  readonly installed: (path: string) => string;
  /** The path of a file of a package of packages/testkit/peers. */
  readonly peer: (path: string) => string;
  /** The path of a Node of that version. */
  readonly node: (version: string) => Promise<string>;
  /** Variables that the application needs: the provider's address, Redis, the collector's endpoint. */
  readonly env: Readonly<Record<string, string>>;
}

/** What is run, under the preload and bare. */
export interface Start {
  /** Node, unless given. */
  readonly command?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags in NODE_OPTIONS after the preload's. */
  readonly nodeOptions?: readonly string[];
  /** True where the row names the preload itself: NODE_OPTIONS is left alone. */
  readonly namesPreload?: boolean;
  /** Written to the standard input. */
  readonly input?: string;
}

/** What arrives at the collector from all processes of the row together. */
export interface Arrival {
  /** Calls of openai. */
  readonly calls: number;
  /** HTTP requests that were served. */
  readonly requests: number;
  /** Jobs of BullMQ that were worked on. */
  readonly jobs?: number;
  /** Processes and threads that reported, each with an instance id of its own. */
  readonly instances: number;
}

/** One way to run Node, and what Tallyman does there: drives a test and makes a line of docs/processes.md. */
export interface ProcessRow {
  /** What is run, in markdown. */
  readonly name: string;
  /** What one gets, in markdown. */
  readonly outcome: string;
  readonly start: (place: Place) => Start | Promise<Start>;
  readonly arrives: Arrival;
  /** Tallyman's own lines, in order; none unless given. */
  readonly says?: readonly RegExp[];
  /** What its output holds, bare and preloaded, where comparing the two would say nothing without it. */
  readonly shows?: readonly RegExp[];
  /** Metrics, spans and paths that others in the process send, bare and preloaded. */
  readonly theirs?: readonly RegExp[];
  /** How the process ends, bare and preloaded, where that is not with exit code 0. */
  readonly ends?: { readonly code: number | null; readonly signal: string | null };
  /** What has to be there for the row to run. */
  readonly needs?: 'peers' | 'redis';
  /** Makes output comparable with the bare run where it names times, ids or places that differ; the exit code and signal always are. */
  readonly comparable?: (output: string) => string;
}

/** What work.cjs does, in one process. */
export const WORKED: Arrival = { calls: 1, requests: 2, instances: 1 };
/** A process in which there is nothing to measure. */
export const NOTHING: Arrival = { calls: 0, requests: 0, instances: 0 };
