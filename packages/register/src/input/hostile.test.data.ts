/** What an attacker, a careless application or a broken provider may hand to any door of the product. */
import fc from 'fast-check';

/** Cases of each property; `TALLYMAN_INPUT_RUNS` asks for more, `TALLYMAN_INPUT_SEED` for those of an earlier run. */
export const parameters = {
  numRuns: Number(process.env.TALLYMAN_INPUT_RUNS ?? 300),
  seed: Number(process.env.TALLYMAN_INPUT_SEED ?? 20_261_122),
} as const;

/** Names that a careless object lookup finds on every object. */
export const POLLUTING = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'then',
  'length',
  'name',
] as const;

const LONG = 1_000_000;

/** Texts that break parsers, serialisers and terminals. */
const POISON = [
  ...POLLUTING,
  ...['', ' ', '\0', 'a\0b', '\n', 'a\nb', '\r\n', '\t', '\x1b[31m', '\x7f', '\x85', '\u2028', '\u2029', '\ufeff', '\ufffd', '\uffff'],
  ...['\ud800', '\udc00', 'a\ud800', '\udc00b', '\udc00\ud800', '\u{1f600}', '\u202eabc', '\u200f', 'e\u0301', 'ß', 'İ', '漢字'],
  ...['"', '\\', '\\"', '\\n', '"} 1\nup 0', '{a="b"}', '# TYPE up counter', 'up{} NaN', '%00', '%zz', '$(x)', "'", '`', '<script>', '../../etc/passwd'],
  ...['_OTHER', '_unverified', 'NaN', '+Inf', '-0', '1e999', 'null', 'undefined', 'true', 'le', '__name__', 'service', 'job', 'instance', 'quantile'],
] as const;

const longText = fc
  .tuple(fc.constantFrom(...POISON, 'x'), fc.constantFrom(99, 100, 101, 400, 4000))
  .map(([unit, length]) => unit.padEnd(1, 'x').repeat(length).slice(0, length));

/** A megabyte; rare, because each costs what it weighs. */
const hugeText = fc.constantFrom('x', '\ud800', '\0', '漢', 'a"\\\n').map((unit) => unit.repeat(LONG / unit.length));

/** Any text: poison, any code units, long ones, with surrogates across the length at which values are cut. */
export const hostileText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...POISON) },
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 120 }) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 120 }).map((units) => String.fromCharCode(...units)) },
  { weight: 2, arbitrary: fc.nat({ max: 120 }).map((before) => `${'x'.repeat(before)}\u{1f600}\u{1f600}`) },
  { weight: 2, arbitrary: longText },
  { weight: 1, arbitrary: fc.uuid() },
);

/** The same with texts of a megabyte among them. */
export const hostileOrHugeText = fc.oneof({ weight: 30, arbitrary: hostileText }, { weight: 1, arbitrary: hugeText });

/** Any number, the odd ones often. */
export const hostileNumber = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, -Number.MAX_VALUE, 1e308, 5e-324),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 2, Number.MIN_SAFE_INTEGER, 2 ** 31, 2 ** 53, 1e21, 1e-7),
  fc.double(),
  fc.integer(),
);

/** Stands for something that throws whatever is done with it: the generators could not handle the thing itself. */
const UNTOUCHABLE = Symbol('untouchable');

/** Throws whatever is done with it. */
export function untouchable(): object {
  const refuse = (): never => {
    throw new Error('untouchable');
  };
  return new Proxy(() => undefined, Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, refuse])));
}

/** Anything at all, as an untyped caller may pass it; `made` makes it. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: hostileText },
  { weight: 3, arbitrary: hostileNumber },
  { weight: 2, arbitrary: fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withSparseArray: true }) },
  { weight: 2, arbitrary: fc.constantFrom(undefined, null, true, false, 10n, Symbol('s'), Symbol.iterator, UNTOUCHABLE) },
);

/** Members of an error; one that is null is a getter that throws. */
class Members {
  readonly kind: 'error' | 'bare' | 'class';
  readonly members: Readonly<Record<string, unknown>>;

  constructor(kind: 'error' | 'bare' | 'class', members: Readonly<Record<string, unknown>>) {
    this.kind = kind;
    this.members = members;
  }
}

const MEMBERS = ['name', 'message', 'code', 'stack', 'cause', 'constructor', 'status', 'type', 'then', 'toString'] as const;

/** Something to throw; `made` makes it. */
export const hostileError: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('error', 'bare', 'class'), fc.dictionary(fc.constantFrom(...MEMBERS), fc.option(hostileValue, { freq: 3 })))
      .map(([kind, members]) => new Members(kind, members)),
  },
  { weight: 2, arbitrary: hostileText.map((message) => new Members('error', { message })) },
  { weight: 2, arbitrary: hostileText.map((name) => new Members('error', { name })) },
  { weight: 2, arbitrary: hostileText.map((code) => new Members('error', { code })) },
  { weight: 3, arbitrary: hostileValue },
);

/** What a generated value stands for. */
export function made(value: unknown): unknown {
  if (value === UNTOUCHABLE) return untouchable();
  if (!(value instanceof Members)) return value;
  class Odd extends Error {}
  const target = value.kind === 'bare' ? (Object.create(null) as object) : value.kind === 'class' ? new Odd('x') : new Error('x');
  for (const [name, member] of Object.entries(value.members)) {
    const refuse = (): never => {
      throw new Error(`getter of ${name}`);
    };
    Object.defineProperty(target, name, member === null ? { get: refuse, configurable: true } : { value: made(member), configurable: true, writable: true });
  }
  return target;
}
