/** One state of the collector: a row of the README's table, tried with several ends. */
export interface Collector {
  readonly how: string;
  readonly protocol?: 'http/json' | 'http/protobuf' | 'grpc';
  /** How it answers; `refused` when nothing listens. 200 at once unless given. */
  readonly answer?:
    | 'refused'
    | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly delay?: number; readonly blackHole?: boolean };
  /** Encrypted with a certificate of the tests: which side's certificates the application is told. */
  readonly tls?: 'none' | 'server' | 'both';
  readonly env?: Readonly<Record<string, string>>;
  /** Headers that every request must have. */
  readonly headers?: Readonly<Record<string, string>>;
  /** An export is on its way when the process ends. */
  readonly isExporting?: true;
  /** Spans are to be sent as well. */
  readonly isTracing?: true;
  /** What the README says of the last values. */
  readonly arrives: string;
  readonly isReceived: boolean;
  /** The one line that we write, when there is one. */
  readonly says?: string;
}

const ALL = 'everything, once';
const LOST = 'nothing';
const UNAWAITED = 'sent, and not waited for';
const UNANSWERED = 'may be lost: no answer from';

const withHeadersAndGzip = (encoding: string) => ({
  env: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
  headers: { authorization: 'Bearer secret', [encoding]: 'gzip' },
  arrives: ALL,
  isReceived: true,
});

/** The states of the collector. */
export const collectors: readonly Collector[] = [
  { how: 'up', arrives: ALL, isReceived: true },
  { how: 'up, `http/json`', protocol: 'http/json', arrives: ALL, isReceived: true },
  {
    how: 'up, with headers and gzip',
    ...withHeadersAndGzip('content-encoding'),
  },
  { how: 'answers after 300 ms', answer: { delay: 300 }, arrives: ALL, isReceived: true },
  { how: 'answers after 2 s', answer: { delay: 2000 }, arrives: UNAWAITED, isReceived: true, says: UNANSWERED },
  {
    how: 'accepts and never answers',
    answer: { blackHole: true },
    arrives: UNAWAITED,
    isReceived: false,
    says: UNANSWERED,
  },
  { how: 'refuses connections', answer: 'refused', arrives: LOST, isReceived: false, says: 'are lost: no connection to' },
  { how: 'answers 400', answer: { status: 400 }, arrives: LOST, isReceived: false, says: 'are lost: status 400 from' },
  {
    how: 'answers 429 with `Retry-After`',
    answer: { status: 429, headers: { 'retry-after': '1' } },
    arrives: LOST,
    isReceived: false,
    says: 'are lost: status 429 from',
  },
  { how: 'answers 500', answer: { status: 500 }, arrives: LOST, isReceived: false, says: 'are lost: status 500 from' },
  { how: 'https, with `OTEL_EXPORTER_OTLP_CERTIFICATE`', tls: 'server', arrives: ALL, isReceived: true },
  { how: 'https that asks for a client certificate', tls: 'both', arrives: ALL, isReceived: true },
  {
    how: 'https, with headers and gzip',
    tls: 'server',
    ...withHeadersAndGzip('content-encoding'),
  },
  { how: 'https whose certificate is not trusted', tls: 'none', arrives: LOST, isReceived: false, says: 'are lost: no connection to' },
  { how: 'grpc', protocol: 'grpc', arrives: ALL, isReceived: true },
  {
    how: 'grpc, with headers and gzip',
    protocol: 'grpc',
    ...withHeadersAndGzip('grpc-encoding'),
  },
  { how: 'grpc with TLS and client certificate', protocol: 'grpc', tls: 'both', arrives: ALL, isReceived: true },
  {
    how: 'grpc that never answers',
    protocol: 'grpc',
    answer: { blackHole: true },
    arrives: UNAWAITED,
    isReceived: false,
    says: UNANSWERED,
  },
  { how: 'grpc that refuses connections', protocol: 'grpc', answer: 'refused', arrives: LOST, isReceived: false, says: 'are lost: no connection to' },
  { how: 'grpc that answers UNAVAILABLE', protocol: 'grpc', answer: { status: 14 }, arrives: LOST, isReceived: false, says: 'are lost: grpc status 14 from' },
  {
    how: 'has an export that is on its way, and answers after 2 s',
    answer: { delay: 2000 },
    isExporting: true,
    arrives: 'sent again with what came after, and not waited for',
    isReceived: true,
    says: UNANSWERED,
  },
  {
    how: 'has an export that is on its way, and never answers',
    answer: { blackHole: true },
    isExporting: true,
    arrives: UNAWAITED,
    isReceived: false,
    says: UNANSWERED,
  },
  {
    how: 'grpc, has an export that is on its way, and never answers',
    protocol: 'grpc',
    answer: { blackHole: true },
    isExporting: true,
    arrives: UNAWAITED,
    isReceived: false,
    says: UNANSWERED,
  },
  {
    how: 'never answers, and spans are to be sent as well',
    answer: { blackHole: true },
    env: { OTEL_TRACES_EXPORTER: 'otlp' },
    isTracing: true,
    arrives: UNAWAITED,
    isReceived: false,
    says: UNANSWERED,
  },
];
