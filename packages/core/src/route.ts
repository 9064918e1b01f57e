import type { IncomingMessage } from 'node:http';
import { shared } from './runtime.ts';

interface Route {
  readonly path?: unknown;
}

/** What Express 4 and 5 and the package `router` leave on a request. */
interface Routed {
  readonly route?: Route | null;
  readonly app?: Application;
  readonly baseUrl?: unknown;
  readonly originalUrl?: unknown;
}

interface Application {
  readonly parent?: Application;
  readonly mountpath?: unknown;
  readonly router?: { readonly stack?: unknown };
  /** Express 4, where reading `router` throws. */
  readonly _router?: { readonly stack?: unknown };
}

interface Layer {
  readonly route?: Route;
  readonly handle?: { readonly stack?: unknown };
  /** `router` from 2.3: the path as the application wrote it. */
  readonly rawPath?: unknown;
}

/** The path, as the application wrote it, that a router's layer is mounted under: filled by a patch for routers that do not keep it. */
export const mountPaths = shared('route.mountPaths', () => new WeakMap<object, unknown>());

interface Found {
  readonly app: unknown;
  readonly templates: readonly string[];
  /** The only template, once it has agreed with a real path. */
  only: string | undefined;
}

const knownRoutes = new WeakMap<object, Found>();
/** Routers within routers beyond this are taken for a cycle. */
const MAX_DEPTH = 16;

/**
 * The template of the route that Express matched: where its routers are mounted and the route's own path, as the application wrote them.
 * Undefined for other frameworks, for regular expressions, and where only a real path, which may hold ids, is known.
 */
export function routeTemplate(request: IncomingMessage): string | undefined {
  const { route } = request as unknown as Routed;
  if (typeof route !== 'object' || route === null) return undefined;
  const known = knownRoutes.get(route);
  return known?.only ?? resolve(request as unknown as Routed, route, known);
}

function resolve({ app, baseUrl, originalUrl }: Routed, route: Route, known: Found | undefined): string | undefined {
  let found = known;
  if (found === undefined || (found.templates.length === 0 && found.app !== app)) {
    found = { app, templates: find(app, route), only: undefined };
    knownRoutes.set(route, found);
  }
  const template = found.templates.find((candidate) => covers(candidate, originalUrl));
  if (template !== undefined) {
    if (found.templates.length === 1) found.only = template;
    return template;
  }
  // Under a router whose mount is not known `baseUrl` is a part of the real path, with whatever ids and names are in it.
  return baseUrl === '' ? written(route.path).find((candidate) => covers(candidate, originalUrl)) : undefined;
}

/** The paths in what an application passes as one: a text, or a list of them. */
function written(path: unknown): string[] {
  return (Array.isArray(path) ? path.flat(Number.POSITIVE_INFINITY) : [path]).filter((one) => typeof one === 'string');
}

/** Every template under which the route can be reached, through the stacks of the application's routers. */
function find(app: Application | undefined, route: Route): string[] {
  const prefix = app === undefined ? undefined : mountedAt(app);
  if (app === undefined || prefix === undefined) return [];
  const templates: string[] = [];
  const visit = (stack: unknown, mounted: string, depth: number): void => {
    if (!Array.isArray(stack) || depth > MAX_DEPTH) return;
    for (const layer of stack as Layer[]) {
      if (layer.route === route) for (const path of written(layer.route.path)) templates.push(join(mounted, path));
      if (layer.route !== undefined || layer.handle?.stack === undefined) continue;
      for (const path of written(mountPaths.get(layer) ?? layer.rawPath)) visit(layer.handle.stack, join(mounted, path), depth + 1);
    }
  };
  visit((app._router ?? app.router)?.stack, prefix, 0);
  return templates;
}

function mountedAt({ parent, mountpath }: Application, depth = 0): string | undefined {
  if (parent === undefined || depth > MAX_DEPTH) return '';
  const above = mountedAt(parent, depth + 1);
  return above === undefined || typeof mountpath !== 'string' ? undefined : join(above, mountpath);
}

function join(prefix: string, path: string): string {
  const joined = `${prefix}/${path}`.replace(/\/{2,}/g, '/');
  return path === '/' && joined.length > 1 ? joined.slice(0, -1) : joined;
}

/** Whether the path can be one of the template's: literal segments agree, up to the first part that may match several segments or none. */
function covers(template: string, url: unknown): boolean {
  if (typeof url !== 'string') return false;
  const path = url.split('?', 1)[0] ?? '';
  const segments = path.split('/');
  for (const [index, part] of template.split('/').entries()) {
    if (/[*{(?+]/.test(part)) return true;
    if (!part.includes(':') && part.toLowerCase() !== (segments[index] ?? '').toLowerCase()) return false;
  }
  return true;
}
