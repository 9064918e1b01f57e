/** A sandboxed processor: its result tells in which attribution it ran. */
import { currentAttribution } from '@tallyman/core';

export default async (job: { readonly data: { readonly fails?: boolean } }): Promise<unknown> => {
  if (job.data.fails) throw new RangeError('no');
  return currentAttribution();
};
