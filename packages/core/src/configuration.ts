/** A feature of the product: what belongs to it. */
export interface FeatureConfiguration {
  /** `METHOD /route/template`, as the framework declares the route. */
  readonly routes?: readonly string[] | undefined;
  /** `queue/jobtype`, or `queue` for all its jobs. */
  readonly jobs?: readonly string[] | undefined;
  readonly version?: string | undefined;
}

/** How many different values an attribute may have in the lifetime of a process. */
export interface Caps {
  readonly features?: number | undefined;
  readonly models?: number | undefined;
  readonly eventTypes?: number | undefined;
  readonly queues?: number | undefined;
  /** Per queue. */
  readonly jobTypes?: number | undefined;
  readonly errorTypes?: number | undefined;
  readonly routes?: number | undefined;
}

/** The configuration of a process; each domain adds its own part to this interface. */
export interface Configuration {
  readonly features?: Readonly<Record<string, FeatureConfiguration>> | undefined;
  readonly caps?: Caps | undefined;
  /** Whether the preload registers its MeterProvider globally, so that metrics which the application records through the OpenTelemetry API go out as well. */
  readonly exportAppMetrics?: boolean | undefined;
  /** Folder of the configuration file, for paths in it; undefined without a file. */
  readonly directory?: string | undefined;
}
