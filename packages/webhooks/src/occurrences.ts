import { BoundedMap } from './bounded-map.ts';

/** One telling of something that several events tell of, such as a purchase. */
export interface Sighting {
  /** Identifiers that belong to this one occurrence alone: one that is known means that the occurrence is known. */
  readonly ids: readonly string[];
  /**
   * Weaker evidence, for tellings that share no identifier: two of them are the same occurrence when they have a kin key in common, are told
   * from different sides, and lie close together in time. Each side is told once, so two equal purchases stay two.
   */
  readonly kin?: { readonly keys: readonly string[]; readonly side: string; readonly atMs: number } | undefined;
}

/** Something that happened once, however many events tell of it. */
export interface Occurrence {
  /** The plan that it was recorded with. */
  plan: string | undefined;
  readonly sides: Set<string>;
  /** When the first of its kin sightings happened. */
  atMs: number | undefined;
}

const KIN_PER_KEY = 8;

/** Remembers the occurrences seen last, so that each counts once. */
export class Occurrences {
  readonly #byId: BoundedMap<string, Occurrence>;
  readonly #byKin: BoundedMap<string, Occurrence[]>;
  readonly #kinWindowMs: number;

  /** Remembers `limit` identifiers; kin must lie within `kinWindowMs` of one another. */
  constructor(limit: number, kinWindowMs: number) {
    this.#byId = new BoundedMap(limit);
    this.#byKin = new BoundedMap(limit);
    this.#kinWindowMs = kinWindowMs;
  }

  /** The known occurrence that one of these identifiers belongs to. */
  find(ids: readonly string[]): Occurrence | undefined {
    return this.#byId.first(ids);
  }

  /** The occurrence of this sighting, and whether it is the first of it; from then on all its identifiers are known. */
  see(sighting: Sighting): { readonly occurrence: Occurrence; readonly isNew: boolean } {
    const known = this.find(sighting.ids) ?? this.#kindred(sighting);
    const occurrence = known ?? { plan: undefined, sides: new Set<string>(), atMs: undefined };
    for (const id of sighting.ids) this.#byId.set(id, occurrence);
    this.#register(sighting, occurrence);
    return { occurrence, isNew: known === undefined };
  }

  #kindred({ kin }: Sighting): Occurrence | undefined {
    if (kin === undefined) return undefined;
    return kin.keys
      .flatMap((key) => this.#byKin.get(key) ?? [])
      .find(({ sides, atMs }) => atMs !== undefined && !sides.has(kin.side) && Math.abs(atMs - kin.atMs) <= this.#kinWindowMs);
  }

  #register({ kin }: Sighting, occurrence: Occurrence): void {
    if (kin === undefined) return;
    occurrence.sides.add(kin.side);
    occurrence.atMs ??= kin.atMs;
    for (const key of kin.keys) {
      const registered = this.#byKin.get(key) ?? [];
      if (!registered.includes(occurrence)) this.#byKin.set(key, [...registered, occurrence].slice(-KIN_PER_KEY));
    }
  }
}
