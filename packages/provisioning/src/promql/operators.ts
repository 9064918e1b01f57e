import { promLabel } from '@tallyman/catalog';
import { type AnyExpression, type Expression, expression } from './expression.ts';
import type { Scope } from './selector.ts';

/** A part of a whole of the same labels: 0 where the part has no series, nothing (not NaN) where the whole is 0. */
export function ratio<L extends string>(part: Expression<L>, whole: Expression<NoInfer<L>>): Expression<L> {
  return combine([part, whole], (a, b) => `(${a} or 0 * ${b}) / (${b} > 0)`);
}

/** The sum of two expressions; where one has no series, the other alone. */
export function plus<L extends string>(left: Expression<L>, right: Expression<NoInfer<L>>): Expression<L> {
  return combine([left, right], (a, b) => `(${a} or 0 * ${b}) + (${b} or 0 * ${a})`);
}

/** An expression times a number: `times(3600, rate(...))` is per hour. */
export function times<L extends string>(factor: number, inner: Expression<L>): Expression<L> {
  return combine([inner], (a) => `${factor} * ${a}`);
}

/** Only the series above a threshold, in the expression's unit. */
export function above<L extends string>(inner: Expression<L>, threshold: number): Expression<L> {
  return combine([inner], (a) => `${a} > ${threshold}`);
}

/** Only the series at or above a threshold, in the expression's unit. */
export function atLeast<L extends string>(inner: Expression<L>, threshold: number): Expression<L> {
  return combine([inner], (a) => `${a} >= ${threshold}`);
}

/** The series of the second: the values of the first, or 0 where it has none. */
export function within<L extends string>(inner: Expression<L>, all: Expression<NoInfer<L>>): Expression<L> {
  return combine([inner, all], (a, b) => `(${a} or 0 * ${b}) and ${b}`);
}

/** The series of the first that the second has too. */
export function and<L extends string>(inner: Expression<L>, condition: Expression<NoInfer<L>>): Expression<L> {
  return combine([inner, condition], (a, b) => `${a} and ${b}`);
}

/** The series of the first that the second lacks. */
export function unless<L extends string>(inner: Expression<L>, exception: Expression<NoInfer<L>>): Expression<L> {
  return combine([inner, exception], (a, b) => `${a} unless ${b}`);
}

/** 0 instead of nothing, as long as the other has a series: a zero that a silent process cannot give. */
export function zeroWhile(present: Expression<never>, inner: Expression<never>): Expression<never> {
  return combine([inner, present], (a, b) => `${a} or 0 * ${b}`);
}

/** Gives the series that lack an optional attribute a value for it, so that a legend has something to show. */
export function named<L extends string>(inner: Expression<L>, attribute: NoInfer<L>, value: string): Expression<L> {
  const label = JSON.stringify(promLabel(attribute));
  const { labels, metrics } = inner;
  return expression(labels, metrics, (scope) => `label_replace(${inner.render(scope)}, ${label}, ${JSON.stringify(value)}, ${label}, "")`);
}

/** An expression that a recording rule computed before: what the recorded series is read by. */
export function recorded<L extends string>(rule: string, inner: Expression<L>): Expression<L> {
  return expression(inner.labels, inner.metrics, () => rule);
}

/** The legend that tells an expression's series apart: `{{feature}} {{outcome}}`. */
export function legendOf({ labels }: AnyExpression): string {
  return labels.map((label) => `{{${promLabel(label)}}}`).join(' ');
}

function combine<L extends string>(parts: readonly [Expression<L>, ...Expression<L>[]], join: (...operands: string[]) => string): Expression<L> {
  const metrics = parts.flatMap((part) => part.metrics);
  return expression(parts[0].labels, metrics, (scope) => join(...parts.map((part) => operand(part, scope))), true);
}

function operand(part: AnyExpression, scope: Scope): string {
  return part.compound ? `(${part.render(scope)})` : part.render(scope);
}
