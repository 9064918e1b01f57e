import { toCarrier } from '@tallyman/core';

/** Our member of the object in which a library carries its telemetry from producer to worker. */
export const CARRIER = 'tallyman';

/**
 * The telemetry text of a job with the current attribution added: the JSON text of an object, as trace contexts are, of which tracers read only their own members.
 * Undefined when the text stays as it is: there is nothing to carry, or it is somebody's in a form of their own.
 */
export function withCarrier(telemetry: unknown, carrier = toCarrier()): string | undefined {
  if (carrier === undefined) return undefined;
  const members = telemetry === undefined ? {} : membersOf(telemetry);
  return members === undefined ? undefined : JSON.stringify({ ...members, [CARRIER]: carrier });
}

/** What `withCarrier` has added to a telemetry text. */
export function carrierOf(telemetry: unknown): string | undefined {
  const carrier = membersOf(telemetry)?.[CARRIER];
  return typeof carrier === 'string' ? carrier : undefined;
}

function membersOf(telemetry: unknown): Record<string, unknown> | undefined {
  if (typeof telemetry !== 'string' || !telemetry.startsWith('{')) return undefined;
  try {
    return JSON.parse(telemetry) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
