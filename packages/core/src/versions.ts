/** Versions that a hook row supports: from the first one, below the second one. */
export interface VersionRange {
  readonly from: string;
  readonly below: string;
}

/** Whether the version lies in the range; a pre-release counts as its release. */
export function isSupported(version: string, { from, below }: VersionRange): boolean {
  return compare(version, from) >= 0 && compare(version, below) < 0;
}

/** The range as a person writes it. */
export function describeRange({ from, below }: VersionRange): string {
  return `>=${from} <${below}`;
}

function compare(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => (version.split(/[-+]/, 1)[0] ?? '').split('.').map(Number)) as [number[], number[]];
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
