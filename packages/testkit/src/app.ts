import { type RunningProcess, startProcess } from './process.ts';

/** A Node application to run. */
export interface AppOptions {
  /** The entry point, or undefined when `args` hold all, as with `-e`. */
  readonly entry?: string;
  readonly args?: readonly string[];
  /** The Node to run it; the one that runs the test unless given. */
  readonly nodePath?: string;
  /** A file for `--require`, for instance the built preload. */
  readonly preload?: string;
  /** Further flags of Node, before the entry. */
  readonly nodeFlags?: readonly string[];
  /** Variables; one that is undefined is taken away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** A variable that would steer Node, OpenTelemetry or Tallyman from outside, or tell the application that it is under test. */
const foreign = /^(NODE_OPTIONS|NODE_ENV|NODE_V8_COVERAGE|VITEST.*|TEST|OTEL_.*|TALLYMAN_.*)$/;

/** The preload's last values may come late on a machine that runs many tests: the half second of its own is tried where it is the point. */
const PATIENCE = { TALLYMAN_END_TIMEOUT: '10000' };

/**
 * Runs a Node application in a process of its own, by default as bare as a user would; only a preload is given more time at the end.
 *
 * Variables that steer Node, OpenTelemetry or Tallyman are not inherited, only taken from `env`. Rejects when Node itself
 * cannot be executed; an application that fails is an ended process.
 */
export function runApp(options: AppOptions): Promise<RunningProcess> {
  const { entry, args = [], nodePath = process.execPath, preload, nodeFlags = [], env = {}, cwd } = options;
  const inherited = Object.keys(process.env).filter((name) => foreign.test(name));
  return startProcess({
    command: nodePath,
    args: [...nodeFlags, ...(preload === undefined ? [] : ['--require', preload]), ...(entry === undefined ? [] : [entry]), ...args],
    env: { ...Object.fromEntries(inherited.map((name) => [name, undefined])), ...(preload !== undefined && PATIENCE), ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
}
