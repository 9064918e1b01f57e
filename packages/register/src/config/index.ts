import type { IncomingMessage } from 'node:http';
import type { AiConfiguration } from '@tallyman/ai';
import type { Caps, FeatureConfiguration } from '@tallyman/core';
import type { HttpConfiguration } from '@tallyman/http';
import type { QueuesConfiguration } from '@tallyman/queues';
import type { WebhooksConfiguration } from '@tallyman/webhooks';

/** A request with what frameworks and middleware put on it, such as `user`. */
// biome-ignore lint/suspicious/noExplicitAny: what an application puts on its requests is its own affair.
export type ApplicationRequest = IncomingMessage & { readonly [added: string]: any };

/** What a configuration file may hold. Every part is named here: what other packages add to an interface would not reach users' compilers. */
export interface TallymanConfiguration {
  /** By the name of the feature. */
  readonly features?: Readonly<Record<string, FeatureConfiguration>> | undefined;
  /** The id of a request's user, for active users: never a label, and it does not leave the process. */
  user?(request: ApplicationRequest): unknown;
  readonly ai?: AiConfiguration | undefined;
  readonly webhooks?: WebhooksConfiguration | undefined;
  readonly queues?: QueuesConfiguration | undefined;
  /** `false` records no HTTP metrics; routes and attribution stay. */
  readonly http?: HttpConfiguration | false | undefined;
  /** Reserved for alerts on spending. */
  readonly budget?: { readonly monthlyUsd?: number | undefined } | undefined;
  /** Whether metrics that the application records through the OpenTelemetry API go out as well. */
  readonly exportAppMetrics?: boolean | undefined;
  readonly caps?: Caps | undefined;
}

/** Gives the configuration back, typed: for `tallyman.config.ts` and editors. Has no side effect. */
export function defineConfig(configuration: TallymanConfiguration): TallymanConfiguration {
  return configuration;
}
