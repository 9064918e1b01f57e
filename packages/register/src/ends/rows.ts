/** What a test does to the running application: sends a signal, waits for a line of its output, or until the collector has that many records, or requests. */
export type Step = NodeJS.Signals | { readonly says: string } | { readonly delivered: number } | { readonly sent: number };

/** One way in which a process ends: a row of the README's table, and a test. */
export interface End {
  /** The words of the README. */
  readonly how: string;
  /** What the application does after it has made one record with `record()`; `ending()` marks the moment from which its end is measured, `loaded(then)` waits for the SDK. */
  readonly source: string;
  /** What it does before it loads anything that is measured. */
  readonly before?: string;
  /** CommonJS unless given. */
  readonly isModule?: true;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  /** Exit code or signal, the same as without Tallyman. */
  readonly end: number | NodeJS.Signals;
  /** Number of records that arrive. */
  readonly arrives: number;
  /** Whether spans arrive, where the application makes one. */
  readonly spans?: boolean;
  /** Words of the README about what arrives; everything does unless given. */
  readonly arrivesInstead?: string;
  /** The one line that we write, when there is one. */
  readonly says?: string;
  /** How many threads say it, when the collector takes nothing: 1 unless given. */
  readonly threads?: number;
}

const ALIVE = 'setInterval(() => {}, 1000);';
const LATER = 'loaded(() => { record(); ending();';
const TRACES = { OTEL_TRACES_EXPORTER: 'otlp' };
const SHORT = { OTEL_METRIC_EXPORT_INTERVAL: '300' };
const INTERVAL = 'what was there at the last interval';
const DENIED = 'nothing since the last interval';
const NO_THREAD = 'the last values are lost: start Node with --allow-worker';
const SPANS_LOST = 'all values; of the spans, those of batches that were sent (`OTEL_BSP_SCHEDULE_DELAY`)';
const PERMISSION = ['--permission', '--allow-fs-read=*'];

/** An application that answers one request of its own, and what it does then. */
export const answering = (then: string): string => `const http = require('node:http');
  const server = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
    http.get({ host: '127.0.0.1', port: server.address().port, agent: false }, (response) => response.resume().on('end', () => { ${then} }));
  });`;

/** Raises signals itself. */
const raising = (...names: readonly NodeJS.Signals[]): string =>
  `${ALIVE} setTimeout(() => { ending(); ${names.map((name) => `process.kill(process.pid, '${name}');`).join(' ')} }, 1);`;

/** Gets signals from other processes that it waits for: two that are not waited for may merge, or change places. */
const receiving = (...names: readonly NodeJS.Signals[]): string =>
  `${ALIVE} setTimeout(() => {
    ending();
    for (const name of ${JSON.stringify(names.map((name) => name.slice('SIG'.length)))}) require('node:child_process').execFileSync('sh', ['-c', 'kill -s ' + name + ' ' + process.pid]);
  }, 1);`;

const SIGNAL_EXIT_3 = `require('signal-exit-3')((code, signal) => { record(); console.log('clean-up', code, signal); });`;
const SIGNAL_EXIT_4 = `require('signal-exit-4').onExit((code, signal) => { record(); console.log('clean-up', code, signal); });`;

const signals: readonly End[] = (['SIGTERM', 'SIGINT'] as const).flatMap((signal): End[] => [
  { how: `\`${signal}\`, nobody handles it`, source: ALIVE, steps: [signal], end: signal, arrives: 1 },
  {
    how: `\`${signal}\`, handled with \`process.exit\``,
    source: `${ALIVE} process.on('${signal}', () => { record(); process.exit(7); });`,
    steps: [signal],
    end: 7,
    arrives: 2,
  },
  { how: `\`${signal}\` with signal-exit 3`, source: `${ALIVE} ${SIGNAL_EXIT_3}`, steps: [signal], end: signal, arrives: 2 },
  { how: `\`${signal}\` with signal-exit 4`, source: `${ALIVE} ${SIGNAL_EXIT_4}`, steps: [signal], end: signal, arrives: 2 },
  { how: `\`${signal}\` twice in a row`, source: receiving(signal, signal), end: signal, arrives: 1 },
]);

