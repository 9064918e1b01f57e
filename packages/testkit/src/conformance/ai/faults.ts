import { type Act, type Adversity, faultConformance } from '../faults/index.ts';
import { aiActs } from './acts.ts';
import type { AiSubject } from './subject.ts';

/** An adapter under faults of ours: its SDK measured and bare, against the same provider. */
export interface AiFaultTrial {
  readonly measured: AiSubject;
  readonly bare: AiSubject;
  /** What else applications do with this SDK. */
  readonly acts?: Readonly<Record<string, Act>>;
  /** Guarded places of the domain and of the adapter. */
  readonly places: readonly string[];
  /** What else may fail, by name: the price table. */
  readonly adversities: Readonly<Record<string, Adversity>>;
}

/** Whatever fails of ours, the application gets of the SDK what it gets bare. */
export function aiFaults({ measured, bare, acts = {}, places, adversities }: AiFaultTrial): void {
  const subjects = { measured, bare };
  const common = Object.entries(aiActs).map(([title, act]) => [title, (variant: keyof typeof subjects) => act(subjects[variant])] as const);
  faultConformance({ acts: { ...Object.fromEntries(common), ...acts }, places, adversities });
}
