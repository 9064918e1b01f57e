import manifest from '../package.json' with { type: 'json' };

/** Version of @tallyman/core, and of the instrumentation scopes. */
export const { version } = manifest;
