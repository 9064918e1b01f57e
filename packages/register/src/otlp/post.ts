import { version } from '../version.ts';
import type { OtlpTarget } from './target.ts';

/** Names the exporter to the collector (OTLP exporter specification, User Agent). */
export const userAgent = `Tallyman-OTLP-Exporter/${version}`;

/** A message as it is posted. */
export interface OtlpPost {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What is posted for a serialised message: OTLP over HTTP. */
export function otlpPost({ url, protocol, isCompressed, headers }: OtlpTarget, serialized: Uint8Array): OtlpPost {
  const { username, password } = new URL(url);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url,
    headers: {
      'user-agent': userAgent,
      'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
      ...(credentials !== ':' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    },
    // Loaded here and not at the start of every process: few compress.
    body: isCompressed ? process.getBuiltinModule('node:zlib').gzipSync(serialized) : serialized,
  };
}