/** The ends at which everything arrives. */
export const ends: readonly End[] = [
  { how: 'by itself, before the SDK was loaded', source: 'ending();', end: 0, arrives: 1 },
  { how: 'by itself, later', source: `${LATER} });`, end: 0, arrives: 2 },
  { how: '`process.exit` in the body of a CommonJS main module', source: 'ending(); process.exit(3);', end: 3, arrives: 1 },
  { how: '`process.exit` in the body of an ES main module', source: 'await null; record(); ending(); process.exit(3);', isModule: true, end: 3, arrives: 2 },
  { how: '`process.exit`, later', source: `${LATER} process.exit(3); });`, end: 3, arrives: 2 },
  { how: '`process.exit` in an `exit` listener', source: `process.on('exit', () => process.exit(5)); ending();`, end: 5, arrives: 1 },
  { how: 'an `exit` listener that records something', source: `process.on('exit', () => record()); ending();`, end: 0, arrives: 2 },
  { how: 'an uncaught exception', source: `${LATER} throw new TypeError('of the application'); });`, end: 1, arrives: 2 },
  { how: 'an uncaught exception in the body of the main module', source: `ending(); throw new TypeError('of the application');`, end: 1, arrives: 1 },
  { how: 'an unhandled rejection', source: `${LATER} Promise.reject(new TypeError('of the application')); });`, end: 1, arrives: 2 },
  { how: 'a top-level `await` that never settles', source: 'ending(); await new Promise(() => {});', isModule: true, end: 13, arrives: 1 },
  ...signals,
  {
    how: '`SIGTERM`, handled with `server.close()`',
    source: `const server = require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('listening'));
      process.on('SIGTERM', () => { record(); server.close(); });`,
    steps: [{ says: 'listening' }, 'SIGTERM'],
    end: 0,
    arrives: 2,
  },
  {
    how: '`SIGTERM`, handled with a clean-up that takes a while',
    source: `${ALIVE} process.on('SIGTERM', () => { record(); setTimeout(() => { ending(); process.exit(7); }, 200); });`,
    steps: ['SIGTERM'],
    end: 7,
    arrives: 2,
  },
  {
    how: '`SIGTERM`, its listener was there before anything was measured',
    source: '',
    before: `${ALIVE} process.on('SIGTERM', () => { record(); setTimeout(() => { ending(); process.exit(7); }, 200); });`,
    steps: ['SIGTERM'],
    end: 7,
    arrives: 2,
  },
  {
    how: '`SIGTERM`, handled `once`, and a second one',
    source: `${ALIVE} process.once('SIGTERM', () => { record(); console.log('handled'); });`,
    steps: ['SIGTERM', { says: 'handled' }, 'SIGTERM'],
    end: 'SIGTERM',
    arrives: 2,
  },
  {
    how: '`SIGTERM`, handled `once` and raised again',
    source: `${ALIVE} process.once('SIGTERM', () => { record(); process.kill(process.pid, 'SIGTERM'); });`,
    steps: ['SIGTERM'],
    end: 'SIGTERM',
    arrives: 2,
  },
  {
    how: '`SIGTERM`, a listener that is added inside a handler',
    source: `${ALIVE} process.once('SIGTERM', () => { process.on('SIGTERM', () => { record(); process.exit(8); }); console.log('handled'); });`,
    steps: ['SIGTERM', { says: 'handled' }, 'SIGTERM'],
    end: 8,
    arrives: 2,
  },
  {
    how: '`SIGTERM` after `process.removeAllListeners("SIGTERM")`',
    source: `${ALIVE} process.removeAllListeners('SIGTERM').on('SIGTERM', () => {}).removeAllListeners('SIGTERM'); setImmediate(() => console.log('removed'));`,
    steps: [{ says: 'removed' }, 'SIGTERM'],
    end: 'SIGTERM',
    arrives: 1,
  },
  { how: '`SIGTERM` with signal-exit 3 and 4', source: `${ALIVE} ${SIGNAL_EXIT_3} ${SIGNAL_EXIT_4}`, steps: ['SIGTERM'], end: 'SIGTERM', arrives: 3 },
  { how: '`SIGTERM` and `SIGINT` in a row', source: receiving('SIGTERM', 'SIGINT'), end: 'SIGTERM', arrives: 1 },
  {
    how: '`SIGTERM`, handled `once` with `server.close()`, and raised again when nothing is left to do',
    source: `const server = require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('listening'));
      process.once('SIGTERM', () => server.close(() => { record(); ending(); process.kill(process.pid, 'SIGTERM'); }));`,
    steps: [{ says: 'listening' }, 'SIGTERM'],
    end: 'SIGTERM',
    arrives: 2,
  },
  {
    how: 'a worker thread that ends by itself',
    source: `const { Worker, isMainThread } = require('node:worker_threads'); if (isMainThread) new Worker(__filename).on('exit', ending);`,
    end: 0,
    arrives: 2,
    threads: 2,
  },
  {
    how: 'everything was delivered before: nothing is sent again',
    source: `${ALIVE} process.on('SIGUSR2', () => process.exit());
      process.on('exit', () => console.log(Object.keys(require.cache).some((file) => file.endsWith('serializer.cjs')) ? 'sent again' : ''));`,
    env: { OTEL_METRIC_EXPORT_INTERVAL: '1000' },
    steps: [{ delivered: 1 }, 'SIGUSR2'],
    end: 0,
    arrives: 1,
  },
  {
    how: 'by itself, with `OTEL_TRACES_EXPORTER=otlp`: spans too',
    source: answering('ending(); server.close();'),
    env: TRACES,
    end: 0,
    arrives: 1,
    spans: true,
  },
  { how: '`--permission --allow-worker`', source: `${LATER} process.exit(3); });`, flags: [...PERMISSION, '--allow-worker'], end: 3, arrives: 2 },
  { how: '`--permission` without `--allow-worker`, by itself', source: `${LATER} });`, flags: PERMISSION, end: 0, arrives: 2 },
  {
    how: '`--permission` without `--allow-worker`, `SIGTERM`',
    source: ALIVE,
    flags: PERMISSION,
    steps: ['SIGTERM'],
    end: 'SIGTERM',
    arrives: 1,
  },
];

