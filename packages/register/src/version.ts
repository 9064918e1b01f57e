import manifest from '../package.json' with { type: 'json' };

/** Version of @tallyman/register. */
export const { version } = manifest;
