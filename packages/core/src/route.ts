import type { IncomingMessage } from 'node:http';

/** The template of the route that a framework matched. */
export function routeTemplate(request: IncomingMessage): string | undefined {
  const { route, baseUrl } = request as unknown as { readonly route?: { readonly path?: unknown }; readonly baseUrl?: unknown };
  return typeof route?.path === 'string' ? `${typeof baseUrl === 'string' ? baseUrl : ''}${route.path}` : undefined;
}
