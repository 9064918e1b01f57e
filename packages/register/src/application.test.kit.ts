import { fileURLToPath } from 'node:url';
import { type AppOptions, freePorts, type RunningProcess, runApp, waitFor } from '@tallyman/testkit';

/** The built preload. */
export const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));

/** The path of an application of the tests. */
export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** An application with an HTTP server, under the preload. */
export interface Application {
  readonly app: RunningProcess;
  readonly url: string;
}

/** How long the end of a process may take on a busy machine; what it takes on others, ends/ends.test.ts shows. */
export const PATIENCE = { TALLYMAN_END_TIMEOUT: '20000' };

/** Starts an application that says where it listens; fixtures/server.cjs unless another is given. */
export async function startApplication({ env, ...options }: Omit<AppOptions, 'preload'> = {}): Promise<Application> {
  const app = await runApp({ entry: fixture('server.cjs'), preload, env: { ...PATIENCE, ...env }, ...options });
  const [, url = ''] = await app.ready(/listening on (\S+)/);
  return { app, url };
}

/** The lines that the preload has written. */
export function linesOf({ stderr }: RunningProcess): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('[tallyman] '));
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return (await freePorts('port')).port;
}

/** The text of a page as soon as it can be had and is accepted. */
export function page(url: string, accept: (text: string) => boolean = () => true): Promise<string> {
  return waitFor(async () => (await fetch(url)).text(), accept, { describe: (text) => `${url}: ${text?.slice(0, 2000)}` });
}