/** The ends at which not everything can arrive. */
export const limits: readonly End[] = [
  ...(
    [
      ['`process.exit`', 'ending(); process.exit(3);', 3],
      ['an uncaught exception', `ending(); throw new TypeError('of the application');`, 1],
      ['`SIGTERM`', `ending(); process.kill(process.pid, 'SIGTERM');`, 'SIGTERM'],
    ] as const
  ).map(([how, then, end]): End => {
    return {
      how: `with \`OTEL_TRACES_EXPORTER=otlp\`, ${how}`,
      source: answering(then),
      env: TRACES,
      end,
      arrives: 1,
      spans: false,
      arrivesInstead: SPANS_LOST,
    };
  }),
  ...(
    [
      ['`process.exit`', 'process.exit(3);', 3],
      ['an uncaught exception', `throw new TypeError('of the application');`, 1],
    ] as const
  ).map(([how, then, end]): End => {
    return {
      how: `\`--permission\` without \`--allow-worker\`, ${how}`,
      source: `${LATER} ${then} });`,
      flags: PERMISSION,
      end,
      arrives: 0,
      arrivesInstead: DENIED,
      says: NO_THREAD,
    };
  }),
  ...(
    [
      ['two signals in a row', 'SIGTERM'],
      ['`SIGTERM` and `SIGINT` in a row', 'SIGINT'],
    ] as const
  ).map(([how, second]): End => {
    return {
      how: `\`--permission\` without \`--allow-worker\`, ${how}`,
      source: raising('SIGTERM', second),
      flags: PERMISSION,
      end: 'SIGTERM',
      arrives: 0,
      arrivesInstead: DENIED,
    };
  }),
  ...(
    [
      ['by gRPC', { ...TRACES, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }],
      ['to zipkin', { OTEL_TRACES_EXPORTER: 'zipkin' }],
    ] as const
  ).map(([how, env]): End => {
    return {
      how: `with spans ${how}, by itself`,
      source: answering('ending(); server.close();'),
      env,
      end: 0,
      arrives: 1,
      arrivesInstead: 'all values; the exporter of OpenTelemetry may hold the process for ten seconds when nothing takes its spans',
    };
  }),
  {
    how: '`SIGTERM` while the event loop is blocked: the process goes on as long',
    source: `${ALIVE} setTimeout(() => { console.log('blocked'); for (const until = Date.now() + 500; Date.now() < until; ); }, 1);`,
    steps: [{ says: 'blocked' }, 'SIGTERM'],
    end: 'SIGTERM',
    arrives: 1,
    arrivesInstead: 'everything, when the application gives the event loop back',
  },
  {
    how: 'the same with `TALLYMAN_END_TIMEOUT=0`, which leaves signals alone: at once',
    source: `${ALIVE} setTimeout(() => { console.log('blocked'); for (;;); }, 1);`,
    env: { TALLYMAN_END_TIMEOUT: '0' },
    steps: [{ says: 'blocked' }, 'SIGTERM'],
    end: 'SIGTERM',
    arrives: 0,
    arrivesInstead: INTERVAL,
  },
  {
    how: '`SIGKILL`',
    source: `${ALIVE} process.on('SIGUSR2', () => { record(); process.kill(process.pid, 'SIGKILL'); });`,
    env: SHORT,
    steps: [{ delivered: 1 }, 'SIGUSR2'],
    end: 'SIGKILL',
    arrives: 1,
    arrivesInstead: INTERVAL,
  },
  ...(
    [
      ['`process.abort()`', 'process.abort();', 'SIGABRT'],
      ['a crash in native code (`SIGSEGV`)', `process.kill(process.pid, 'SIGSEGV');`, 'SIGSEGV'],
      ['any other signal that nobody handles, such as `SIGHUP` or `SIGQUIT`', `process.kill(process.pid, 'SIGHUP');`, 'SIGHUP'],
    ] as const
  ).map(([how, then, end]): End => {
    return {
      how,
      source: `${ALIVE} process.on('SIGUSR2', () => { record(); ${then} });`,
      env: SHORT,
      steps: [{ delivered: 1 }, 'SIGUSR2'],
      end,
      arrives: 1,
      arrivesInstead: INTERVAL,
    };
  }),
  ...(
    [
      ['`worker.terminate()`', 'await worker.terminate(); ending(); process.exit();'],
      ['the main thread ends before a worker thread', 'ending(); process.exit();'],
    ] as const
  ).map(([how, then]): End => {
    return {
      how,
      source: `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      if (isMainThread) {
        const worker = new Worker(__filename);
        process.on('SIGUSR2', () => worker.postMessage('again'));
        worker.on('message', async () => { ${then} });
      } else parentPort.on('message', () => { record(); parentPort.postMessage('recorded'); });`,
      env: SHORT,
      steps: [{ delivered: 2 }, 'SIGUSR2'],
      end: 0,
      arrives: 2,
      arrivesInstead: 'of that thread, what was there at the last interval',
    };
  }),
  ...(
    [
      ['by itself', '', 0],
      ['`process.exit`', 'process.exit(3);', 3],
      ['`SIGTERM`', `process.kill(process.pid, 'SIGTERM');`, 'SIGTERM'],
    ] as const
  ).map(([how, then, end]): End => {
    return {
      how: `with \`OTEL_METRICS_EXPORTER=console\`, ${how}`,
      source: `${LATER} ${then} });`,
      env: { OTEL_METRICS_EXPORTER: 'console' },
      end,
      arrives: 0,
      arrivesInstead: 'what was written at the last interval',
    };
  }),
  {
    how: '`SIGTERM` after `process.removeAllListeners()`, which removes those of Node itself as well',
    source: `${ALIVE} process.removeAllListeners(); setImmediate(() => console.log('removed'));`,
    steps: [{ says: 'removed' }, 'SIGTERM'],
    end: 'SIGTERM',
    arrives: 0,
    arrivesInstead: INTERVAL,
  },
];
