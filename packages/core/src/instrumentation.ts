import type { MeterProvider } from '@opentelemetry/api';
import { recordWaiting } from './batch.ts';
import type { Configuration } from './configuration.ts';
import { handOver, watchForMeterProvider } from './hand-over.ts';
import { type Adapter, installHook } from './hook.ts';
import { log } from './log.ts';
import { runtime } from './runtime.ts';
import { safely } from './safely.ts';
import { version } from './version.ts';

/** A domain whose measuring can be put into somebody else's OpenTelemetry SDK. */
export interface InstrumentedDomain<Key extends keyof Configuration> {
  /** Name of the instrumentation, and the scope of its metrics. */
  readonly name: string;
  /** Its part of the configuration. */
  readonly part: Key;
  /** What that part may hold; a schema of any library that follows the Standard Schema specification. */
  readonly schema: { readonly '~standard': { readonly validate: (value: unknown) => unknown } };
  readonly adapters: readonly Adapter[];
  /** Starts what measuring needs beside the hooks; once for the process, however often it is called. */
  readonly start?: () => void;
}

/** The configuration of an instrumentation: the domain's part of the configuration file, and whether it is enabled when it is made; `true` unless set. */
export type InstrumentationConfiguration<Key extends keyof Configuration> = Extract<Configuration[Key], object> & { readonly enabled?: boolean };

/** The interface `Instrumentation` of @opentelemetry/instrumentation 0.2xx and 0.3xx, for `NodeSDK` and `registerInstrumentations`. No method throws. */
export interface DomainInstrumentation<Key extends keyof Configuration> {
  instrumentationName: string;
  instrumentationVersion: string;
  /** Records again. */
  enable(): void;
  /** Records and publishes nothing of this domain in this process until it is enabled; what is wrapped stays wrapped, and passes through. */
  disable(): void;
  getConfig(): InstrumentationConfiguration<Key>;
  /** Replaces the domain's part of the configuration, unless it is empty; one that cannot be used is named in one line and left out. */
  setConfig(config: InstrumentationConfiguration<Key>): void;
  /** Nothing: Tallyman makes no spans. */
  setTracerProvider(provider?: unknown): void;
  /** Lets this provider report all metrics of Tallyman in this process; see `handOver`. */
  setMeterProvider(provider: MeterProvider): void;
}

/** Makes the class of a domain: of the same adapters and the same hook as the preload's, so that both together measure once. */
export function defineInstrumentation<Key extends keyof Configuration>(
  domain: InstrumentedDomain<Key>,
): new (
  config?: InstrumentationConfiguration<Key>,
) => DomainInstrumentation<Key> {
  return class implements DomainInstrumentation<Key> {
    readonly instrumentationName = domain.name;
    readonly instrumentationVersion = version;
    #config: InstrumentationConfiguration<Key> = {} as InstrumentationConfiguration<Key>;

    constructor(config: InstrumentationConfiguration<Key> = {} as InstrumentationConfiguration<Key>) {
      this.setConfig(config);
      if (config?.enabled !== false) this.enable();
    }

    enable(): void {
      safely('instrumentation.enable', () => {
        installHook(domain.adapters);
        domain.start?.();
        runtime.registry.resume(domain.name);
        watchFromFirstRecord();
      });
    }

    disable(): void {
      safely('instrumentation.disable', () => {
        recordWaiting();
        runtime.registry.pause(domain.name);
      });
    }

    getConfig(): InstrumentationConfiguration<Key> {
      return this.#config;
    }

    setConfig(config: InstrumentationConfiguration<Key>): void {
      safely('instrumentation.setConfig', () => {
        const { enabled = true, ...part } = config ?? {};
        const isEmpty = Object.keys(part).length === 0;
        const problems = isEmpty ? [] : problemsOf(domain, part);
        this.#config = { ...(problems.length === 0 ? config : this.#config), enabled } as InstrumentationConfiguration<Key>;
        if (problems.length > 0) log('error', `${domain.name}: ${problems.join('; ')}; its configuration stays as it was`);
        else if (!isEmpty) runtime.configuration = { ...runtime.configuration, [domain.part]: part };
      });
    }

    setTracerProvider(): void {}

    setMeterProvider(provider: MeterProvider): void {
      // NodeSDK gives its MeterProvider to one instrumentation after the other: only then is it known what the others measure themselves.
      queueMicrotask(() => handOver(provider));
    }
  };
}

function problemsOf({ part: name, schema }: InstrumentedDomain<keyof Configuration>, part: object): string[] {
  const { issues = [] } = schema['~standard'].validate(part) as { readonly issues?: readonly Issue[] };
  return issues.map(
    ({ path = [], message }) => `${[name, ...path.map((one) => (typeof one === 'object' ? String(one.key) : String(one)))].join('.')}: ${message}`,
  );
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/** The SDK may be started, and its MeterProvider registered, after the instrumentation was made. The preload, when it is there, looks by itself. */
function watchFromFirstRecord(): void {
  const { registry } = runtime;
  if (registry.changes > 0) watchForMeterProvider();
  else registry.onFirstRecord ??= watchForMeterProvider;
}
