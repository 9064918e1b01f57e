import { type AnyExpression, type Expression, recorded } from '../promql/index.ts';

/** A series that Prometheus computes and keeps, for what dashboards and alerts would else compute again and again. */
export interface Recording {
  /** `level:metric:operations`, as Prometheus's own convention has it. */
  readonly name: string;
  readonly expression: AnyExpression;
}

/** A recording rule, with the recorded series to build on. */
export function record<L extends string>(name: string, expression: Expression<L>): Recording & { readonly series: Expression<L> } {
  return { name, expression, series: recorded(name, expression) };
}

/** Something that a person must know of. */
export interface Alert {
  /** Its section in docs/runbooks.md has the same name. */
  readonly name: string;
  readonly expression: AnyExpression;
  /** How long it must hold, so that a blip wakes nobody. */
  readonly for: `${number}m`;
  /** `page`: now, whatever the hour. `ticket`: in working hours. */
  readonly severity: 'page' | 'ticket';
  readonly area: 'ai' | 'queue' | 'payments' | 'telemetry';
  /** One line, in Prometheus's template language. */
  readonly summary: string;
  /** What it means and what to do first. */
  readonly description: string;
}
